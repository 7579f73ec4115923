/** Plays a sequence, makes the network whole again, lets everybody write once more, and looks at every computer. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Sequence } from './acts.ts';
import { inspect, type Outcome } from './check.ts';
import { makeTemplate } from './computer.ts';
import { World } from './world.ts';

/** Nobody cuts the power here: where files can be in memory, no sequence waits for a disk. */
const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A folder with what all sequences of a run share. */
export class Stage {
  readonly #folder = mkdtempSync(path.join(root, 'chatsecure-sequences-'));
  readonly #template = makeTemplate(this.#folder);
  #count = 0;

  async play({ setting, acts }: Sequence): Promise<Outcome> {
    const folder = path.join(this.#folder, `world-${(this.#count += 1)}`);
    mkdirSync(folder);
    const world = await World.start(setting, folder, this.#template);
    try {
      for (const act of acts) await world.perform(act);
      await heal(world);
      await converse(world);
      // What went wrong before must have healed by now: nothing excuses what is not read of this.
      const last = await converse(world);
      return inspect(world, last);
    } finally {
      await world.stop();
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Longer than any back-off, and than a failure is remembered. */
const LONG_MS = 700_000;
/** Enough for everything that settles after a message. */
const SOON_MS = 8_000;

/** Every line is whole and every computer runs, and everything has its time. */
const heal = async (world: World): Promise<void> => {
  const { server } = world;
  server.held.clear();
  server.bundles.clear();
  server.answerLate();
  await world.perform({ act: 'come' });
  for (const computer of world.running) computer.reconnect();
  await world.wait(LONG_MS);
};

/** Everybody writes to everybody. @returns the texts */
const converse = async (world: World): Promise<ReadonlySet<string>> => {
  const texts = new Set<string>();
  for (const computer of world.running)
    for (const jid of world.people) if (jid !== computer.jid) texts.add(world.say(computer, jid));
  await world.wait(SOON_MS);
  return texts;
};
