import type { MessageId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Protection } from '#shared/views.ts';
import type { NewIncoming } from '#main/store/message-rows.ts';
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
export const persistText = (deps: PersistDependencies, envelope: Envelope, content: TextContent): readonly Change[] => {
  const { store, clock } = deps;
  const now = clock.now();
  const chat = store.chats.findOrCreate(envelope.accountId, envelope.peer, now);
  // A server's clock may be ahead of ours: nothing is dated in our future.
  const at = Math.min(envelope.delayedAt ?? now, now);
  const { archiveId } = envelope;
  const messageId = storeOnce(deps, envelope, {
    chatId: chat.id,
    senderJid: bareJid(envelope.from),
    at,
    // What the server kept without an archive is placed by its time; the rest by the order of the archive.
    sortAt: envelope.sortAt ?? (envelope.delayedAt !== undefined && archiveId === undefined ? at : undefined),
    stanzaId: stanzaIdAttribute(envelope.message),
    originId: readOriginId(envelope.message),
    archiveId,
    ...content,
  });
  if (messageId === undefined) return [];
  // Who answers on another device has read there.
  if (envelope.direction === 'out') store.chats.setReadUpTo(chat.id, messageId);
  return [
    { kind: 'message', messageId },
    { kind: 'chat', chatId: chat.id },
  ];
};

/** @returns the id of the row, where it is new or has changed */
const storeOnce = ({ store }: PersistDependencies, envelope: Envelope, message: NewIncoming): MessageId | undefined => {
  const { archiveId, direction } = envelope;
  const { chatId, sortAt } = message;
  if (archiveId !== undefined && envelope.source === 'archive' && sortAt !== undefined) {
    const [outcome] = store.messages.insertArchived([{ ...message, archiveId, sortAt, direction }]);
    return outcome === undefined || outcome.kind === 'known' ? undefined : outcome.messageId;
  }
  if (direction === 'out') {
    const echoed = store.messages.completeByEcho(chatId, message.senderJid, message);
    return (echoed ?? store.messages.insertOwn(message)).id;
  }
  const known = findDuplicate(store.messages, chatId, envelope, message.body);
  return known === undefined ? store.messages.insertIncoming(message).id : undefined;
};
