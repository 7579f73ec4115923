/** From the call in the sender's window to the event in the receiver's, against the bare library. */
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { startHelper } from '../child.ts';
import { cast, type Desk } from '../desk.ts';
import { median, type Figure } from '../figures.ts';
import { startHost } from '../host.ts';
import { pause, type Pair, type PairAnswer, type PairQuestion, type Side } from '../pair.ts';
import { introduce, type WholeSide } from '../whole-pair.ts';
import { openWindow } from '../window.ts';

const ROUNDS = 12;
/** Messages of one round of each pair. */
const MESSAGES = 40;
/** Between two messages: what the last one left behind is done by then, as when people write. */
const PAUSE_MS = 40;
const BURSTS = 5;
const BURST_MESSAGES = 1_000;

interface Pairs {
  readonly bare: Pair;
  readonly whole: Pair;
  readonly windows: Pair;
}

type Row = Readonly<Record<keyof Pairs, number>>;

interface Round extends Row {
  /** Milliseconds of one small write until it would survive a power cut, in the same minute. */
  readonly disk: number;
}

export const latency = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  const pairs: Pairs = {
    bare: await startPair(desk, 'bare-pair', cast.ada, cast.bob),
    whole: await startPair(desk, 'whole-pair', cast.carol, cast.dave),
    windows: await startHosts(desk, cast.frank, cast.grace),
  };
  say(`${ROUNDS} rounds of ${MESSAGES} messages for each pair in turn`);
  const one = (name: string) => async (pair: Pair) => median(await pair.latencies(MESSAGES, PAUSE_MS, name));
  await inTurn(pairs, one('warm'));
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const disk = await durableWrite(desk.newFolder());
    rounds.push({ ...(await inTurn(pairs, one(`round ${round}`))), disk });
  }
  say(`${BURSTS} times ${BURST_MESSAGES} messages in a row for each pair in turn`);
  const bursts: Row[] = [];
  for (let burst = 0; burst < BURSTS; burst += 1) {
    bursts.push(await inTurn(pairs, (pair) => pair.burst(BURST_MESSAGES, `burst ${burst}`)));
  }
  return [...latencyFigures(rounds), ...burstFigures(bursts)];
};

const WRITES = 50;
const PAGE_BYTES = 4_096;

/** What the disk itself needs: no message leaves before it is there, which the bare client does not promise. */
const durableWrite = async (folder: string): Promise<number> => {
  await mkdir(folder);
  const file = await open(path.join(folder, 'log'), 'w');
  const page = Buffer.alloc(PAGE_BYTES);
  const times: number[] = [];
  for (let write = 0; write < WRITES; write += 1) {
    const started = performance.now();
    await file.write(page);
    await file.datasync();
    times.push(performance.now() - started);
    await pause(PAUSE_MS / 2);
  }
  await file.close();
  return median(times);
};

const latencyFigures = (rounds: readonly Round[]): readonly Figure[] => {
  const of = (value: (row: Round) => number): readonly number[] => rounds.map(value);
  return [
    { name: 'send to receive, bare @xmpp/client', unit: 'ms', values: of(({ bare }) => bare) },
    { name: 'send to receive, whole application', unit: 'ms', values: of(({ whole }) => whole) },
    {
      name: 'send to receive, whole to bare',
      unit: 'ratio',
      values: of(({ whole, bare }) => whole / bare),
      target: { atMost: 1.3, judge: 'median' },
    },
    { name: 'a write to this disk, made durable', unit: 'ms', values: of(({ disk }) => disk) },
    {
      name: 'send to receive, whole to bare and disk',
      unit: 'ratio',
      values: of(({ whole, bare, disk }) => whole / (bare + disk)),
    },
    { name: 'send to receive, window to window', unit: 'ms', values: of(({ windows }) => windows) },
  ];
};

const burstFigures = (bursts: readonly Row[]): readonly Figure[] => {
  const perSecond = (who: keyof Pairs): readonly number[] =>
    bursts.map((row) => (BURST_MESSAGES * 1_000) / row[who]);
  return [
    { name: '1,000 in a row, bare @xmpp/client', unit: 'msg/s', values: perSecond('bare') },
    { name: '1,000 in a row, whole application', unit: 'msg/s', values: perSecond('whole') },
    {
      name: '1,000 in a row, whole to bare',
      unit: 'ratio',
      values: bursts.map((row) => row.whole / row.bare),
    },
    { name: '1,000 in a row, window to window', unit: 'msg/s', values: perSecond('windows') },
  ];
};

/** One after the other, so that whatever else this computer does meets all of them. */
const inTurn = async (
  { bare, whole, windows }: Pairs,
  measure: (pair: Pair) => Promise<number>,
): Promise<Row> => ({
  bare: await measure(bare),
  whole: await measure(whole),
  windows: await measure(windows),
});

/** A pair in one process of its own. */
const startPair = async (desk: Desk, script: string, sender: Side, receiver: Side): Promise<Pair> => {
  const helper = startHelper<PairQuestion, PairAnswer>(script, desk.env);
  desk.onClose(() => helper.stop());
  await helper.ask({ kind: 'log-in', sender, receiver, port: desk.server.port, folder: desk.newFolder() });
  return {
    latencies: async (count, pauseMs, name) =>
      (await helper.ask({ kind: 'latency', count, pauseMs, name })).values,
    burst: async (count, name) => (await helper.ask({ kind: 'burst', count, name })).values[0] ?? Number.NaN,
  };
};

/** Two built applications on their loopback hosts, each a process of its own; the stopwatch is in this one. */
const startHosts = async (desk: Desk, sender: Side, receiver: Side): Promise<Pair> => {
  const start = async (side: Side): Promise<WholeSide> => {
    const app = await startHost(desk.newFolder(), desk.env);
    desk.onClose(() => app.stop());
    const window = await openWindow(app.launchUrl);
    desk.onClose(() => Promise.resolve(window.close()));
    return { ...side, window };
  };
  return introduce(await start(sender), await start(receiver), desk.server.port);
};
