import { describe, expect, test } from 'vitest';
import { isMet, quantileOf, summarize, table, type Figure } from '#scripts/bench/figures.ts';

const figure = (values: readonly number[], judge?: 'median' | 'worst'): Figure => ({
  name: 'send to receive',
  unit: 'ratio',
  values,
  ...(judge && { target: { atMost: 1.3, judge } }),
});

describe('figures of the bench', () => {
  test('the median lies between the two middle values of an even number', () => {
    expect(summarize([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
    expect(summarize([9, 1, 5])).toEqual({ min: 1, median: 5, max: 9 });
    expect(() => summarize([])).toThrow(RangeError);
  });

  test('a share of the values lies below its quantile, whatever their order', () => {
    const values = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect([0, 0.5, 0.95, 1].map((share) => quantileOf(values, share))).toEqual([0, 50, 95, 100]);
    expect(quantileOf([7], 0.95)).toBe(7);
    expect(() => quantileOf([], 0.5)).toThrow(RangeError);
  });

  test('a target is met by the middle run, or by every run', () => {
    expect(isMet(figure([1, 1.2, 7], 'median'))).toBe(true);
    expect(isMet(figure([1, 1.2, 7], 'worst'))).toBe(false);
    expect(isMet(figure([1.31, 1.31], 'median'))).toBe(false);
    expect(isMet(figure([1]))).toBe(undefined);
  });

  test('the table says what was measured, how often, and whether it is good enough', () => {
    const [heading, , ...rows] = table([figure([1.251, 1.4], 'worst'), figure([1234.5, 22.25])]).split('\n');
    expect([heading, ...rows].map((line) => line?.split(/ {2,}/))).toEqual([
      ['figure', 'unit', 'min', 'median', 'max', 'runs', 'target'],
      ['send to receive', 'ratio', '1.25', '1.33', '1.40', '2', '≤ 1.3', 'FAIL'],
      ['send to receive', 'ratio', '22.3', '628', '1235', '2'],
    ]);
  });
});
