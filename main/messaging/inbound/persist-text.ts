import { bareJid } from '#shared/jid.ts';
import type { Protection } from '#shared/views.ts';
import type { Change } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import { readOriginId } from '#main/xmpp/features/stanza-ids.ts';
import { findDuplicate } from './deduplicate.ts';
import type { PersistDependencies } from './persist.ts';
import type { Envelope } from './unwrap.ts';

/** What becomes a row of the timeline. */
export interface TextContent {
  readonly body: string;
  readonly protection: Protection;
  readonly failure?: string;
}

/** Stores a message once, however often and by whatever way it comes. */
export const persistText = (
  { store, clock }: PersistDependencies,
  envelope: Envelope,
  content: TextContent,
): readonly Change[] => {
  const senderJid = bareJid(envelope.from);
  const now = clock.now();
  const chat = store.chats.findOrCreate(envelope.accountId, envelope.peer, now);
  if (findDuplicate(store.messages, chat.id, envelope, content.body) !== undefined) return [];
  // A server's clock may be ahead of ours: nothing is placed in our future.
  const at = Math.min(envelope.delayedAt ?? now, now);
  const message = store.messages.insertIncoming({
    chatId: chat.id,
    senderJid,
    at,
    sortAt: at,
    stanzaId: stanzaIdAttribute(envelope.message),
    originId: readOriginId(envelope.message),
    archiveId: envelope.archiveId,
    ...content,
  });
  return [
    { kind: 'message', messageId: message.id },
    { kind: 'chat', chatId: chat.id },
  ];
};
