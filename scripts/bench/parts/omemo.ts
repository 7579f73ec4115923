/** The ratchet of OMEMO: how much it does in a second, and in which part of the time that a library needs. */
import { startHelper } from '../child.ts';
import type { OmemoQuestion, OmemoRate } from '../children/omemo.ts';
import type { Desk } from '../desk.ts';
import type { Figure } from '../figures.ts';

const RUNS = 5;

export const omemo = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  say(`${RUNS} times the ratchet, ours and a library's`);
  const helper = startHelper<OmemoQuestion, readonly OmemoRate[]>('omemo', desk.env);
  desk.onClose(() => helper.stop());
  // Once to let both be compiled.
  await helper.ask({ scale: 0.1 });
  const runs: (readonly OmemoRate[])[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await helper.ask({ scale: 1 }));
  const names = runs[0]?.map(({ name }) => name) ?? [];
  return names.flatMap((name) => {
    const rates = runs.flatMap((one) => one.filter((other) => other.name === name));
    return [
      { name: `omemo: ${name}`, unit: '/s', values: rates.map(({ ours }) => ours) },
      {
        name: `omemo: ${name}, against the library`,
        unit: '× its time',
        values: rates.map(({ ours, theirs }) => theirs / ours),
        target: { atMost: 0.2, judge: 'median' },
      },
    ] satisfies readonly Figure[];
  });
};
