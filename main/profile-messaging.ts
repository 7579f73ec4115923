import { BlockingService } from '#main/accounts/blocking.ts';
import type { ContactService } from '#main/accounts/contacts.ts';
import type { EncryptionScheme } from '#main/crypto/scheme.ts';
import type { Logger } from '#main/log/logger.ts';
import { createLedger } from '#main/messaging/archive/archive-ledger.ts';
import { History } from '#main/messaging/archive/history.ts';
import { DisplayedSync } from '#main/messaging/displayed-sync.ts';
import { HistoryControl } from '#main/messaging/history-control.ts';
import { createInbound, type Inbound } from '#main/messaging/inbound/pipeline.ts';
import { MessageChanges } from '#main/messaging/message-changes.ts';
import { MessageService } from '#main/messaging/messages.ts';
import { Outbox } from '#main/messaging/outbound/outbox.ts';
import { ReadService } from '#main/messaging/read-state.ts';
import type { TypingBook } from '#main/messaging/typing-book.ts';
import type { Settings } from '#main/settings.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Protection } from '#shared/views.ts';

export interface MessagingOptions {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Settings;
  readonly typing: TypingBook;
  readonly contacts: ContactService;
  /** What protects messages; without it they leave only where they need no protection. */
  readonly encryption?: MessageEncryption | undefined;
}

/** As much of encryption as messages need. */
export interface MessageEncryption {
  readonly scheme: EncryptionScheme;
  /** How the next message of a chat is to be protected. */
  readonly protectionOf: (chatId: ChatId) => Protection;
  /** All that was missed has been read. */
  readonly caughtUp: (accountId: AccountId) => void;
}

/** The services that messages pass through. */
export interface Messaging {
  readonly inbound: Inbound;
  readonly outboxOf: (id: AccountId) => Outbox;
  readonly historyOf: (id: AccountId) => History;
  readonly displayed: DisplayedSync;
  readonly blocking: BlockingService;
  readonly messages: MessageService;
  readonly edits: MessageChanges;
  readonly reads: ReadService;
  readonly history: HistoryControl;
}

/** One of a kind for each account, made when it is first asked for. */
const perAccount = <T>(make: (id: AccountId) => T): ((id: AccountId) => T) => {
  const made = new Map<AccountId, T>();
  return (id) => {
    const one = made.get(id) ?? make(id);
    made.set(id, one);
    return one;
  };
};

const outboxes = ({ store, changes, clock, log, settings, encryption }: MessagingOptions) =>
  perAccount((id) => {
    const sendTyping = (): boolean => settings.view().sendTyping;
    const { scheme, protectionOf } = encryption ?? {};
    const parts = { store, changes, clock, log: log.child('outbox'), sendTyping };
    return new Outbox(id, { ...parts, scheme, protectionOf });
  });

const histories = ({ store, changes, clock, log, encryption }: MessagingOptions, inbound: Inbound) => {
  const chatChanged = (chatId: ChatId): void => changes.announce({ kind: 'chat', chatId });
  return perAccount(
    (id) =>
      new History(id, createLedger(id, { store, clock, inbound, chatChanged }), {
        clock,
        log: log.child('archive'),
        caughtUp: () => encryption?.caughtUp(id),
      }),
  );
};

export const createMessaging = (options: MessagingOptions): Messaging => {
  const { store, changes, clock, log, settings, contacts, encryption } = options;
  const poke = (id: AccountId): void => outboxOf(id).poke();
  const displayed = new DisplayedSync({ store, changes, clock, log: log.child('displayed') });
  const inbound = createInbound({
    ...{ store, changes, clock, typing: options.typing },
    log: log.child('inbound'),
    sendReceipts: () => settings.view().sendReceipts,
    readAhead: (id, jid) => displayed.ahead(id, jid),
    // The window sees a message before the receipt for it is made.
    poke: (id) => outboxOf(id).pokeSoon(),
    scheme: encryption?.scheme,
  });
  // The streams of the last run are gone, and with them what was on its way.
  store.messages.requeueSending();
  const outboxOf = outboxes(options);
  const history = new HistoryControl({
    ...{ store, changes, clock, log: log.child('history') },
    retention: () => settings.view().retention,
  });
  const sending = { store, changes, clock, poke };
  return {
    inbound,
    outboxOf,
    historyOf: histories(options, inbound),
    displayed,
    blocking: new BlockingService({ store, changes, log: log.child('blocking') }),
    messages: new MessageService({
      ...sending,
      undoSeconds: () => settings.view().undoSeconds,
      protectionOf: encryption?.protectionOf,
    }),
    edits: new MessageChanges(sending),
    history,
    reads: new ReadService({
      ...sending,
      sendReadMarkers: () => settings.view().sendReadMarkers,
      isContact: (id, jid) => contacts.isContact(id, jid),
      moved: (id, chatId) => {
        displayed.moved(id);
        history.wasRead(chatId);
      },
    }),
  };
};
