import type { Availability, ConnectionPhase, ContactView } from '#shared/views.ts';
import type { Translate, TranslationKey } from '../i18n/translate.ts';
import type { DotState } from './Avatar.tsx';

/** Presence and connection states, in words and as the shape of a dot. */

export const availabilityDot: Readonly<Record<Availability, DotState>> = {
  chat: 'on',
  online: 'on',
  away: 'away',
  xa: 'away',
  dnd: 'dnd',
  offline: 'off',
};

const availabilityWords: Readonly<Record<Availability, TranslationKey>> = {
  chat: 'presence.chat',
  online: 'presence.online',
  away: 'presence.away',
  xa: 'presence.xa',
  dnd: 'presence.dnd',
  offline: 'presence.offline',
};

export const phaseDot: Readonly<Record<ConnectionPhase, DotState>> = {
  disabled: 'off',
  offline: 'off',
  connecting: 'busy',
  syncing: 'busy',
  online: 'on',
  waiting: 'away',
  failed: 'bad',
};

export const phaseWords: Readonly<Record<ConnectionPhase, TranslationKey>> = {
  disabled: 'phase.disabled',
  offline: 'phase.offline',
  connecting: 'phase.connecting',
  syncing: 'phase.syncing',
  online: 'phase.online',
  waiting: 'phase.waiting',
  failed: 'phase.failed',
};

/** What is known about somebody's presence; whoever does not let us see it has none. */
export const presenceWords = (t: Translate, contact: ContactView | undefined): string => {
  if (contact === undefined) return t('presence.unknown');
  if (contact.availability === 'offline' && contact.asked) return t('presence.waiting');
  const presence = t(availabilityWords[contact.availability]);
  return contact.devices > 1 ? t('presence.onDevices', { presence, count: contact.devices }) : presence;
};
