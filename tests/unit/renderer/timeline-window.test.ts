import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import {
  addNewer,
  addOlder,
  applyRows,
  emptyWindow,
  type TimelineWindow,
} from '#renderer/state/timeline-window.ts';

const row = (id: number, change: Partial<MessageView> = {}): MessageView => ({
  id: id as MessageId,
  chatId: 1 as ChatId,
  direction: 'in',
  body: `message ${id}`,
  at: id * 10,
  sortAt: id * 10,
  state: 'received',
  protection: 'none',
  rev: 1,
  ...change,
});

const rows = (from: number, to: number): readonly MessageView[] =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index));

const ids = ({ rows: held }: TimelineWindow): readonly number[] => held.map(({ id }) => id);

const page = (from: number, to: number, hasOlder: boolean, hasNewer: boolean) => ({
  rows: rows(from, to),
  hasOlder,
  hasNewer,
});

describe('pages', () => {
  it('join without a gap and without doubles', () => {
    const window = addOlder(page(50, 60, true, false), page(40, 51, true, true));
    expect(ids(window)).toEqual(rows(40, 60).map(({ id }) => id));
    expect(window).toMatchObject({ hasOlder: true, hasNewer: false });
  });

  it('push out the far side, which then can be asked for again', () => {
    const window = addOlder(page(50, 60, true, false), page(40, 49, false, true), 15);
    expect(ids(window)).toEqual(rows(40, 54).map(({ id }) => id));
    expect(window).toMatchObject({ hasOlder: false, hasNewer: true });
    const back = addNewer(window, page(55, 60, true, false), 15);
    expect(ids(back)).toEqual(rows(46, 60).map(({ id }) => id));
    expect(back).toMatchObject({ hasOlder: true, hasNewer: false });
  });

  it('never bring an older version of a row back', () => {
    const live = { ...page(5, 6, true, false), rows: [row(5), row(6, { state: 'read', rev: 9 })] };
    const window = addOlder(live, { rows: [row(4), row(6, { rev: 3 })], hasOlder: false, hasNewer: true });
    expect(window.rows.at(-1)).toMatchObject({ state: 'read', rev: 9 });
    const newer = addNewer(live, { rows: [row(6, { rev: 3 }), row(7)], hasOlder: true, hasNewer: false });
    expect(newer.rows[1]).toMatchObject({ state: 'read', rev: 9 });
  });
});

describe('changed rows', () => {
  it('replace what is held by a newer rev, in place', () => {
    const before = page(1, 3, false, false);
    expect(applyRows(before, [row(2, { state: 'failed', rev: 2 })], true).rows[1]?.state).toBe('failed');
    expect(applyRows(before, [row(2, { state: 'failed', rev: 1 })], true)).toBe(before);
  });

  it('enter at the end only where the window reaches the end', () => {
    expect(ids(applyRows(page(1, 3, false, false), [row(4)], true))).toEqual([1, 2, 3, 4]);
    expect(ids(applyRows(page(1, 3, false, true), [row(9)], true))).toEqual([1, 2, 3]);
  });

  it('enter between rows that are held: history that arrives late', () => {
    const late = row(99, { sortAt: 25 });
    expect(ids(applyRows(page(1, 3, true, true), [late], true))).toEqual([1, 2, 99, 3]);
  });

  it('enter before the first row only where the window reaches the beginning', () => {
    const early = row(99, { sortAt: 1 });
    expect(ids(applyRows(page(1, 3, true, false), [early], true))).toEqual([1, 2, 3]);
    expect(ids(applyRows(page(1, 3, false, false), [early], true))).toEqual([99, 1, 2, 3]);
  });

  it('are ordered by their place, then by their id', () => {
    const same = [row(7, { sortAt: 50 }), row(5, { sortAt: 50 }), row(6, { sortAt: 40 })];
    expect(ids(applyRows(emptyWindow, same, true))).toEqual([6, 5, 7]);
  });

  it('push out the oldest while the reader is at the end', () => {
    const window = applyRows(page(1, 10, false, false), [row(11)], true, 10);
    expect(ids(window)).toEqual(rows(2, 11).map(({ id }) => id));
    expect(window.hasOlder).toBe(true);
  });

  it('never push out what somebody reads further up', () => {
    let window: TimelineWindow = page(1, 10, false, false);
    for (let id = 11; id <= 40; id += 1) window = applyRows(window, [row(id)], false, 10);
    expect(window.rows[0]?.id).toBe(1);
    expect(window.rows.length).toBe(15);
    expect(window.hasNewer).toBe(true);
  });

  it('fill an empty chat', () => {
    expect(ids(applyRows(emptyWindow, [row(1)], true))).toEqual([1]);
  });
});

describe('any sequence of pages and events', () => {
  it('leaves an ordered window without doubles and without gaps', () => {
    const history = rows(1, 200);
    const step = fc.record({
      kind: fc.constantFrom('older', 'newer', 'event'),
      atEnd: fc.boolean(),
      index: fc.nat(199),
      rev: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 199 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
        let window: TimelineWindow = {
          rows: history.slice(start - 10, start),
          hasOlder: true,
          hasNewer: start < 200,
        };
        for (const { kind, atEnd, index, rev } of steps) {
          const first = window.rows[0]?.id ?? 0;
          const last = window.rows.at(-1)?.id ?? 0;
          if (kind === 'older') {
            const found = history.slice(Math.max(0, first - 11), first - 1);
            window = addOlder(window, { rows: found, hasOlder: first > 11, hasNewer: true }, 40);
          } else if (kind === 'newer') {
            const found = history.slice(last, last + 10);
            window = addNewer(window, { rows: found, hasOlder: true, hasNewer: last + 10 < 200 }, 40);
          } else {
            const changed = history[index];
            if (changed !== undefined) window = applyRows(window, [{ ...changed, rev }], atEnd, 40);
          }
          const held = ids(window);
          expect(held.length).toBeLessThanOrEqual(60);
          expect(held).toEqual(Array.from({ length: held.length }, (_, offset) => (held[0] ?? 0) + offset));
          expect(window.hasOlder || held[0] === 1).toBe(true);
          expect(window.hasNewer || held.at(-1) === 200).toBe(true);
        }
      }),
    );
  });
});
