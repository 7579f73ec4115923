import { bareJid } from '#shared/jid.ts';
import { oneLine } from '#shared/text.ts';
import type { Change } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import { isDecryptionError } from '#main/xmpp/features/omemo-answers.ts';
import type { StanzaError } from '#main/xmpp/port.ts';
import type { PersistDependencies } from './persist.ts';
import type { Envelope } from './unwrap.ts';

const MAX_TEXT_LENGTH = 512;
/** The other side has it and cannot decrypt it; no condition of RFC 6120 has this name. */
const UNREAD_BY_PEER = 'decryption-failed';

/**
 * An error attaches to the message of ours that caused it, and only the chat's own side can cause one.
 * What came back of a receipt, a marker or an edit has no row of its own: the user could do nothing about it.
 */
export const persistError = (
  { store, log }: PersistDependencies,
  envelope: Envelope,
  { condition, text }: Pick<StanzaError, 'condition' | 'text'>,
): readonly Change[] => {
  const chat = store.chats.find(envelope.accountId, envelope.peer);
  const stanzaId = stanzaIdAttribute(envelope.message);
  // What another device of ours has refused is named by an id that others have given.
  if (chat === undefined || stanzaId === undefined || envelope.direction === 'out') return [];
  const message = store.messages.findByStanzaId(chat.id, bareJid(envelope.own), stanzaId);
  if (message === undefined) return [];
  // What was not encrypted needs no decryption.
  const isUnread = message.protection === 'omemo' && isDecryptionError(envelope.message);
  const failure = isUnread ? UNREAD_BY_PEER : condition;
  const said = text === undefined || isUnread ? undefined : oneLine(text, MAX_TEXT_LENGTH);
  if (store.messages.setState(message.id, 'failed', failure, said) === undefined) return [];
  log.info('a message came back', { condition: failure });
  return [
    { kind: 'message', messageId: message.id },
    { kind: 'chat', chatId: chat.id },
  ];
};
