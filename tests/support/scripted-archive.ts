import type { History } from '#main/messaging/archive/history.ts';
import type { Inbound } from '#main/messaging/inbound/pipeline.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { child, NS, parseStanza, type Element } from '#main/xmpp/stanza.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import { attachHistory, openHistory, stoppedClock, type HistoryStream } from './test-history.ts';
import { openTestStore, type TestStore } from './test-store.ts';

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

export interface Talk {
  readonly entry: (index: number, more?: Partial<Kept>) => Kept;
  /** From one index to before another. */
  readonly entries: (from: number, to: number) => readonly Kept[];
  readonly texts: (from: number, to: number) => readonly string[];
}

/** What Bob writes, a message each minute. @param first when the one of index 0 came, Unix time in ms */
export const talkSince = (first: number): Talk => {
  const entry = (index: number, more: Partial<Kept> = {}): Kept => ({
    id: `a${index}`,
    stamp: first + index * 60_000,
    body: `text ${index}`,
    ...more,
  });
  const entries = (from: number, to: number): readonly Kept[] =>
    Array.from({ length: to - from }, (_, index) => entry(from + index));
  return { entry, entries, texts: (from, to) => entries(from, to).map(({ body }) => body) };
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
  readonly #inbound: Inbound;

  constructor(now: number) {
    this.now = now;
    const own = parseJid('alice@localhost/here');
    if (own === undefined) throw new Error('the test address is not valid');
    this.#own = own;
    const opened = openHistory(
      this.test,
      stoppedClock(() => this.now),
    );
    this.#inbound = opened.inbound;
    this.#history = opened.history;
  }

  /** A new session: what the server says live, and then the catch-up until it has ended. */
  async logIn(live: readonly string[] = []): Promise<void> {
    attachHistory(this.#history, this.#stream(), false, (stanza) => this.#take(stanza));
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

  #stream(): HistoryStream {
    return {
      jid: 'alice@localhost/here',
      onStanza: () => undefined,
      request: (iq) => Promise.resolve().then(() => this.#answer(iq)),
    };
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
