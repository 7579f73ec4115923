import { createLedger } from '#main/messaging/archive/archive-ledger.ts';
import { History } from '#main/messaging/archive/history.ts';
import { createInbound, type Inbound } from '#main/messaging/inbound/pipeline.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Stream } from '#main/xmpp/port.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { quietLog, type TestStore } from './test-store.ts';

/** What the history of an account uses of a stream. */
export type HistoryStream = Pick<Stream, 'jid' | 'request' | 'onStanza'>;

export interface TestHistory {
  readonly history: History;
  readonly inbound: Inbound;
}

/** The history of an account and the pipeline that it feeds, put together as an account does; nothing is asked yet. */
export const openHistory = ({ store, account }: TestStore, clock: Clock): TestHistory => {
  const inbound = createInbound({
    ...{ store, changes: new Changes(), clock, log: quietLog },
    typing: new TypingBook(clock, () => undefined),
    sendReceipts: () => false,
    readAhead: () => undefined,
    poke: () => undefined,
  });
  const ledger = createLedger(account.id, { store, clock, inbound, chatChanged: () => undefined });
  return { inbound, history: new History(account.id, ledger, { clock, log: quietLog }) };
};

/** Begins a session on a stream. @param take who gets its messages; by default the history alone */
export const attachHistory = (
  history: History,
  stream: HistoryStream,
  resumed = false,
  take: (message: Element) => void = (message) => void history.take(message),
): void => {
  const session = new XmppSession(stream as Stream, [], {
    message: take,
    presence: () => undefined,
    seesUs: () => false,
  });
  session.open();
  history.attach(session, resumed);
};

/** Always the same time: what is due at once happens, and nothing that takes time ever does. */
export const stoppedClock = (now: () => number): Clock => ({
  now,
  after: (ms, act) => {
    if (ms === 0) act();
    return () => undefined;
  },
});
