import type { DeviceStanding, DeviceView, ProtectionOutlook } from '#shared/encryption.ts';
import type { ProtectionChoice, RecipientOutcome, UnreadableReason } from '#shared/omemo.ts';
import type { Formatter } from '../../i18n/format.ts';
import type { Translate, TranslationKey } from '../../i18n/translate.ts';
import { displayName } from '../../ui/names.ts';

/** States of encryption in words; the tone only repeats them. */

type Tone = 'ok' | 'warn' | 'bad' | 'mute' | 'accent';

interface Words {
  readonly tone: Tone;
  readonly words: TranslationKey;
}

export const standingWords: Readonly<Record<DeviceStanding, Words & { readonly means: TranslationKey }>> = {
  verified: { tone: 'ok', words: 'device.verified', means: 'device.verifiedMeans' },
  trusted: { tone: 'mute', words: 'device.trusted', means: 'device.trustedMeans' },
  'first-use': { tone: 'mute', words: 'device.firstUse', means: 'device.firstUseMeans' },
  blind: { tone: 'mute', words: 'device.blind', means: 'device.blindMeans' },
  undecided: { tone: 'warn', words: 'device.undecided', means: 'device.undecidedMeans' },
  untrusted: { tone: 'warn', words: 'device.untrusted', means: 'device.untrustedMeans' },
  'key-changed': { tone: 'bad', words: 'device.keyChanged', means: 'device.keyChangedMeans' },
  removed: { tone: 'mute', words: 'device.removed', means: 'device.removedMeans' },
  unknown: { tone: 'mute', words: 'device.unknown', means: 'device.unknownMeans' },
};

/** Whether messages are sent to a device of this standing. */
export const receives = (standing: DeviceStanding): boolean =>
  ['verified', 'trusted', 'first-use', 'blind'].includes(standing);

export const waits = (standing: DeviceStanding): boolean =>
  standing === 'undecided' || standing === 'key-changed';

export interface OutlookWords extends Words {
  /** In the pill. */
  readonly words: TranslationKey;
  readonly means: TranslationKey;
  /** In the empty box. */
  readonly placeholder: TranslationKey;
}

export const outlookWords: Readonly<Record<ProtectionOutlook, OutlookWords>> = {
  verified: {
    tone: 'ok',
    words: 'protection.verified',
    means: 'protection.verifiedMeans',
    placeholder: 'composer.placeholderOmemo',
  },
  encrypted: {
    tone: 'accent',
    words: 'protection.omemo',
    means: 'protection.omemoMeans',
    placeholder: 'composer.placeholderOmemo',
  },
  'no-trusted-device': {
    tone: 'warn',
    words: 'protection.noTrusted',
    means: 'protection.noTrustedMeans',
    placeholder: 'composer.placeholderStays',
  },
  'no-device': {
    tone: 'warn',
    words: 'protection.noDevice',
    means: 'protection.noDeviceMeans',
    placeholder: 'composer.placeholderStays',
  },
  plain: {
    tone: 'warn',
    words: 'chat.notEncrypted',
    means: 'chat.notEncryptedExplained',
    placeholder: 'composer.placeholder',
  },
  'plain-no-omemo': {
    tone: 'mute',
    words: 'chat.notEncrypted',
    means: 'protection.plainMeans',
    placeholder: 'composer.placeholder',
  },
  unasked: {
    tone: 'mute',
    words: 'protection.unasked',
    means: 'protection.unaskedMeans',
    placeholder: 'composer.placeholderUnasked',
  },
};

export const choiceWords: Readonly<
  Record<ProtectionChoice, { readonly words: TranslationKey; readonly means: TranslationKey }>
> = {
  automatic: { words: 'protection.automatic', means: 'protection.automaticMeans' },
  omemo: { words: 'protection.always', means: 'protection.alwaysMeans' },
  none: { words: 'protection.never', means: 'protection.neverMeans' },
};

export const outcomeWords: Readonly<Record<RecipientOutcome, Words>> = {
  encrypted: { tone: 'mute', words: 'ledger.encrypted' },
  undecided: { tone: 'warn', words: 'ledger.undecided' },
  untrusted: { tone: 'warn', words: 'ledger.untrusted' },
  'identity-changed': { tone: 'bad', words: 'ledger.keyChanged' },
  unreachable: { tone: 'warn', words: 'ledger.unreachable' },
  unusable: { tone: 'warn', words: 'ledger.unusable' },
};

export const reasonWords: Readonly<Record<UnreadableReason | 'unknown', TranslationKey>> = {
  'not-for-this-device': 'unreadable.notForThis',
  malformed: 'unreadable.malformed',
  'no-key': 'unreadable.noKey',
  'key-reused': 'unreadable.keyReused',
  'identity-changed': 'unreadable.keyChanged',
  unknown: 'unreadable.unknown',
};

/** What a device is called: its name, or what is known of it. */
export const deviceName = (
  t: Translate,
  format: Formatter,
  device: Pick<DeviceView, 'label' | 'isThis' | 'isLater' | 'standing' | 'firstSeen'>,
): string => {
  if (device.label !== '') return displayName(device.label);
  if (device.isThis) return t('device.this');
  if (device.isLater && waits(device.standing)) return t('device.new');
  return t('device.unnamed', { date: format.date(device.firstSeen) });
};

/** A fingerprint as it is shared, with whose it is. */
export const sharedFingerprint = (jid: string, fingerprint: string): string => `${jid}: OMEMO ${fingerprint}`;
