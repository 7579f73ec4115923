/** XEP-0059: Result Set Management, version 1.0 — https://xmpp.org/extensions/xep-0059.html */
import { child, xml, type Element } from '../stanza.ts';
import { parseUnsigned, usableId } from './attribute-values.ts';

const RSM = 'http://jabber.org/protocol/rsm';

/** Where a page lies. Closed, because `before` and `after` together are not defined (XEP-0313 section 4.3.2). */
export type PagePosition =
  | { readonly kind: 'first' }
  | { readonly kind: 'last' }
  /** The items that follow the one with this id. */
  | { readonly kind: 'after'; readonly id: string }
  /** The items right before the one with this id. */
  | { readonly kind: 'before'; readonly id: string };

export interface PageRequest {
  /** The most items wanted; the server may answer with fewer. */
  readonly max: number;
  readonly position: PagePosition;
}

/** What the answer says about its page. Counts are approximate (section 2.2) and never steer anything. */
export interface ResultSet {
  /** Ids of the first and the last item of this page; undefined where the page is empty. */
  readonly range: { readonly first: string; readonly last: string } | undefined;
  /** Items in the whole set. */
  readonly count: number | undefined;
  /** Place of the first item in the whole set. */
  readonly index: number | undefined;
}

const positionElement = (position: PagePosition): Element | undefined => {
  switch (position.kind) {
    case 'first':
      return undefined;
    case 'last':
      // Section 2.5: an empty <before/> asks for the last page.
      return xml('before', {});
    case 'after':
    case 'before':
      return xml(position.kind, {}, position.id);
  }
};

/** The `<set/>` of a request (section 2). */
export const pageRequest = (page: PageRequest): Element =>
  xml('set', { xmlns: RSM }, xml('max', {}, String(page.max)), positionElement(page.position));

/** The `<set/>` of an answer, a child of `parent`; undefined where there is none. */
export const readResultSet = (parent: Element): ResultSet | undefined => {
  const set = child(parent, 'set', RSM);
  if (set === undefined) return undefined;
  const firstElement = child(set, 'first', RSM);
  const first = usableId(firstElement?.text());
  const last = usableId(child(set, 'last', RSM)?.text());
  return {
    range: first === undefined || last === undefined ? undefined : { first, last },
    count: parseUnsigned(child(set, 'count', RSM)?.text()),
    index: parseUnsigned(firstElement?.attrs['index']),
  };
};
