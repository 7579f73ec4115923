/** A server in memory with accounts, rosters, personal nodes, archives and carbons, on a network that a test rules. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '#main/util/clock.ts';
import { StanzaError, type OpenStream } from '#main/xmpp/port.ts';
import { child, NS, parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { MemoryStream, ServerSession, type StreamWatch, type Upward } from './stream.ts';

const PUBSUB = 'http://jabber.org/protocol/pubsub';
const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';
const LIST = 'eu.siacs.conversations.axolotl.devicelist';
const BUNDLE = 'eu.siacs.conversations.axolotl.bundles:';

/** What becomes of requests of others for the bundle of a device. */
export type BundleFate = 'here' | 'missing' | 'late';

interface Archived {
  readonly id: string;
  readonly stamp: number;
  readonly message: string;
}

interface Account {
  readonly jid: string;
  readonly nodes: Map<string, string>;
  readonly archive: Archived[];
  readonly sessions: Map<string, ServerSession>;
}

export interface ServerOptions {
  readonly clock: Clock;
  /** Whether copies of what one's other devices sent carry the id of the archive. */
  readonly namesSent: boolean;
  /** As in `Setting`. */
  readonly isScarce: boolean;
  readonly watch: (owner: string) => StreamWatch;
}

const bare = (jid: string): string => jid.split('/')[0] ?? jid;

export class SequenceServer {
  readonly bundles = new Map<number, BundleFate>();
  /** Ways that are held, as `<computer> up` and `<computer> down`. */
  readonly held = new Set<string>();
  readonly #accounts = new Map<string, Account>();
  readonly #options: ServerOptions;
  readonly #late: (() => void)[] = [];
  #count = 0;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Everybody is everybody's contact. */
  register(jid: string): void {
    this.#accounts.set(jid, { jid, nodes: new Map(), archive: [], sessions: new Map() });
  }

  /** What the archive of an account keeps, the oldest first. */
  archive(jid: string): readonly string[] {
    return this.#account(jid).archive.map(({ message }) => message);
  }

  /** Opens the streams of one computer. */
  openerFor(owner: string, clock: Clock): OpenStream {
    return async ({ jid, resource, resume }) => {
      const account = this.#account(jid);
      const known = resume && account.sessions.get(resume.id);
      for (const session of account.sessions.values())
        if (session.owner === owner && session !== known) account.sessions.delete(session.id);
      const watch = this.#options.watch(owner);
      if (known === undefined || resume === undefined) {
        const session = new ServerSession(randomUUID(), `${jid}/${resource}`, owner);
        account.sessions.set(session.id, session);
        session.stream = new MemoryStream(session, {
          ...{ clock, watch, resume: undefined, earlierHandled: undefined },
        });
        return session.stream;
      }
      known.untold.splice(0, resume.inbound - known.told);
      known.told = resume.inbound;
      const again = [...known.untold.splice(0), ...known.waiting.splice(0)];
      known.stream = new MemoryStream(known, { clock, watch, resume, earlierHandled: undefined });
      for (const stanza of again) known.give(stanza);
      return known.stream;
    };
  }

  sessionOf(owner: string): ServerSession | undefined {
    return [...this.#accounts.values()]
      .flatMap(({ sessions }) => [...sessions.values()])
      .find((session) => session.owner === owner);
  }

  /** Nothing of a computer's stream can be resumed. */
  forget(owner: string): void {
    for (const { sessions } of this.#accounts.values())
      for (const session of sessions.values()) if (session.owner === owner) sessions.delete(session.id);
  }

  /** Gives a computer its last messages once more. */
  repeat(owner: string, count: number): void {
    const session = this.sessionOf(owner);
    if (session === undefined) return;
    const { archive, jid } = this.#account(bare(session.jid));
    for (const one of archive.slice(-count)) if (bare(fromOf(one.message)) !== jid) session.give(one.message);
  }

  /** Bundles that were asked for and not given come now. */
  answerLate(): void {
    for (const answer of this.#late.splice(0)) answer();
  }

  /** Moves everything that is not held, until nothing moves any more. */
  async pump(): Promise<void> {
    for (let idle = 0; idle < 12; idle += 1) {
      if (this.#move()) idle = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets so much through a way that is held. */
  async trickle(owner: string, way: 'up' | 'down', count: number): Promise<void> {
    for (let moved = 0; moved < count; moved += 1) {
      const stream = this.sessionOf(owner)?.stream;
      if (stream === undefined) return;
      if (way === 'up') this.#takeOne(stream);
      else stream.deliver();
      await this.pump();
    }
  }

  #move(): boolean {
    const streams = [...this.#accounts.values()]
      .flatMap(({ sessions }) => [...sessions.values()])
      .flatMap(({ stream }) => stream ?? []);
    let hasMoved = false;
    for (const stream of streams) {
      const { owner } = stream.session;
      if (!this.held.has(`${owner} up`)) while (this.#takeOne(stream)) hasMoved = true;
      if (!this.held.has(`${owner} down`) && stream.deliver()) hasMoved = true;
    }
    return hasMoved;
  }

  #takeOne(stream: MemoryStream): boolean {
    const next = stream.up.shift();
    if (next === undefined) return false;
    if (next.kind === 'request') this.#answer(stream, next);
    else {
      stream.session.handled += 1;
      this.#route(stream.session, parseStanza(next.stanza));
      stream.down.push({ kind: 'ack', settle: next.settle });
    }
    return true;
  }

  #account(jid: string): Account {
    const account = this.#accounts.get(jid);
    if (account === undefined) throw new Error(`nobody is ${jid}`);
    return account;
  }

  // ---- stanzas

  #route(session: ServerSession, stanza: Element): void {
    const account = this.#account(bare(session.jid));
    if (stanza.is('presence')) return this.#introduce(session);
    if (!stanza.is('message')) return;
    stanza.attrs['from'] = session.jid;
    const to = this.#accounts.get(bare(stanza.attrs['to'] ?? account.jid));
    if (to === undefined) return;
    const isKept =
      stanza.getChild('body') !== undefined || stanza.getChild('store', 'urn:xmpp:hints') !== undefined;
    const sent = isKept ? this.#keep(account, stanza) : stanza.toString();
    const received = to === account ? sent : isKept ? this.#keep(to, stanza) : stanza.toString();
    for (const other of to.sessions.values()) other.give(received);
    if (to === account || !isKept) return;
    // XEP-0280
    const inner = this.#options.namesSent ? sent : stanza.toString();
    for (const other of account.sessions.values())
      if (other !== session) other.give(carbonOf(account.jid, other.jid, inner));
  }

  #keep({ jid, archive }: Account, stanza: Element): string {
    const id = `a${(this.#count += 1)}`;
    const copy = parseStanza(stanza.toString());
    copy.append(parseStanza(`<stanza-id xmlns='urn:xmpp:sid:0' by='${jid}' id='${id}'/>`));
    const message = copy.toString();
    archive.push({ id, stamp: this.#options.clock.now(), message });
    return message;
  }

  /** XEP-0163: whoever comes gets the lists of their contacts and of themselves. */
  #introduce(session: ServerSession): void {
    for (const [owner, { nodes }] of this.#accounts) {
      const list = nodes.get(LIST);
      if (list !== undefined) session.give(eventOf(owner, LIST, list));
    }
  }

  // ---- requests

  #answer(stream: MemoryStream, { iq, settle }: Extract<Upward, { kind: 'request' }>): void {
    const reply = (answer: string | StanzaError): void => {
      if (!stream.isOver) stream.down.push({ kind: 'answer', answer, settle });
    };
    try {
      const element = parseStanza(iq);
      const fate = this.#bundleFate(stream.session, element);
      if (fate === 'missing') throw new StanzaError('item-not-found', 'cancel');
      if (fate === 'late') {
        this.#late.push(() => this.#answer(stream, { kind: 'request', iq, settle }));
        return;
      }
      reply(this.#result(stream, element));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      reply(error);
    }
  }

  #bundleFate(session: ServerSession, iq: Element): BundleFate {
    const node = iq.getChild('pubsub', PUBSUB)?.getChild('items')?.attrs['node'] ?? '';
    if (!node.startsWith(BUNDLE) || bare(iq.attrs['to'] ?? session.jid) === bare(session.jid)) return 'here';
    return this.bundles.get(Number(node.slice(BUNDLE.length))) ?? 'here';
  }

  #result(stream: MemoryStream, iq: Element): string {
    const own = this.#account(bare(stream.session.jid));
    const [payload] = iq.getChildElements();
    switch (payload?.getNS()) {
      case NS.discoInfo: {
        if (iq.attrs['to'] !== own.jid) throw new StanzaError('service-unavailable', 'cancel');
        const vars = [MAM, `${PUBSUB}#publish-options`];
        const features = vars.map((name) => xml('feature', { var: name }));
        return result(own.jid, xml('query', { xmlns: NS.discoInfo }, ...features));
      }
      case NS.roster: {
        const others = [...this.#accounts.keys()].filter((jid) => jid !== own.jid);
        const items = others.map((jid) => xml('item', { jid, subscription: 'both' }));
        return result(own.jid, xml('query', { xmlns: NS.roster }, ...items));
      }
      case PUBSUB:
        return this.#pubsub(own, iq, payload);
      case MAM:
        return this.#page(stream, own, payload);
      case `${PUBSUB}#owner`:
        return result(own.jid);
      default:
        throw new StanzaError('service-unavailable', 'cancel');
    }
  }

  #pubsub(own: Account, iq: Element, pubsub: Element): string {
    const [action] = pubsub.getChildElements();
    const node = action?.attrs['node'] ?? '';
    if (action?.is('publish') === true) {
      const item = action.getChildElements()[0]?.getChildElements()[0];
      if (item === undefined) throw new StanzaError('bad-request', 'modify');
      this.#publish(own, node, item.toString());
      return result(own.jid);
    }
    const owner = bare(iq.attrs['to'] ?? own.jid);
    const found = this.#account(owner).nodes.get(node);
    if (found === undefined) throw new StanzaError('item-not-found', 'cancel');
    const isTrimmed = this.#options.isScarce && node.startsWith(BUNDLE) && owner !== own.jid;
    const item = isTrimmed ? withFewPreKeys(found) : found;
    return result(owner, parseStanza(`<pubsub xmlns='${PUBSUB}'>${itemsOf(node, item)}</pubsub>`));
  }

  #publish({ jid, nodes }: Account, node: string, item: string): void {
    nodes.set(node, item);
    if (node !== LIST) return;
    for (const { sessions } of this.#accounts.values())
      for (const session of sessions.values()) session.give(eventOf(jid, node, item));
  }

  #page(stream: MemoryStream, { jid, archive }: Account, query: Element): string {
    const set = child(query, 'set', RSM);
    const max = Number(set?.getChildText('max') ?? 50);
    const after = set?.getChildText('after') ?? undefined;
    const place = archive.findIndex(({ id }) => id === after);
    if (after !== undefined && place < 0) throw new StanzaError('item-not-found', 'cancel');
    const isLast = set?.getChild('before') !== undefined;
    const from = isLast ? Math.max(0, archive.length - max) : place + 1;
    const page = archive.slice(from, from + max);
    for (const one of page) stream.session.give(archivedOf(stream.jid, query.attrs['queryid'] ?? '', one));
    const isComplete = isLast ? from === 0 : from + max >= archive.length;
    const [first, last] = [page[0]?.id, page.at(-1)?.id];
    const range = first === undefined ? '' : `<first>${first}</first><last>${last}</last>`;
    return result(
      jid,
      parseStanza(`<fin xmlns='${MAM}' complete='${isComplete}'><set xmlns='${RSM}'>${range}</set></fin>`),
    );
  }
}

const FEW = 5;

const withFewPreKeys = (bundle: string): string => {
  const element = parseStanza(bundle);
  const preKeys = element.getChild('prekeys');
  for (const preKey of preKeys?.getChildElements().slice(FEW) ?? []) preKeys?.remove(preKey);
  return element.toString();
};

const fromOf = (message: string): string => parseStanza(message).attrs['from'] ?? '';

const result = (from: string, payload?: Element): string =>
  xml('iq', { type: 'result', from }, payload).toString();

const itemsOf = (node: string, item: string): string =>
  `<items node='${node}'><item id='current'>${item}</item></items>`;

const eventOf = (owner: string, node: string, item: string): string =>
  `<message from='${owner}' type='headline'><event xmlns='${PUBSUB}#event'>${itemsOf(node, item)}</event></message>`;

const forwarded = (message: string, stamp = ''): string =>
  `<forwarded xmlns='urn:xmpp:forward:0'>${stamp}${message.replace(/^<message/, "<message xmlns='jabber:client'")}</forwarded>`;

const carbonOf = (owner: string, to: string, message: string): string =>
  `<message from='${owner}' to='${to}'><sent xmlns='urn:xmpp:carbons:2'>${forwarded(message)}</sent></message>`;

const archivedOf = (to: string, queryId: string, { id, stamp, message }: Archived): string => {
  const delay = `<delay xmlns='${NS.delay}' stamp='${new Date(stamp).toISOString()}'/>`;
  return `<message to='${to}'><result xmlns='${MAM}' queryid='${queryId}' id='${id}'>${forwarded(message, delay)}</result></message>`;
};
