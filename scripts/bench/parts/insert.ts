/** Incoming messages per second. */
import { startHelper } from '../child.ts';
import type { InsertAnswer, InsertQuestion } from '../children/insert.ts';
import type { Desk } from '../desk.ts';
import type { Figure } from '../figures.ts';

const RUNS = 5;
const MESSAGES = 3_000;

export const insert = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  say(`${RUNS} times ${MESSAGES} incoming messages`);
  const answers: InsertAnswer[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const helper = startHelper<InsertQuestion, InsertAnswer>('insert', desk.env);
    try {
      answers.push(await helper.ask({ folder: desk.newFolder(), count: MESSAGES }));
    } finally {
      await helper.stop();
    }
  }
  return [
    {
      name: 'insert: incoming, whole application',
      unit: 'msg/s',
      values: answers.map(({ application }) => application),
    },
    { name: 'insert: incoming, store alone', unit: 'msg/s', values: answers.map(({ store }) => store) },
  ];
};
