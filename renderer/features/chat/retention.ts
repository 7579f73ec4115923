import type { Retention } from '#shared/views.ts';
import type { Translate } from '../../i18n/translate.ts';

/** The times that are proposed; any number of days can be entered besides. */
export const PROPOSED_DAYS = [365, 90, 30, 7, 1] as const;

/** As the schema of the contract has it. */
export const MAX_DAYS = 36_500;

/** "For ever", "30 days", "Not kept". */
export const retentionWords = (t: Translate, retention: Retention): string => {
  if (retention === 'forever') return t('history.forever');
  return retention === 0 ? t('history.none') : t('history.days', { count: retention });
};

/** Whether messages that are here now may go by the new rule. */
export const isShorter = (next: Retention, before: Retention): boolean =>
  next !== 'forever' && (before === 'forever' || next < before);

/** The number of days that was written, in the digits of any script; undefined where it is none. */
export const readDays = (text: string): number | undefined => {
  const latin = text
    .trim()
    .replaceAll(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
  const days = /^\d{1,5}$/.test(latin) ? Number(latin) : 0;
  return days >= 1 && days <= MAX_DAYS ? days : undefined;
};
