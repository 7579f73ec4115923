import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Jid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { TypingBook } from '../typing-book.ts';
import { interpret, type Meaning } from './interpret.ts';
import { persist } from './persist.ts';
import { unwrap, type Envelope } from './unwrap.ts';

export interface InboundDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly typing: TypingBook;
  readonly log: Logger;
}

/**
 * The path of every incoming message: unwrap, interpret, deduplicate, persist in one transaction, announce.
 * One message at a time for each account. Returns when the message is stored; throws AppError where it
 * could not be, and then it must not be acknowledged.
 */
export const createInbound = (deps: InboundDependencies) => {
  const handle = (accountId: AccountId, own: Jid, stanza: Element): void => {
    const unwrapped = unwrap(accountId, own, stanza);
    if (unwrapped.kind === 'refused') deps.log.warn('a wrapped message was refused', { reason: unwrapped.reason });
    if (unwrapped.kind !== 'message') return;
    const { envelope } = unwrapped;
    const meanings = interpret(envelope.message);
    if (meanings.length === 0) return;
    const changes = deps.store.transaction(() => meanings.flatMap((meaning) => persist(deps, envelope, meaning)));
    deps.changes.announce(...changes);
    for (const meaning of meanings) noteTyping(envelope, meaning);
  };

  const noteTyping = (envelope: Envelope, meaning: Meaning): void => {
    // What another device of ours sent says nothing about the other side.
    const chatId = envelope.direction === 'in' ? chatOf(envelope) : undefined;
    if (chatId === undefined) return;
    if (meaning.kind === 'text' || meaning.kind === 'unreadable') deps.typing.set(chatId, false);
    // Old news from the server's store says nothing about now.
    else if (meaning.kind === 'chat-state') {
      deps.typing.set(chatId, meaning.state === 'composing' && envelope.delayedAt === undefined);
    }
  };

  /** A chat state alone makes no chat: strangers could fill the list with it. */
  const chatOf = (envelope: Envelope): ChatId | undefined =>
    deps.store.chats.find(envelope.accountId, envelope.peer)?.id;

  return { handle };
};

export type Inbound = ReturnType<typeof createInbound>;
