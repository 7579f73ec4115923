import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Idleness } from '#main/accounts/idleness.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';

let clock: ManualClock;
let seconds: number;
let told: (number | undefined)[];
let idleness: Idleness;

beforeEach(() => {
  clock = new ManualClock();
  seconds = 0;
  told = [];
  idleness = new Idleness(
    clock,
    () => seconds,
    (since) => told.push(since),
  );
});
afterEach(() => idleness.dispose());

describe('idleness', () => {
  it('is told once, with the time of the last touch, and again when somebody has come back', () => {
    const start = clock.now();
    clock.advance(15_000);
    seconds = 299;
    clock.advance(15_000);
    expect(told).toEqual([]);
    seconds = 310;
    clock.advance(15_000);
    seconds = 325;
    clock.advance(15_000);
    expect(told).toEqual([start + 45_000 - 310_000]);
    seconds = 2;
    clock.advance(15_000);
    expect(told.at(-1)).toBeUndefined();
    expect(told).toHaveLength(2);
  });

  it('leaves no timer behind', () => {
    idleness.dispose();
    expect(clock.pending).toBe(0);
  });
});
