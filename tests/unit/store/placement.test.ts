import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeLive, placePage, PLACE_STEP, type PageEntry } from '#main/store/placement.ts';

const stamps = (...times: readonly number[]): readonly PageEntry[] => times.map((stamp) => ({ stamp }));
const forward = (entries: readonly PageEntry[], after?: number, before?: number): readonly number[] =>
  placePage(entries, { after, before, from: 'after' });
const back = (entries: readonly PageEntry[], after?: number, before?: number): readonly number[] =>
  placePage(entries, { after, before, from: 'before' });

const isAscending = (places: readonly number[]): boolean =>
  places.every((place, index) => index === 0 || place > (places[index - 1] ?? place));

describe('what arrives live', () => {
  test('stands at its time, and behind the archive where the clock is wrong', () => {
    expect(placeLive(2_000, 1_000)).toBe(2_000);
    expect(placeLive(2_000, Number.NEGATIVE_INFINITY)).toBe(2_000);
    expect(placeLive(2_000, 2_000)).toBeGreaterThan(2_000);
    expect(placeLive(2_000, 90_000_000)).toBeGreaterThan(90_000_000);
  });

  test('several stanzas of one packet keep their order within a few milliseconds', () => {
    let head = 1_700_000_000_000;
    const now = head;
    const places = Array.from({ length: 50 }, () => (head = placeLive(now, head)));
    expect(isAscending(places)).toBe(true);
    expect(head - now).toBeLessThan(5);
  });
});

describe('a page of the archive', () => {
  test('stands at its stamps where they are in order', () => {
    expect(forward(stamps(10, 20, 30), 5, 40)).toEqual([10, 20, 30]);
    expect(back(stamps(10, 20, 30), 5, 40)).toEqual([10, 20, 30]);
    expect(forward([])).toEqual([]);
  });

  test('keeps its order where the archive stamps by the second, or its clock was set back', () => {
    for (const places of [forward(stamps(10, 10, 10, 9, 11)), back(stamps(10, 10, 10, 9, 11))]) {
      expect(isAscending(places)).toBe(true);
      for (const place of places) expect(Math.round(place)).toBeGreaterThanOrEqual(9);
      for (const place of places) expect(Math.round(place)).toBeLessThanOrEqual(11);
    }
  });

  test('stands behind what is older and before what is newer, whatever its stamps say', () => {
    const late = forward(stamps(90_000, 90_000, 90_001), 10_000, 50_000);
    expect(isAscending([10_000, ...late, 50_000])).toBe(true);
    const early = back(stamps(1, 2, 3), 10_000, 50_000);
    expect(isAscending([10_000, ...early, 50_000])).toBe(true);
  });

  test('begins near the newer rows, not days before, when its stamps lie beyond them', () => {
    const day = 86_400_000;
    expect(forward(stamps(day + 5), 1, day)[0]).toBeGreaterThan(day - 2_000);
  });

  test('rows that are here keep their place where the order allows it', () => {
    const entries = [{ stamp: 10 }, { stamp: 20, place: 25 }, { stamp: 22 }, { stamp: 30, place: 24 }];
    const places = forward(entries);
    expect(places.slice(0, 2)).toEqual([10, 25]);
    expect(isAscending(places)).toBe(true);
  });

  test('has room for another page on the same side, many times', () => {
    let after = 1_700_000_000_000;
    const before = after + 64;
    const all: number[] = [];
    for (let page = 0; page < 100; page += 1) {
      const places = forward(stamps(...Array.from({ length: 200 }, () => before + 1_000)), after, before);
      all.push(...places);
      after = places.at(-1) ?? after;
    }
    expect(isAscending([1_700_000_000_000, ...all, before])).toBe(true);
  });

  test('never passes its bound, even where there is no room left', () => {
    const start = 1_700_000_000_000;
    const places = forward(stamps(...Array.from({ length: 3_000 }, () => start)), start, start + 1);
    expect(places.toSorted((a, b) => a - b)).toEqual(places);
    expect(places[0]).toBeGreaterThan(start);
    expect(places.at(-1)).toBeLessThan(start + 1);
  });

  test('whatever the stamps are, the order is that of the archive and the bounds hold', () => {
    const base = 1_700_000_000_000;
    const time = fc.integer({ min: -5_000, max: 5_000 }).map((offset) => base + offset);
    const entry = fc.record({ stamp: time, place: fc.option(time, { nil: undefined, freq: 3 }) });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 40 }),
        fc.constantFrom('after' as const, 'before' as const),
        fc.option(time, { nil: undefined }),
        fc.integer({ min: 1, max: 3_000 }),
        (entries, from, after, width) => {
          const before = after === undefined ? undefined : after + width;
          const places = placePage(entries, { after, before, from });
          expect(isAscending(places)).toBe(true);
          if (entries.every(({ place }) => place === undefined) && after !== undefined) {
            expect(isAscending([after, ...places, after + width])).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('the least step is exact for the times that we live in', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(now + PLACE_STEP - now).toBe(PLACE_STEP);
  expect(Date.UTC(2200, 0, 1) + PLACE_STEP - Date.UTC(2200, 0, 1)).toBe(PLACE_STEP);
});
