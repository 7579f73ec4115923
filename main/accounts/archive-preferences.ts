import { AppError } from '#shared/errors.ts';
import {
  archivePreferencesRequest,
  archivePreferencesSet,
  readArchivePreferences,
  type ArchivePreferences,
} from '#main/xmpp/features/archive-preferences.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { requestForUser } from './blocking.ts';

const ask = async (xmpp: XmppSession, iq: Element): Promise<ArchivePreferences> => {
  const preferences = readArchivePreferences(await requestForUser(xmpp, iq));
  if (preferences !== undefined) return preferences;
  throw new AppError('stanza-error', 'the server gave no preferences', {
    detail: { condition: 'undefined-condition' },
  });
};

/** What the own server archives (XEP-0441). @throws AppError `stanza-error` */
export const getArchivePreferences = (xmpp: XmppSession): Promise<ArchivePreferences> =>
  ask(xmpp, archivePreferencesRequest());

/** Replaces it. @returns what the server made of it @throws AppError `stanza-error` */
export const setArchivePreferences = (
  xmpp: XmppSession,
  wanted: ArchivePreferences,
): Promise<ArchivePreferences> => ask(xmpp, archivePreferencesSet(wanted));
