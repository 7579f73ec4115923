/** Two thousand encrypted messages that were missed: the application beside clients of other people. */
import { reasonForNoDino } from '#tests/support/peers/dino.ts';
import { reasonForNoProfanity } from '#tests/support/peers/profanity.ts';
import { reasonForNoPythonOmemo } from '#tests/support/peers/slixmpp.ts';
import { Peer } from '#tests/support/peer.ts';
import { until } from '#tests/support/until.ts';
import { startHelper } from '../child.ts';
import type { DecryptAnswer, DecryptQuestion } from '../children/decrypt.ts';
import { cast, type Desk } from '../desk.ts';
import { DinoReader } from '../encrypted/dino.ts';
import { ProfanityReader } from '../encrypted/profanity.ts';
import { PythonReader } from '../encrypted/python.ts';
import {
  GREETING,
  type CaughtUp,
  type EncryptedReader,
  type Missed,
  type Other,
} from '../encrypted/reader.ts';
import { EncryptedSender } from '../encrypted/sender.ts';
import { WholeReader, type WholeCaughtUp } from '../encrypted/whole.ts';
import type { Figure } from '../figures.ts';
import { pause } from '../pair.ts';

const RUNS = 3;
const MESSAGES = 2_000;
const TEXT = 'Shall we meet at the station tomorrow evening, or is the coffee in the garden better?';
const NAME = 'catch up with 2,000 encrypted';

/** The server answers out of its memory: what it needs for its disk would hide what the clients need. */
export const encryptedCatchUpServer = `
default_storage = "internal"
storage = { archive = "memory", offline = "memory" }
storage_archive_item_limit = 100000`;

/**
 * Everybody has an account with one device, a session that both sides have used, and a copy of their own of the
 * same texts from the same device. The clock runs from the login, without the start of the program.
 */
export const encryptedCatchUp = async (
  desk: Desk,
  say: (line: string) => void,
): Promise<readonly Figure[]> => {
  const sender = await EncryptedSender.start(desk, cast.ada);
  desk.onClose(() => sender.close());
  const whole = new WholeReader(desk, cast.bob);
  say('a first conversation with each');
  await whole.meet(otherSide(sender));
  const others = new Map<EncryptedReader, readonly CaughtUp[]>();
  /** Other people's clients are driven by keys and files: one that does not want to must not end all. */
  const withOther = async (
    reader: EncryptedReader,
    act: () => Promise<readonly CaughtUp[]>,
  ): Promise<void> => {
    try {
      others.set(reader, await act());
    } catch (error) {
      others.delete(reader);
      say(`without ${reader.name}: ${reasonOf(error)}`);
    }
  };
  for (const reader of othersHere(desk, say)) {
    await withOther(reader, async () => {
      await reader.meet(otherSide(sender));
      return [];
    });
  }
  const runs: WholeCaughtUp[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    say(`run ${run + 1} of ${RUNS}: ${MESSAGES} messages for each, who are away`);
    const missed = await nextBatch(run);
    for (const reader of [whole, ...others.keys()]) await writeTo(desk, sender, reader, missed);
    const timed = async <Answer extends CaughtUp>(reader: EncryptedReader<Answer>): Promise<Answer> => {
      const answer = await reader.catchUp(missed);
      const busy = answer.busy === undefined ? '' : `, ${Math.round(answer.busy)} ms of a processor`;
      say(`${reader.name}: ${Math.round(answer.ms)} ms${busy}`);
      return answer;
    };
    runs.push(await timed(whole));
    for (const [reader, earlier] of others)
      await withOther(reader, async () => [...earlier, await timed(reader)]);
  }
  return [
    ...wholeFigures(runs),
    ...[...others].flatMap(([reader, answers]) => comparison(reader, answers, runs)),
    ...(await inMemory(desk, say)),
  ];
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${reasonOf(error.cause)})`;
};

const othersHere = (desk: Desk, say: (line: string) => void): readonly EncryptedReader[] => {
  const candidates = [
    { reader: new PythonReader(desk, cast.carol), reason: reasonForNoPythonOmemo() },
    { reader: new ProfanityReader(desk, cast.dave), reason: reasonForNoProfanity() },
    { reader: new DinoReader(desk, cast.frank), reason: reasonForNoDino() },
  ];
  for (const { reader, reason } of candidates)
    if (reason !== undefined) say(`without ${reader.name}: ${reason}`);
  return candidates.flatMap(({ reader, reason }) => (reason === undefined ? [reader] : []));
};

const otherSide = (sender: EncryptedSender): Other => ({
  jid: sender.jid,
  befriend: (jid) => sender.befriend(jid),
  greet: async (jid) => {
    await sender.meet(jid);
    await sender.write(jid, [GREETING]);
  },
  reads: (text) => sender.reads(text),
});

/** Archives are asked by the second: the last batch has to lie in another one. */
const nextBatch = async (run: number): Promise<Missed> => {
  await pause(2_000);
  const texts = Array.from({ length: MESSAGES }, (_, number) => `${TEXT} run ${run} number ${number}`);
  return { texts, since: Math.floor(Date.now() / 1_000) * 1_000 };
};

/** For who reads the archive another device is online meanwhile: then nothing is kept besides. */
const writeTo = async (
  { server: { port, ca } }: Desk,
  sender: EncryptedSender,
  { jid, source }: EncryptedReader,
  { texts }: Missed,
): Promise<void> => {
  if (source === 'offline messages') return sender.write(jid, texts);
  const { password } = Object.values(cast).find((side) => side.jid === jid) ?? cast.ada;
  const laptop = await Peer.start({ jid, password, port, ca, resource: 'laptop' });
  await sender.write(jid, texts);
  await until('the other device to have all', () => laptop.heard.length >= texts.length);
  await laptop.close();
};

const wholeFigures = (runs: readonly WholeCaughtUp[]): readonly Figure[] => {
  const of = (value: (run: WholeCaughtUp) => number): readonly number[] => runs.map(value);
  return [
    { name: `${NAME}: whole application`, unit: 'ms', values: of(({ ms }) => ms) },
    { name: `${NAME}: rate`, unit: 'msg/s', values: of(({ ms }) => (MESSAGES * 1_000) / ms) },
    {
      name: `${NAME}: longest block of main`,
      unit: 'ms',
      values: of(({ longestBlock }) => longestBlock),
      target: { atMost: 50, judge: 'median' },
    },
    { name: `${NAME}: processor time of main`, unit: 'ms', values: of(({ busy }) => busy) },
  ];
};

const comparison = (
  { name, source }: EncryptedReader,
  answers: readonly CaughtUp[],
  runs: readonly WholeCaughtUp[],
): readonly Figure[] => {
  const busy = answers.flatMap((answer) => answer.busy ?? []);
  return [
    { name: `${NAME}: ${name}, ${source}`, unit: 'ms', values: answers.map(({ ms }) => ms) },
    ...(busy.length === 0 ? [] : [{ name: `${NAME}: processor time of ${name}`, unit: 'ms', values: busy }]),
    {
      name: `${NAME}: whole to ${name}`,
      unit: 'ratio',
      values: runs.map(({ ms }, run) => ms / (answers[run]?.ms ?? Number.NaN)),
      target: { atMost: 1, judge: 'worst' },
    },
  ];
};

/** Without server and storage: the ratchets alone. */
const inMemory = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  say(`${RUNS} times the same ${MESSAGES} in memory, ours and a library's`);
  const helper = startHelper<DecryptQuestion, DecryptAnswer>('decrypt', desk.env);
  desk.onClose(() => helper.stop());
  const texts = (await nextBatch(0)).texts;
  const answers: DecryptAnswer[] = [];
  for (let run = 0; run < RUNS; run += 1) answers.push(await helper.ask({ texts }));
  return [
    { name: 'decrypt 2,000 in memory: ours', unit: 'ms', values: answers.map(({ ours }) => ours) },
    { name: 'decrypt 2,000 in memory: the library', unit: 'ms', values: answers.map(({ theirs }) => theirs) },
    {
      name: 'decrypt 2,000 in memory: ours to the library',
      unit: 'ratio',
      values: answers.map(({ ours, theirs }) => ours / theirs),
      target: { atMost: 0.2, judge: 'median' },
    },
  ];
};
