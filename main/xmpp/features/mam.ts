/** XEP-0313: Message Archive Management, version 1.1.3 — https://xmpp.org/extensions/xep-0313.html */
import { bareJid, type Jid } from '#shared/jid.ts';
import { addressOf, child, childrenOf, xml, type Element } from '../stanza.ts';
import { parseBoolean, usableId } from './attribute-values.ts';
import { submitForm, type FormFields } from './data-form.ts';
import { formatDateTime, parseDateTime } from './delay.ts';
import { MAM, readForwarded, wrappersOf, type WrapperRefusal } from './forwarding.ts';
import { pageRequest, readResultSet, type PageRequest, type ResultSet } from './result-set.ts';

/** What an archive announces in the disco#info of its own address (section 7). */
export const archiveFeatures = {
  base: MAM,
  /** Needed for `afterId`, `beforeId`, `ids`, `flipped` and the metadata. */
  extended: `${MAM}#extended`,
  /** Needed for `includeGroupchat`. */
  groupchatField: `${MAM}#groupchat-field`,
} as const;

/** Section 4.1. What is undefined does not limit; servers refuse fields that they do not announce. */
export interface ArchiveFilter {
  /** Messages from or to this address; the own bare JID means messages to oneself. */
  readonly with?: string | undefined;
  /** Not earlier and not later than these milliseconds since 1970. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  /** After and before these archive ids, whatever way the pages run; an unknown id is `item-not-found`. */
  readonly afterId?: string | undefined;
  readonly beforeId?: string | undefined;
  /** Exactly these messages. */
  readonly ids?: readonly string[] | undefined;
  readonly includeGroupchat?: boolean | undefined;
}

export interface ArchiveQuery {
  /** Bare JID of a room; undefined for the own archive. */
  readonly archive?: string | undefined;
  /** Chosen by us, unpredictable: results are matched by it. */
  readonly queryId: string;
  readonly filter: ArchiveFilter;
  readonly page: PageRequest;
  /** The newest of the page first (section 4.3.4); the page itself is the same. */
  readonly flipped: boolean;
}

const timeField = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : formatDateTime(time);

const filterForm = (filter: ArchiveFilter): Element | undefined => {
  const fields: FormFields = [
    ['with', filter.with],
    ['start', timeField(filter.start)],
    ['end', timeField(filter.end)],
    ['after-id', filter.afterId],
    ['before-id', filter.beforeId],
    ['ids', filter.ids],
    ['include-groupchat', filter.includeGroupchat?.toString()],
  ];
  return fields.some(([, value]) => value !== undefined && value.length > 0)
    ? submitForm(MAM, fields)
    : undefined;
};

/** Section 4: the results arrive as messages before the answer to this request does. */
export const archiveQuery = (query: ArchiveQuery): Element =>
  xml(
    'iq',
    { type: 'set', to: query.archive },
    xml(
      'query',
      { xmlns: MAM, queryid: query.queryId },
      filterForm(query.filter),
      pageRequest(query.page),
      query.flipped ? xml('flip-page', {}) : undefined,
    ),
  );

export type ArchiveReading =
  /** An ordinary message. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly reason: WrapperRefusal }
  | {
      readonly kind: 'result';
      readonly queryId: string;
      /** Bare JID of the archive. */
      readonly archive: string;
      readonly archiveId: string;
      /** When the archive received the message (section 4.2). */
      readonly stamp: number | undefined;
      /** Undefined where the archive has removed the message but keeps its place (section 3.2). */
      readonly message: Element | undefined;
    };

const refused = (reason: WrapperRefusal): ArchiveReading => ({ kind: 'refused', reason });

/**
 * Looks for an archive result in a message stanza. Section 8.2: it is believed only from the archive that was
 * asked, and only while that query is open; everything else is a forgery.
 * @param own an address of this account; without `from` a stanza comes from our own account
 * @param openQueries query id to the bare JID of the archive that was asked
 */
export const readArchiveResult = (
  stanza: Element,
  own: Jid,
  openQueries: ReadonlyMap<string, string>,
): ArchiveReading => {
  const results = wrappersOf(stanza).filter((element) => element.getNS() === MAM);
  const [result] = results;
  if (result === undefined) return { kind: 'none' };
  const queryId = result.attrs['queryid'] ?? '';
  const archive = openQueries.get(queryId);
  if (archive === undefined) return refused('unasked');
  const from = stanza.attrs['from'] === undefined ? { ...own, resource: '' } : addressOf(stanza, 'from');
  if (from === undefined || from.resource !== '' || bareJid(from) !== archive) return refused('sender');
  const archiveId = usableId(result.attrs['id']);
  const forwarded = readForwarded(result);
  if (results.length > 1 || archiveId === undefined || forwarded === undefined) return refused('malformed');
  const { message, stamp } = forwarded;
  if (message !== undefined && wrappersOf(message).length > 0) return refused('nested');
  if (message !== undefined && !mayHold(archive, message, own)) return refused('foreign');
  return { kind: 'result', queryId, archive, archiveId, stamp, message };
};

/**
 * Whether an archive can have seen this message. A room knows only what its occupants said (section 6.1.2), so
 * that it cannot put words into the mouth of a contact, and it names them; our own archive knows what we sent
 * or received, and there a missing address is our own.
 */
const mayHold = (archive: string, message: Element, own: Jid): boolean => {
  const isOwnArchive = archive === bareJid(own);
  const bareOf = (attribute: 'from' | 'to'): string | undefined => {
    if (message.attrs[attribute] === undefined) return isOwnArchive ? archive : undefined;
    const address = addressOf(message, attribute);
    return address === undefined ? undefined : bareJid(address);
  };
  const from = bareOf('from');
  if (from === undefined) return false;
  return from === archive || (isOwnArchive && bareOf('to') === archive);
};

/** The end of a page. */
export interface ArchivePage extends ResultSet {
  /** Nothing that matches lies beyond this page, in the direction of paging (section 4.3.2). */
  readonly complete: boolean;
  /** False: the order may still change, ask again later (section 4.3.2). */
  readonly stable: boolean;
}

/** The answer to `archiveQuery`; undefined where it is none. */
export const readArchivePage = (answer: Element): ArchivePage | undefined => {
  const fin = child(answer, 'fin', MAM);
  if (fin === undefined) return undefined;
  const set = readResultSet(fin) ?? { range: undefined, count: undefined, index: undefined };
  return {
    ...set,
    complete: parseBoolean(fin.attrs['complete']) ?? false,
    stable: parseBoolean(fin.attrs['stable']) ?? true,
  };
};

/** Section 5; needs `archiveFeatures.extended`. */
export const archiveMetadataRequest = (archive?: string): Element =>
  xml('iq', { type: 'get', to: archive }, xml('metadata', { xmlns: MAM }));

export interface ArchiveEnd {
  readonly id: string;
  readonly stamp: number;
}

export type ArchiveMetadata =
  | { readonly kind: 'empty' }
  | { readonly kind: 'range'; readonly start: ArchiveEnd; readonly end: ArchiveEnd };

const readEnd = (metadata: Element, name: 'start' | 'end'): ArchiveEnd | undefined => {
  const element = child(metadata, name, MAM);
  const id = usableId(element?.attrs['id']);
  const stamp = parseDateTime(element?.attrs['timestamp'] ?? '');
  return id === undefined || stamp === undefined ? undefined : { id, stamp };
};

/** The answer to `archiveMetadataRequest`; undefined where it is none. */
export const readArchiveMetadata = (answer: Element): ArchiveMetadata | undefined => {
  const metadata = child(answer, 'metadata', MAM);
  if (metadata === undefined) return undefined;
  if (childrenOf(metadata, 'start', MAM).length + childrenOf(metadata, 'end', MAM).length === 0)
    return { kind: 'empty' };
  const start = readEnd(metadata, 'start');
  const end = readEnd(metadata, 'end');
  return start === undefined || end === undefined ? undefined : { kind: 'range', start, end };
};
