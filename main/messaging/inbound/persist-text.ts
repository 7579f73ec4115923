import type { MessageId } from '#shared/ids.ts';
import { bareJid, formatJid } from '#shared/jid.ts';
import type { Protection } from '#shared/views.ts';
import type { Chat } from '#main/store/chats.ts';
import type { NewIncoming, StoredMessage } from '#main/store/message-rows.ts';
import type { Change } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import { readOriginId } from '#main/xmpp/features/stanza-ids.ts';
import { findDuplicate } from './deduplicate.ts';
import type { ReplyMeaning } from './interpret.ts';
import { changesOf, settleReference } from './persist-reference.ts';
import type { PersistDependencies } from './persist.ts';
import { chatOf, isKnown } from './standing.ts';
import type { Envelope } from './unwrap.ts';

/** What becomes a row of the timeline. */
export interface TextContent {
  readonly body: string;
  readonly protection: Protection;
  readonly failure?: string;
  readonly reply?: ReplyMeaning | undefined;
  /** The id to give back, where the sender wants a receipt. */
  readonly receiptWanted?: string | undefined;
  readonly markable?: boolean;
}

/** Stores a message once, however often and by whatever way it comes, with what was said about it before. */
export const persistText = (
  deps: PersistDependencies,
  envelope: Envelope,
  content: TextContent,
): readonly Change[] => {
  const chat = chatOf(deps, envelope);
  return storeText(deps, envelope, chat, content)?.changes ?? [];
};

/** A row that is new or has changed, with everything that changed by it. */
export interface StoredText {
  readonly messageId: MessageId;
  readonly changes: readonly Change[];
}

/** @returns undefined where it is here already */
export const storeText = (
  deps: PersistDependencies,
  envelope: Envelope,
  chat: Chat,
  content: TextContent,
): StoredText | undefined => {
  const { store, clock } = deps;
  if (envelope.reveals !== undefined) return reveal(deps, envelope, chat, content, envelope.reveals);
  const now = clock.now();
  // A server's clock may be ahead of ours: nothing is dated in our future.
  const at = Math.min(envelope.delayedAt ?? now, now);
  const { archiveId } = envelope;
  const messageId = storeOnce(deps, envelope, {
    chatId: chat.id,
    senderJid: bareJid(envelope.from),
    body: content.body,
    protection: content.protection,
    failure: content.failure,
    reply: replyOf(content.reply),
    receiptWanted: content.receiptWanted !== undefined,
    markable: content.markable ?? false,
    at,
    sortAt: envelope.sortAt ?? keptPlace(envelope, now),
    stanzaId: stanzaIdAttribute(envelope.message),
    originId: readOriginId(envelope.message),
    archiveId,
  });
  if (messageId === undefined) return undefined;
  noteWriter(store, messageId, envelope);
  // Who answers on another device has read there.
  if (envelope.direction === 'out') store.chats.setReadUpTo(chat.id, messageId);
  const settled = settle(deps, envelope, store.messages.require(messageId));
  return { messageId, changes: [...settled, ...changesOf(chat, messageId)] };
};

/** Its sender has sent it again, and now it can be read: in its place, and as its own row. */
const reveal = (
  { store }: Pick<PersistDependencies, 'store'>,
  envelope: Envelope,
  chat: Chat,
  { body, protection, reply, receiptWanted, markable }: TextContent,
  messageId: MessageId,
): StoredText => {
  store.edits.reveal(messageId, {
    ...{ body, protection, reply: replyOf(reply) },
    ...{ receiptWanted: receiptWanted !== undefined, markable: markable ?? false },
  });
  store.omemo.ledger.forgetUnreadable(messageId);
  noteWriter(store, messageId, envelope);
  return { messageId, changes: changesOf(chat, messageId) };
};

/**
 * What the server kept without an archive is placed by its time; the rest by the order of the archive. Servers
 * stamp by the second (XEP-0203): at its end, or what had come in that second already would stand behind.
 */
const keptPlace = ({ delayedAt, archiveId }: Envelope, now: number): number | undefined => {
  if (delayedAt === undefined || archiveId !== undefined) return undefined;
  return Math.min(delayedAt % 1_000 === 0 ? delayedAt + 999 : delayedAt, now);
};

/** Who wrote it, or why it cannot be read, beside the row. */
const noteWriter = (
  { omemo }: PersistDependencies['store'],
  messageId: MessageId,
  { writer, unreadable }: Envelope,
): void => {
  if (writer !== undefined) omemo.ledger.noteSender(messageId, writer);
  if (unreadable !== undefined) omemo.ledger.noteUnreadable(messageId, unreadable);
};

const replyOf = (reply: ReplyMeaning | undefined): NewIncoming['reply'] =>
  reply && {
    id: reply.id,
    jid: reply.author && formatJid(reply.author),
    quote: reply.quote === '' ? undefined : reply.quote,
  };

/** Applies what was said about a message before it came. */
const settle = (
  { store }: PersistDependencies,
  envelope: Envelope,
  message: StoredMessage,
): readonly Change[] => {
  const ids = [message.originId, message.stanzaId];
  return store.references
    .take(message.chatId, ids, message.senderJid)
    .flatMap((reference) => settleReference({ store }, message.id, bareJid(envelope.own), reference));
};

/** @returns the id of the row, where it is new or has changed */
const storeOnce = (
  { store }: PersistDependencies,
  envelope: Envelope,
  message: NewIncoming,
): MessageId | undefined => {
  const { archiveId, direction } = envelope;
  const { chatId, sortAt } = message;
  if (archiveId !== undefined && envelope.source === 'archive' && sortAt !== undefined) {
    const [outcome] = store.messages.insertArchived([{ ...message, archiveId, sortAt, direction }]);
    return outcome === undefined || outcome.kind === 'known' ? undefined : outcome.messageId;
  }
  if (direction === 'out') {
    const echoed = store.messages.completeByEcho(chatId, message.senderJid, message);
    if (echoed !== undefined) return echoed.id;
  } else if (findDuplicate(store, chatId, envelope, message.body) !== undefined) return undefined;
  // Its sender may repeat what was not acknowledged, after it was read and deleted here.
  const { senderJid, originId } = message;
  if (store.deletions.remembers(chatId, { senderJid, originId, archiveId })) return undefined;
  return store.messages[direction === 'out' ? 'insertOwn' : 'insertIncoming'](message).id;
};

/**
 * Queues the receipt that a message asks for (XEP-0184), in the transaction that stores the message. Only what
 * was sent to this device (section 5.5), also when it comes again: the first receipt may be lost. Only contacts
 * in an open chat learn by it that we are here (section 8).
 */
export const answerReceipt = (
  deps: PersistDependencies,
  envelope: Envelope,
  receiptWanted: string | undefined,
): void => {
  const { store, clock } = deps;
  const { accountId, own, peer, source, direction } = envelope;
  if (receiptWanted === undefined || source !== 'live' || direction !== 'in' || !deps.sendReceipts()) return;
  const chat = store.chats.find(accountId, peer);
  if (chat?.standing !== 'open' || peer === bareJid(own) || !isKnown(store, accountId, own, peer)) return;
  const type = envelope.message.attrs['type'] === 'chat' ? 'chat' : 'normal';
  store.outbox.add({
    chatId: chat.id,
    kind: 'receipt',
    payload: { received: receiptWanted, type },
    createdAt: clock.now(),
  });
};
