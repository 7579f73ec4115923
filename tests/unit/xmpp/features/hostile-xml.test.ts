import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCarbon } from '#main/xmpp/features/carbons.ts';
import { readArchiveResult } from '#main/xmpp/features/mam.ts';
import { readDisplayedEvent } from '#main/xmpp/features/displayed-sync.ts';
import { readBlockPush } from '#main/xmpp/features/blocking.ts';
import { NS, parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { own, readers } from '#tests/protocol-cases/readers.ts';
import { randomStanza } from './random-xml.ts';

const openQueries = new Map([
  ['f27', 'romeo@example.net'],
  ['g27', 'coven@chat.example.org'],
]);

const wrapped = (wrapper: (forwarded: Element) => Element, outer: Element, inner: Element): Element => {
  const forwarded = xml(
    'forwarded',
    { xmlns: 'urn:xmpp:forward:0' },
    xml('message', { ...inner.attrs, xmlns: NS.client }),
  );
  return parseStanza(xml('message', outer.attrs, wrapper(forwarded)).toString());
};

const archived =
  (queryid: string) =>
  (outer: Element, inner: Element): Element =>
    wrapped(
      (forwarded) => xml('result', { xmlns: 'urn:xmpp:mam:2', queryid, id: '1' }, forwarded),
      outer,
      inner,
    );

const copied =
  (name: 'received' | 'sent') =>
  (outer: Element, inner: Element): Element =>
    wrapped((forwarded) => xml(name, { xmlns: 'urn:xmpp:carbons:2' }, forwarded), outer, inner);

/** Addresses of our own account without a resource, in any spelling. */
const isOwnBare = (address: string | undefined): boolean => address?.toLowerCase() === 'romeo@example.net';
const isOwn = (address: string | undefined): boolean =>
  isOwnBare(address) || /^romeo@example\.net\/./.test(address?.toLowerCase() ?? '');

describe('readers and whatever a stranger may send', () => {
  it('never throws', () => {
    fc.assert(
      fc.property(randomStanza, (stanza) => {
        for (const { read } of Object.values(readers)) read?.(stanza);
      }),
      { numRuns: 1500 },
    );
  });

  it('does not change what it reads', () => {
    fc.assert(
      fc.property(randomStanza, (stanza) => {
        const before = stanza.toString();
        for (const { read } of Object.values(readers)) read?.(stanza);
        expect(stanza.toString()).toBe(before);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a wrapper is believed because of who sent it', () => {
  it('takes carbons from the own bare address alone', () => {
    const shapes = fc.constantFrom(copied('received'), copied('sent'));
    fc.assert(
      fc.property(shapes, randomStanza, randomStanza, (shape, outer, inner) => {
        const stanza = shape(outer, inner);
        const reading = readCarbon(stanza, own);
        expect(reading.kind).not.toBe('none');
        if (reading.kind !== 'carbon') return;
        expect(isOwnBare(stanza.attrs['from'])).toBe(true);
        const party = reading.message.attrs[reading.direction === 'sent' ? 'from' : 'to'];
        expect(party === undefined ? reading.direction : isOwn(party)).toBe(
          party === undefined ? 'received' : true,
        );
      }),
      { numRuns: 1500 },
    );
  });

  it('takes archive results from the archive that was asked alone, and of a room only what was said in it', () => {
    const shapes = fc.constantFrom('f27', 'g27', 'other').map(archived);
    fc.assert(
      fc.property(shapes, randomStanza, randomStanza, (shape, outer, inner) => {
        const stanza = shape(outer, inner);
        const reading = readArchiveResult(stanza, own, openQueries);
        expect(reading.kind).not.toBe('none');
        if (reading.kind !== 'result') return;
        expect(reading.archive).toBe(openQueries.get(reading.queryId));
        const sender = (stanza.attrs['from'] ?? 'romeo@example.net').toLowerCase();
        expect(sender).toBe(reading.archive);
        if (reading.queryId === 'g27')
          expect(reading.message?.attrs['from']).toMatch(/^coven@chat\.example\.org/);
      }),
      { numRuns: 1500 },
    );
  });

  it('takes read positions and block pushes from the own account alone', () => {
    fc.assert(
      fc.property(randomStanza, (stanza) => {
        const { from } = stanza.attrs;
        if (from === undefined || isOwnBare(from)) return;
        expect(readDisplayedEvent(stanza, own)).toBeUndefined();
        expect(readBlockPush(stanza, own)).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });
});
