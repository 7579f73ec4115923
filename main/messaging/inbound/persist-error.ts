import { bareJid } from '#shared/jid.ts';
import { oneLine } from '#shared/text.ts';
import type { Change } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import type { StanzaError } from '#main/xmpp/port.ts';
import type { PersistDependencies } from './persist.ts';
import type { Envelope } from './unwrap.ts';

const MAX_TEXT_LENGTH = 512;

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
  if (chat === undefined || stanzaId === undefined) return [];
  const message = store.messages.findByStanzaId(chat.id, bareJid(envelope.own), stanzaId);
  const said = text === undefined ? undefined : oneLine(text, MAX_TEXT_LENGTH);
  if (message === undefined || store.messages.setState(message.id, 'failed', condition, said) === undefined)
    return [];
  log.info('a message came back', { condition });
  return [
    { kind: 'message', messageId: message.id },
    { kind: 'chat', chatId: chat.id },
  ];
};
