import type { ChatId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Arrival, Conversation, EncryptionScheme } from '#main/crypto/scheme.ts';
import { isMadeToBeUnique } from '#main/store/message-lookup.ts';
import { NOT_DECRYPTABLE, type StoredMessage } from '#main/store/message-rows.ts';
import type { Store } from '#main/store/store.ts';
import { readCorrection } from '#main/xmpp/features/correction.ts';
import { isBounced, stanzaIdAttribute, withText } from '#main/xmpp/features/message.ts';
import { OMEMO } from '#main/xmpp/features/omemo.ts';
import { readOriginId } from '#main/xmpp/features/stanza-ids.ts';
import { child } from '#main/xmpp/stanza.ts';
import { findDuplicate } from './deduplicate.ts';
import type { Envelope } from './unwrap.ts';

export interface DecryptDependencies {
  readonly store: Pick<Store, 'chats' | 'messages' | 'edits' | 'deletions'>;
  /** Undefined where nothing can be decrypted. */
  readonly scheme?: EncryptionScheme | undefined;
}

/** Whether `decrypt` has something to do, which must then happen within the transaction of the message. */
export const isEncrypted = ({ scheme }: DecryptDependencies, { message }: Envelope): boolean =>
  scheme !== undefined && !isBounced(message) && child(message, 'encrypted', OMEMO) !== undefined;

/**
 * The message as if its text had come in the clear, with the knowledge how it came. What is here already is not
 * opened again, because a ratchet opens each message once: it brings its text from its row, so that copies of
 * the archive and echoes of our own messages find it.
 */
export const decrypt = (deps: DecryptDependencies, envelope: Envelope): Envelope => {
  const { scheme, store } = deps;
  const { accountId, own, peer, message, from } = envelope;
  if (scheme === undefined || !isEncrypted(deps, envelope)) return envelope;
  const chat = store.chats.find(accountId, peer);
  const known = chat && findDuplicate(store, chat.id, envelope, '');
  // What could not be read may come anew, because its sender has sent it again.
  if (known !== undefined && known.failure !== NOT_DECRYPTABLE) return again(envelope, known);
  const edited = chat && knownEdit(store, chat.id, envelope);
  if (edited !== undefined)
    return { ...envelope, message: withText(message, edited, OMEMO), protection: 'omemo' };
  const conversation: Conversation = { accountId, own: bareJid(own), peer };
  const outcome = scheme.open(conversation, bareJid(from), message, arrivalOf(store, envelope, chat?.id));
  switch (outcome.kind) {
    case 'not-encrypted':
      return envelope;
    case 'text': {
      const { text, writer } = outcome;
      const opened = { message: withText(message, text, OMEMO), protection: 'omemo', writer } as const;
      return { ...envelope, ...opened, reveals: known?.id };
    }
    case 'nothing':
      // A row that could not be read stays what it is; it only learns its place.
      if (known !== undefined) return envelope;
      return { ...envelope, message: withText(message, undefined, OMEMO) };
    case 'unreadable':
      return { ...envelope, unreadable: outcome };
  }
};

/** A message without text would mean nothing, and its row not learn its place. */
const TAKEN_BACK = '…';

const again = (envelope: Envelope, { body, protection }: StoredMessage): Envelope => {
  const text = body.trim() === '' ? TAKEN_BACK : body;
  return { ...envelope, message: withText(envelope.message, text, OMEMO), protection };
};

const arrivalOf = (
  { deletions, messages }: DecryptDependencies['store'],
  { source, direction, delayedAt, archiveId, from, message }: Envelope,
  chatId: ChatId | undefined,
): Arrival => {
  const [senderJid, stanzaId] = [bareJid(from), stanzaIdAttribute(message)];
  const ids = { senderJid, archiveId, originId: readOriginId(message) };
  const isNamed = (id: ChatId): boolean =>
    stanzaId !== undefined &&
    isMadeToBeUnique(stanzaId) &&
    messages.findByStanzaId(id, senderJid, stanzaId) !== undefined;
  return {
    isLive: source === 'live' && direction === 'in' && delayedAt === undefined,
    isKnown: () => chatId !== undefined && (deletions.remembers(chatId, ids) || isNamed(chatId)),
  };
};

/** The text of an edit that is here already: it has no row, and only the archive knows its place among others. */
const knownEdit = (
  { edits }: Pick<Store, 'edits'>,
  chatId: ChatId,
  { message, from, archiveId }: Envelope,
): string | undefined =>
  readCorrection(message) === undefined
    ? undefined
    : edits.find(chatId, bareJid(from), {
        archiveId,
        originId: readOriginId(message),
        stanzaId: stanzaIdAttribute(message),
      });
