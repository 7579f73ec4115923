/** Searching in a million messages. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../tool.ts';
import { startHelper } from '../child.ts';
import type { SearchAnswer, SearchQuestion, SearchTiming } from '../children/search.ts';
import type { Desk } from '../desk.ts';
import { quantileOf, type Figure } from '../figures.ts';

const RUNS = 5;

export const search = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  const folder = path.join(root, '.bench');
  await mkdir(folder, { recursive: true });
  say('filling a profile with 1,000,000 messages, unless it is there from the last time');
  const { filledMs } = await ask(desk, { kind: 'fill', folder });
  if (filledMs > 0) say(`filled in ${Math.round(filledMs / 1_000)} s`);
  say(`${RUNS} times: open it and search`);
  const answers: SearchAnswer[] = [];
  // A process of its own for each: nothing that one run has read is in the memory of the next.
  for (let run = 0; run < RUNS; run += 1) answers.push(await ask(desk, { kind: 'search', folder, run }));
  return figures(answers);
};

const ask = async (desk: Desk, question: SearchQuestion): Promise<SearchAnswer> => {
  const helper = startHelper<SearchQuestion, SearchAnswer>('search', desk.env);
  try {
    return await helper.ask(question);
  } finally {
    await helper.stop();
  }
};

const figures = (answers: readonly SearchAnswer[]): readonly Figure[] => {
  const of = (value: (answer: SearchAnswer) => number): readonly number[] => answers.map(value);
  const share = (part: number) => (answer: SearchAnswer) =>
    quantileOf(
      answer.timings.map(({ ms }) => ms),
      part,
    );
  const slowest = Object.entries(
    Object.groupBy(
      answers.flatMap(({ timings }) => timings),
      ({ kind }) => kind,
    ),
  )
    .map(([kind, timings = []]) => ({ kind, values: timings.map(({ ms }: SearchTiming) => ms) }))
    .toSorted((a, b) => quantileOf(b.values, 0.5) - quantileOf(a.values, 0.5))
    .slice(0, 3);
  const target = { atMost: 50, judge: 'median' } as const;
  return [
    { name: 'search 1,000,000: median of a run', unit: 'ms', values: of(share(0.5)) },
    { name: 'search 1,000,000: 95 of 100 queries', unit: 'ms', values: of(share(0.95)), target },
    { name: 'search 1,000,000: slowest query', unit: 'ms', values: of(share(1)) },
    {
      name: 'search 1,000,000: longest block of main',
      unit: 'ms',
      values: of(({ timings }) => Math.max(...timings.map(({ longestCall }) => longestCall))),
    },
    ...slowest.map(({ kind, values }) => ({ name: `search 1,000,000: ${kind}`, unit: 'ms', values })),
    { name: 'memory after searching', unit: 'MiB', values: of(({ residentMiB }) => residentMiB) },
  ];
};
