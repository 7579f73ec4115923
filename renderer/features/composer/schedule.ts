/** A time as a `datetime-local` field writes it: local, to the minute. */
export const localInput = (at: number): string => {
  const offset = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - offset).toISOString().slice(0, 16);
};

/** The next full hour that is at least half an hour away. */
export const nextHour = (now: number): number => {
  const date = new Date(now + 30 * 60_000);
  date.setHours(date.getHours() + 1, 0, 0, 0);
  return date.getTime();
};
