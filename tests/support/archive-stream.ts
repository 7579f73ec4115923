import type { Stream } from '#main/xmpp/port.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { parseDateTime } from '#main/xmpp/features/delay.ts';
import { child, NS, parseStanza, type Element } from '#main/xmpp/stanza.ts';

/** One entry of the archive: what `friend` or `me` wrote, or a receipt, which makes no row. */
export interface ArchiveEntry {
  readonly id: string;
  readonly stamp: number;
  readonly body?: string;
  /** The message that it answers. */
  readonly answers?: string;
  /** Of a message of the account itself: the id that it was sent with. */
  readonly sentAs?: string;
}

const MAM = 'urn:xmpp:mam:2';

/**
 * The Stream port before an archive of one conversation (XEP-0313), which pages as servers do. Everything else
 * that is asked is an error.
 */
export class ArchiveStream implements Pick<Stream, 'jid' | 'request' | 'onStanza'> {
  readonly jid: string;
  /** Oldest first; a test takes entries out to let the server forget them. */
  readonly entries: ArchiveEntry[];
  /** The pages that were asked for. */
  pages = 0;
  /** Whether the account has an archive at all. */
  hasArchive = true;
  /** Going forward it always begins anew, and claims that there is more. */
  forgetful = false;
  /** What the question whether there is an archive is answered with. */
  infoFault: Error | undefined;
  /** What the next questions are answered with. */
  fault: Error | undefined;
  readonly #friend: string;
  #handle: (stanza: Element) => Promise<void> | void = () => undefined;

  constructor(jid: string, friend: string, entries: readonly ArchiveEntry[]) {
    this.jid = jid;
    this.#friend = friend;
    this.entries = [...entries];
  }

  onStanza(handle: (stanza: Element) => Promise<void> | void): void {
    this.#handle = handle;
  }

  async request(iq: Element): Promise<Element> {
    if (iq.getChild('query', NS.discoInfo) !== undefined && this.infoFault !== undefined)
      throw this.infoFault;
    if (iq.getChild('query', NS.discoInfo) !== undefined)
      return parseStanza(
        `<iq type='result'><query xmlns='${NS.discoInfo}'>${this.hasArchive ? `<feature var='${MAM}'/>` : ''}</query></iq>`,
      );
    const query = iq.getChild('query', MAM);
    if (query === undefined) throw new StanzaError('service-unavailable', 'cancel');
    if (this.fault !== undefined) throw this.fault;
    this.pages += 1;
    const { page, complete } = this.#page(query);
    for (const entry of page) await this.#handle(this.#result(query.attrs['queryid'] ?? '', entry));
    const [first, last] = [page[0]?.id, page.at(-1)?.id];
    const range = first === undefined ? '' : `<first>${first}</first><last>${last}</last>`;
    return parseStanza(
      `<iq type='result'><fin xmlns='${MAM}' complete='${complete}'><set xmlns='http://jabber.org/protocol/rsm'>${range}</set></fin></iq>`,
    );
  }

  #page(query: Element): { page: readonly ArchiveEntry[]; complete: boolean } {
    const fields = new Map(
      (query.getChild('x', 'jabber:x:data')?.getChildren('field') ?? []).map((field) => [
        field.attrs['var'],
        field.getChildText('value') ?? '',
      ]),
    );
    const [start, end] = ['start', 'end'].map((name) => parseDateTime(fields.get(name) ?? ''));
    const found = this.entries.filter(
      ({ stamp }) => stamp >= (start ?? 0) && stamp <= (end ?? Number.POSITIVE_INFINITY),
    );
    const set = child(query, 'set', 'http://jabber.org/protocol/rsm');
    const max = Number(set?.getChildText('max'));
    const indexOf = (id: string): number => {
      const index = found.findIndex((entry) => entry.id === id);
      if (index < 0) throw new StanzaError('item-not-found', 'cancel');
      return index;
    };
    const before = set?.getChild('before') === undefined ? undefined : set.getChildText('before');
    if (before !== undefined) {
      const to = before === null || before === '' ? found.length : indexOf(before);
      const from = Math.max(0, to - max);
      return { page: found.slice(from, to), complete: from === 0 };
    }
    const after = set?.getChildText('after') ?? '';
    const from = after === '' || this.forgetful ? 0 : indexOf(after) + 1;
    return { page: found.slice(from, from + max), complete: !this.forgetful && from + max >= found.length };
  }

  #result(queryId: string, { id, stamp, body, answers, sentAs }: ArchiveEntry): Element {
    const content =
      body === undefined
        ? `<received xmlns='urn:xmpp:receipts' id='nothing'/>`
        : `<body>${body}</body>${answers === undefined ? '' : `<reply xmlns='urn:xmpp:reply:0' id='${answers}'/>`}`;
    const [from, to] = sentAs === undefined ? [`${this.#friend}/phone`, this.jid] : [this.jid, this.#friend];
    const origin = sentAs === undefined ? '' : `<origin-id xmlns='urn:xmpp:sid:0' id='${sentAs}'/>`;
    return parseStanza(`<message to='${this.jid}'><result xmlns='${MAM}' queryid='${queryId}' id='${id}'>
      <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='${new Date(stamp).toISOString()}'/>
      <message xmlns='jabber:client' type='chat' id='${sentAs ?? `m-${id}`}' from='${from}' to='${to}'>${content}${origin}</message>
      </forwarded></result></message>`);
  }
}
