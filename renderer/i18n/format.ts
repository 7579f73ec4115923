/** Dates and times in the reader's language. All inputs are milliseconds since 1970, UTC. */
export interface Formatter {
  /** 14:32 */
  readonly time: (at: number) => string;
  /** Monday, 3 May 2027 at 14:32:07 */
  readonly full: (at: number) => string;
  /** 3 May 2027 */
  readonly date: (at: number) => string;
  /** For lists: the time today, then "Yesterday", the weekday within a week, the date. */
  readonly short: (at: number, now: number) => string;
  /** For what is to come: the time today, else the day with the time. */
  readonly moment: (at: number, now: number) => string;
  /** For separators: "Today", "Yesterday", the weekday with the date. */
  readonly day: (at: number, now: number) => string;
  /** For groups: "Today", "Yesterday", the month with the year. */
  readonly period: (at: number, now: number) => string;
}

/** Number of the local calendar day; two times are on the same day when it is equal. */
export const dayNumber = (at: number): number => {
  const date = new Date(at);
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86_400_000);
};

/**
 * The locale for Intl: the system's own variant of the language where there is one
 * (somebody with en-GB who chooses English keeps the 24-hour clock).
 */
export const formatLocale = (language: string, system: readonly string[]): string =>
  system.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;

const capitalised = (text: string, locale: string): string => {
  const [first = '', ...rest] = text;
  return first.toLocaleUpperCase(locale) + rest.join('');
};

export const createFormatter = (locale: string): Formatter => {
  const format = (options: Intl.DateTimeFormatOptions): ((at: number) => string) => {
    const formatter = new Intl.DateTimeFormat(locale, options);
    return (at) => formatter.format(at);
  };
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const time = format({ hour: '2-digit', minute: '2-digit' });
  const date = format({ day: 'numeric', month: 'short', year: 'numeric' });
  const weekday = format({ weekday: 'short' });
  const dayMonth = format({ day: 'numeric', month: 'short' });
  const dayTime = format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const month = format({ month: 'long', year: 'numeric' });
  const longDay = format({ weekday: 'long', day: 'numeric', month: 'long' });
  const longDayYear = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const sameYear = (a: number, b: number): boolean => new Date(a).getFullYear() === new Date(b).getFullYear();
  const near = (days: number): string => capitalised(relative.format(-days, 'day'), locale);

  return {
    time,
    date,
    full: format({ dateStyle: 'full', timeStyle: 'medium' }),
    short: (at, now) => {
      const days = dayNumber(now) - dayNumber(at);
      if (days === 0) return time(at);
      if (days === 1) return near(1);
      // Negative: a clock ahead of ours has dated it into the future.
      if (days > 1 && days < 7) return weekday(at);
      return sameYear(at, now) ? dayMonth(at) : date(at);
    },
    moment: (at, now) => (dayNumber(at) === dayNumber(now) ? time(at) : dayTime(at)),
    period: (at, now) => {
      const days = dayNumber(now) - dayNumber(at);
      return days === 0 || days === 1 ? near(days) : capitalised(month(at), locale);
    },
    day: (at, now) => {
      const days = dayNumber(now) - dayNumber(at);
      if (days === 0 || days === 1) return near(days);
      return sameYear(at, now) ? longDay(at) : longDayYear(at);
    },
  };
};
