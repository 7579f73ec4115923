import type { AccountId, ChatId } from '#shared/ids.ts';
import { bareJid, type Jid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Store } from '#main/store/store.ts';
import type { Change, Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import { readOriginId } from '#main/xmpp/features/stanza-ids.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { TypingBook } from '../typing-book.ts';
import { findDuplicate } from './deduplicate.ts';
import { interpret, type Meaning } from './interpret.ts';
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
    const changes = deps.store.transaction(() => meanings.flatMap((meaning) => persist(envelope, meaning)));
    deps.changes.announce(...changes);
    for (const meaning of meanings) noteTyping(envelope, meaning);
  };

  /** Writes what a meaning changes, and says what that is. */
  const persist = (envelope: Envelope, meaning: Meaning): readonly Change[] => {
    switch (meaning.kind) {
      case 'text':
        return persistText(envelope, { body: meaning.text, protection: 'none' });
      case 'unreadable':
        return persistText(envelope, {
          body: meaning.fallback,
          protection: meaning.protection,
          failure: 'not-decryptable',
        });
      case 'error':
        return persistError(envelope, meaning.error.condition);
      case 'chat-state':
        return [];
    }
  };

  const persistText = (
    envelope: Envelope,
    content: { body: string; protection: 'none' | 'omemo' | 'otr'; failure?: string },
  ): readonly Change[] => {
    const { store } = deps;
    const senderJid = bareJid(envelope.from);
    const now = deps.clock.now();
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

  /** An error attaches to the message of ours that caused it, and only the chat's own side can cause one. */
  const persistError = (envelope: Envelope, condition: string): readonly Change[] => {
    const { store } = deps;
    const chat = store.chats.find(envelope.accountId, envelope.peer);
    const stanzaId = stanzaIdAttribute(envelope.message);
    if (chat === undefined || stanzaId === undefined) return [];
    const message = store.messages.findByStanzaId(chat.id, bareJid(envelope.own), stanzaId);
    if (message === undefined || store.messages.setState(message.id, 'failed', condition) === undefined) return [];
    deps.log.info('a message came back', { condition });
    return [
      { kind: 'message', messageId: message.id },
      { kind: 'chat', chatId: chat.id },
    ];
  };

  const noteTyping = (envelope: Envelope, meaning: Meaning): void => {
    const chatId = chatOf(envelope);
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
