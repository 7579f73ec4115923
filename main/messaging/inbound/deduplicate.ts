import { bareJid } from '#shared/jid.ts';
import type { ChatId } from '#shared/ids.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { isMadeToBeUnique } from '#main/store/message-lookup.ts';
import type { Store } from '#main/store/store.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import { readOriginId } from '#main/xmpp/features/stanza-ids.ts';
import type { Envelope } from './unwrap.ts';

/**
 * The stored message that this one repeats, before anything is decrypted: a ratchet message opens once.
 * In the order of trust: the id of our own archive; the origin-id, which is meant to be unique
 * (XEP-0359 section 3); the `id` attribute, which some clients use again after a restart, so that only
 * the same text under it is the same message. What the archive keeps twice under one origin-id, or under one
 * long random id, is one message sent twice: clients repeat what a broken stream left in doubt.
 * @param body the text, where it is known without decrypting
 */
export const findDuplicate = (
  { messages, edits }: Pick<Store, 'messages' | 'edits'>,
  chatId: ChatId,
  envelope: Envelope,
  body: string,
): StoredMessage | undefined => {
  const sender = bareJid(envelope.from);
  const { archiveId } = envelope;
  const archived = archiveId === undefined ? undefined : messages.findByArchiveId(chatId, archiveId);
  if (archived !== undefined) return archived;
  const originId = readOriginId(envelope.message);
  if (originId !== undefined) return messages.findByOriginId(chatId, sender, originId);
  const stanzaId = stanzaIdAttribute(envelope.message);
  const known = stanzaId === undefined ? undefined : messages.findByStanzaId(chatId, sender, stanzaId);
  if (known === undefined) return undefined;
  // What was taken back must not return; its text is not known any more. What was edited was another text first.
  const first = known.editedAt === undefined ? known.body : edits.of(known.id)[0]?.body;
  if (known.retractedAt === undefined && first !== body) return undefined;
  const bothArchived = known.archiveId !== undefined && archiveId !== undefined;
  return bothArchived && !isMadeToBeUnique(stanzaId) ? undefined : known;
};
