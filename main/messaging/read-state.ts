import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { Chat, ListedChat } from '#main/store/chats.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { OutboxId } from '#main/store/outbox.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { MarkerPayload } from './outbound/payloads.ts';

export interface ReadServiceDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly poke: (accountId: AccountId) => void;
  /** Whether contacts may learn what was read, as the settings say now. */
  readonly sendReadMarkers: () => boolean;
  /** Whether this address is on the roster. */
  readonly isContact: (accountId: AccountId, jid: string) => boolean;
  /** Somebody else wants to know: the other devices of the account (XEP-0490), the history. */
  readonly moved: (accountId: AccountId, chatId: ChatId) => void;
}

/** How far back the newest message that asks for a marker is looked for. */
const LOOK_BACK = 50;

/** What the user has read, and who may learn of it. */
export class ReadService {
  readonly #deps: ReadServiceDependencies;
  /** The marker of each chat that was queued last; while it has not left, a newer one takes its place. */
  readonly #queued = new Map<ChatId, OutboxId>();

  constructor(deps: ReadServiceDependencies) {
    this.#deps = deps;
  }

  /** Everything up to and including this message has been seen. @throws AppError `not-found` */
  markRead(chatId: ChatId, upTo: MessageId): void {
    const { store, changes } = this.#deps;
    const chat = store.chats.require(chatId);
    const hasMoved = store.transaction(() => {
      const displayed = this.#newestMarkable(chat, upTo);
      if (!store.chats.setReadUpTo(chatId, upTo)) return false;
      if (displayed !== undefined && this.#mayTell(chat)) this.#queue(chat, { displayed });
      return true;
    });
    if (!hasMoved) return;
    changes.announce({ kind: 'chat', chatId });
    this.#deps.poke(chat.accountId);
    this.#deps.moved(chat.accountId, chatId);
  }

  /** XEP-0333 section 7: never to those who may not know that we are here. */
  #mayTell({ accountId, jid, standing }: Chat): boolean {
    return standing === 'open' && this.#deps.sendReadMarkers() && this.#deps.isContact(accountId, jid);
  }

  /** The id of the newest unread message up to this one that asks for a marker. */
  #newestMarkable(chat: ListedChat, upTo: MessageId): string | undefined {
    const { messages } = this.#deps.store;
    if (chat.firstUnreadId === undefined) return undefined;
    const first = messages.require(chat.firstUnreadId);
    const before = messages.page({ kind: 'before', chatId: chat.id, anchor: upTo, limit: LOOK_BACK }).rows;
    const isUnread = (row: StoredMessage): boolean =>
      row.direction === 'in' &&
      (row.sortAt > first.sortAt || (row.sortAt === first.sortAt && row.id >= first.id));
    return [...before, messages.require(upTo)].findLast((row) => row.markable && isUnread(row))?.stanzaId;
  }

  #queue({ id: chatId }: Chat, payload: MarkerPayload): void {
    const { store, clock } = this.#deps;
    const waiting = this.#queued.get(chatId);
    if (waiting !== undefined && store.outbox.setPayload(waiting, payload)) return;
    const entry = store.outbox.add({ chatId, kind: 'marker', payload, createdAt: clock.now() });
    this.#queued.set(chatId, entry.id);
  }
}
