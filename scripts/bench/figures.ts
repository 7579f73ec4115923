/** Figures: what was measured, how often, and whether it is good enough. */

/** What a figure should be at most. */
export interface Target {
  readonly atMost: number;
  /** A single run above it is a fault (`worst`), or only the middle one (`median`). */
  readonly judge: 'median' | 'worst';
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One value for each run, in the order of the runs. */
  readonly values: readonly number[];
  readonly target?: Target;
}

export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError where there is no value */
export const summarize = (values: readonly number[]): Summary => {
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0];
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new RangeError('a figure without a value');
  return { min, median: quantile(sorted, 0.5), max };
};

export const median = (values: readonly number[]): number => summarize(values).median;

/**
 * The value below which that share of the values lies: 0.5 gives the median, 1 the greatest.
 * @throws RangeError where there is no value
 */
export const quantileOf = (values: readonly number[], share: number): number => {
  if (values.length === 0) throw new RangeError('a figure without a value');
  return quantile(
    values.toSorted((a, b) => a - b),
    share,
  );
};

/** @param sorted ascending, not empty */
const quantile = (sorted: readonly number[], share: number): number => {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
};

/** Whether the target is met; undefined where there is none. */
export const isMet = ({ values, target }: Figure): boolean | undefined => {
  if (target === undefined) return undefined;
  const { median: middle, max } = summarize(values);
  return (target.judge === 'worst' ? max : middle) <= target.atMost;
};

const columns = ['figure', 'unit', 'min', 'median', 'max', 'runs', 'target', ''] as const;

/** The figures as a text table. */
export const table = (figures: readonly Figure[]): string => {
  const rows = [columns, ...figures.map(cells)];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(columns), rule, ...rows.slice(1).map(line)].join('\n');
};

const cells = (figure: Figure): readonly string[] => {
  const { min, median: middle, max } = summarize(figure.values);
  const met = isMet(figure);
  return [
    figure.name,
    figure.unit,
    ...[min, middle, max].map(digits),
    String(figure.values.length),
    figure.target === undefined ? '' : `≤ ${figure.target.atMost}`,
    met === undefined ? '' : met ? 'pass' : 'FAIL',
  ];
};

/** Three digits that mean something; whole numbers as they are. */
const digits = (value: number): string => {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
};
