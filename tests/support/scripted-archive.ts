import { createLedger } from '#main/messaging/archive/archive-ledger.ts';
import { History } from '#main/messaging/archive/history.ts';
import { createInbound } from '#main/messaging/inbound/pipeline.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { Changes } from '#main/util/changes.ts';
import type { Stream } from '#main/xmpp/port.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import { child, NS, parseStanza, type Element } from '#main/xmpp/stanza.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import { openTestStore, quietLog, type TestStore } from './test-store.ts';

const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';

/** A message as an archive gives it. */
export interface Kept {
  readonly id: string;
  /** Unix time in ms of the archive's clock. */
  readonly stamp: number;
  readonly body: string;
  /** The `id` attribute of the message; default made of the archive id. */
  readonly messageId?: string;
  /** Default Bob, to Alice. */
  readonly from?: string;
  readonly to?: string;
}

/** What was asked: `after` undefined for the beginning; `last` for the newest page. */
export interface Asked {
  readonly after: string | undefined;
  readonly last: boolean;
  /** Unix time in ms, where it was asked by time. */
  readonly start: number | undefined;
  readonly max: number;
  /** Pages that were asked for before this one. */
  readonly earlier: number;
}

export interface Answer {
  readonly page: readonly Kept[];
  /** What `<fin/>` says, true or not: attributes of it, and the elements of its set. */
  readonly complete?: boolean;
  readonly set?: string;
}

/** An archive that answers whatever the test makes it say: honest servers page, others lie. */
export type Archive = (asked: Asked) => Answer | StanzaError;

/** Pages as an honest server does. */
export const honest =
  (entries: readonly Kept[]): Archive =>
  ({ after, last, max }) => {
    const known = entries.findIndex(({ id }) => id === after);
    if (after !== undefined && known < 0) return new StanzaError('item-not-found', 'cancel');
    const from = last ? Math.max(0, entries.length - max) : known + 1;
    const page = entries.slice(from, from + max);
    return { page, complete: last ? from === 0 : from + max >= entries.length };
  };

const kept = (jid: string, queryId: string, entry: Kept): Element => {
  const { id, stamp, body, messageId = `m-${id}`, from = 'bob@localhost/phone', to = jid } = entry;
  return parseStanza(`<message to='${jid}'><result xmlns='${MAM}' queryid='${queryId}' id='${id}'>
    <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='${new Date(stamp).toISOString()}'/>
    <message xmlns='jabber:client' type='chat' id='${messageId}' from='${from}' to='${to}'><body>${body}</body></message>
    </forwarded></result></message>`);
};

/** Alice's account: the real pipeline and store, before a server that a test writes. */
export class AccountBefore {
  readonly test: TestStore = openTestStore();
  /** Own clock, Unix time in ms; a test may set it wrong. */
  now: number;
  archive: Archive = honest([]);
  /** Pages that were asked for. */
  pages = 0;
  readonly #own: Jid;
  readonly #history: History;
  readonly #inbound: ReturnType<typeof createInbound>;

  constructor(now: number) {
    this.now = now;
    const own = parseJid('alice@localhost/here');
    if (own === undefined) throw new Error('the test address is not valid');
    this.#own = own;
    const clock = {
      now: () => this.now,
      after: (ms: number, act: () => void) => {
        if (ms === 0) act();
        return () => undefined;
      },
    };
    this.#inbound = createInbound({
      ...{ store: this.test.store, changes: new Changes(), clock, log: quietLog },
      typing: new TypingBook(clock, () => undefined),
      sendReceipts: () => false,
      readAhead: () => undefined,
      poke: () => undefined,
    });
    const deps = { store: this.test.store, clock, inbound: this.#inbound, chatChanged: () => undefined };
    const { id } = this.test.account;
    this.#history = new History(id, createLedger(id, deps), { clock, log: quietLog });
  }

  /** A new session: what the server says live, and then the catch-up until it has ended. */
  async logIn(live: readonly string[] = []): Promise<void> {
    const session = new XmppSession(this.#stream(), [], {
      message: (stanza) => this.#take(stanza),
      presence: () => undefined,
      seesUs: () => false,
    });
    session.open();
    this.#history.attach(session, false);
    for (const stanza of live) this.receive(stanza);
    // Whoever asks for more waits for the catch-up.
    const chatId = this.test.store.chats.findOrCreate(this.test.account.id, 'nobody@localhost', 1).id;
    await this.#history.newer(chatId, 'nobody@localhost', 0).catch(() => undefined);
  }

  logOut(): void {
    this.#history.detach();
  }

  /** A stanza comes live. */
  receive(stanza: string): void {
    this.#take(parseStanza(stanza));
  }

  rows(jid = 'bob@localhost'): readonly StoredMessage[] {
    const chat = this.test.store.chats.find(this.test.account.id, jid);
    if (chat === undefined) return [];
    return this.test.store.messages.page({ kind: 'latest', chatId: chat.id, limit: 2_000 }).rows;
  }

  /** Texts of a chat in the order of the timeline. */
  bodies(jid?: string): readonly string[] {
    return this.rows(jid).map(({ body }) => body);
  }

  unread(jid = 'bob@localhost'): number {
    const chat = this.test.store.chats.find(this.test.account.id, jid);
    return chat === undefined ? 0 : this.test.store.chats.require(chat.id).unread;
  }

  /** Reads a chat to its end. */
  read(jid = 'bob@localhost'): void {
    const newest = this.rows(jid).at(-1);
    if (newest !== undefined) this.test.store.chats.setReadUpTo(newest.chatId, newest.id);
  }

  close(): void {
    this.logOut();
    this.test.close();
  }

  #take(stanza: Element): void {
    if (!this.#history.take(stanza)) this.#inbound.handle(this.test.account.id, this.#own, stanza);
  }

  /** Only what the history uses of a stream. */
  #stream(): Stream {
    const stream: Pick<Stream, 'jid' | 'request' | 'onStanza'> = {
      jid: 'alice@localhost/here',
      onStanza: () => undefined,
      request: (iq) => Promise.resolve().then(() => this.#answer(iq)),
    };
    return stream as Stream;
  }

  #answer(iq: Element): Element {
    if (iq.getChild('query', NS.discoInfo) !== undefined)
      return parseStanza(
        `<iq type='result'><query xmlns='${NS.discoInfo}'><feature var='${MAM}'/></query></iq>`,
      );
    const query = iq.getChild('query', MAM);
    if (query === undefined) throw new StanzaError('service-unavailable', 'cancel');
    const set = child(query, 'set', RSM);
    const fields = query.getChild('x', 'jabber:x:data')?.getChildren('field') ?? [];
    const start = fields.find((field) => field.attrs['var'] === 'start')?.getChildText('value');
    const earlier = this.pages;
    this.pages += 1;
    const answer = this.archive({
      after: set?.getChildText('after') ?? undefined,
      last: set?.getChild('before') !== undefined,
      start: start === undefined || start === null ? undefined : Date.parse(start),
      max: Number(set?.getChildText('max')),
      earlier,
    });
    if (answer instanceof StanzaError) throw answer;
    for (const entry of answer.page)
      this.#take(kept('alice@localhost/here', query.attrs['queryid'] ?? '', entry));
    const [first, last] = [answer.page[0]?.id, answer.page.at(-1)?.id];
    const range = first === undefined ? '' : `<first>${first}</first><last>${last}</last>`;
    const complete = answer.complete === undefined ? '' : ` complete='${answer.complete}'`;
    return parseStanza(
      `<iq type='result'><fin xmlns='${MAM}'${complete}><set xmlns='${RSM}'>${answer.set ?? range}</set></fin></iq>`,
    );
  }
}
