import { describe, expect, it } from 'vitest';
import { Attention } from '#main/accounts/attention.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';

const setUp = (): { clock: ManualClock; attention: Attention; told: boolean[] } => {
  const clock = new ManualClock();
  const told: boolean[] = [];
  return { clock, told, attention: new Attention(clock, (active) => told.push(active)) };
};

describe('attention', () => {
  it('is there at the start, and goes some seconds after the last window was seen', () => {
    const { clock, attention, told } = setUp();
    const [one, other] = [{}, {}];
    attention.set(one, true);
    attention.set(other, true);
    attention.set(one, false);
    clock.advance(60_000);
    expect(attention.active).toBe(true);
    attention.set(other, false);
    attention.set(other, false);
    expect(attention.active).toBe(true);
    clock.advance(10_000);
    expect([attention.active, ...told]).toEqual([false, false]);
    attention.set(one, true);
    attention.set(one, true);
    expect([attention.active, ...told]).toEqual([true, false, true]);
  });

  it('is not lost by a look at another window', () => {
    const { clock, attention, told } = setUp();
    attention.set(attention, true);
    attention.set(attention, false);
    clock.advance(9_000);
    attention.set(attention, true);
    clock.advance(60_000);
    expect(told).toEqual([]);
  });

  it('goes when nobody uses the computer, however visible a window is, and comes back with them', () => {
    const { clock, attention, told } = setUp();
    const window = {};
    attention.set(window, true);
    attention.setIdle(true);
    attention.set(window, true);
    clock.advance(60_000);
    expect(told).toEqual([false]);
    attention.setIdle(false);
    expect(told).toEqual([false, true]);
  });

  it('does not come back with somebody who looks at other things', () => {
    const { clock, attention, told } = setUp();
    const window = {};
    attention.set(window, true);
    attention.set(window, false);
    attention.setIdle(true);
    attention.setIdle(false);
    clock.advance(60_000);
    expect(told).toEqual([false]);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer behind', () => {
    const { clock, attention } = setUp();
    attention.set({}, false);
    attention.dispose();
    expect(clock.pending).toBe(0);
  });
});
