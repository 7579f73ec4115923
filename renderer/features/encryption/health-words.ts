import type { HealthFact, HealthLine, HealthView } from '#shared/encryption.ts';
import type { Formatter } from '../../i18n/format.ts';
import { isolate, type Translate } from '../../i18n/translate.ts';
import { displayName } from '../../ui/names.ts';

interface FactWords {
  readonly title: string;
  readonly detail: string;
}

/** A fact about an account's encryption as two lines. @param nameOf the name of an address */
export const factWords = (
  t: Translate,
  format: Formatter,
  { fact }: HealthLine,
  nameOf: (jid: string) => string,
): FactWords => {
  switch (fact.kind) {
    case 'device-list':
      return { title: t('health.list'), detail: listDetail(t, fact) };
    case 'bundle':
      return { title: t('health.bundle'), detail: t(bundleKey(fact)) };
    case 'keys':
      return {
        title: t('health.keys'),
        detail: `${t('health.keysLeft', { count: fact.preKeys })} ${t('health.signed', { date: format.date(fact.signedAt) })}`,
      };
    case 'device-without-keys':
      return {
        title: t('health.without', { name: isolate(nameOfDevice(t, fact)) }),
        detail: t('health.withoutDetail'),
      };
    case 'sessions':
      return { title: t('health.sessions'), detail: t('health.sessionCount', { count: fact.count }) };
    case 'broken-session':
      return {
        title: t('health.broken', { name: isolate(nameOf(fact.jid)) }),
        detail: t('health.brokenDetail', { count: fact.messages }),
      };
    case 'clock':
      return { title: t('health.clock'), detail: clockDetail(t, fact) };
  }
};

const nameOfDevice = (
  t: Translate,
  { label, deviceId }: Extract<HealthFact, { deviceId: number; label: string }>,
): string => (label === '' ? t('health.deviceNumber', { number: String(deviceId) }) : displayName(label));

const listDetail = (t: Translate, fact: Extract<HealthFact, { kind: 'device-list' }>): string => {
  const count = t('health.listed', { count: fact.devices });
  if (!fact.namesThis) return `${count} ${t('health.notListed')}`;
  if (fact.access === 'closed') return `${count} ${t('health.closed')}`;
  return fact.access === 'open' ? `${count} ${t('health.openToAll')}` : count;
};

const bundleKey = (fact: Extract<HealthFact, { kind: 'bundle' }>) => {
  if (!fact.isPresent) return 'health.bundleMissing' as const;
  return fact.access === 'closed' ? ('health.bundleClosed' as const) : ('health.bundleFine' as const);
};

const clockDetail = (t: Translate, { aheadMs }: Extract<HealthFact, { kind: 'clock' }>): string => {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (seconds <= 1) return t('health.clockFine');
  return t(aheadMs > 0 ? 'health.clockBehind' : 'health.clockAhead', { count: seconds });
};

/** The page as text, for whoever helps. It holds addresses and counts, and no key. */
export const healthReport = (
  t: Translate,
  format: Formatter,
  jid: string,
  { checkedAt, lines }: HealthView,
): string =>
  [
    `${t('health.title', { jid })} (${format.full(checkedAt)})`,
    ...lines.map((line) => {
      const { title, detail } = factWords(t, format, line, (address) => address);
      return `[${t(line.isFine ? 'health.fine' : 'health.look')}] ${title}: ${detail}`;
    }),
  ]
    .join('\n')
    // Isolates belong to the window.
    .replaceAll(/[\u2066-\u2069]/g, '');
