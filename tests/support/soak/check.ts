import type { MessageView } from '#shared/views.ts';
import type { Script } from './faults.ts';
import { personOf, type Seat, type World } from './world.ts';

/** What is wrong after a sequence, once the network is whole again. */
export interface Damage {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly misordered: readonly string[];
  /** Not (yet) wrong, but not finished: a message that is still waiting, a computer that is not online. */
  readonly unsettled: readonly string[];
}

const TIMELINE = 200;

/** How long everything may take to come together after the network is whole. */
const PATIENCE_MS = 90_000;

/** Waits until every computer shows every message once, in the archive's order, acknowledged. */
export const settle = async (world: World, script: Script): Promise<Damage> => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const damage = await inspect(world, script);
    const isWhole = Object.values(damage).every((list: readonly string[]) => list.length === 0);
    if (isWhole || Date.now() > deadline) return damage;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};

const inspect = async (world: World, script: Script): Promise<Damage> => {
  const unsettled = [...world.seats.values()].flatMap(({ name, device }) =>
    device.account?.phase === 'online' ? [] : [`${name} is ${device.account?.phase ?? 'not running'}`],
  );
  const nothing = { lost: [], doubled: [], misordered: [] };
  // While somebody is away the rest need not be asked.
  if (unsettled.length > 0) return { ...nothing, unsettled };
  const archives = { ada: await archiveOf(world, 'ada', script), bob: await archiveOf(world, 'bob', script) };
  const found = await Promise.all(
    [...world.seats.values()].map(async (seat) =>
      compare(seat, await timeline(seat, script), archives[personOf(seat.name)], script),
    ),
  );
  return {
    lost: found.flatMap(({ lost }) => lost),
    doubled: found.flatMap(({ doubled }) => doubled),
    misordered: found.flatMap(({ misordered }) => misordered),
    unsettled: found.flatMap((one) => one.unsettled),
  };
};

/** A stanza that was repeated stands twice in the archive under one id: its first place counts. */
const archiveOf = async (world: World, person: 'ada' | 'bob', script: Script): Promise<readonly string[]> => {
  const texts = await world.archive(person);
  return [...new Set(texts.filter((text) => text.startsWith(`${script.label} `)))];
};

const timeline = async ({ device, chatId }: Seat, script: Script): Promise<readonly MessageView[]> => {
  const rows: MessageView[] = [];
  let page = await device.window.api.messages.page({ kind: 'latest', chatId, limit: TIMELINE });
  for (;;) {
    rows.unshift(...page.rows);
    const [oldest] = page.rows;
    // One page beyond the first text of this sequence is enough: earlier sequences were checked before.
    const isInside = page.rows.some(({ body }) => body.startsWith(`${script.label} `));
    if (!page.hasOlder || oldest === undefined || !isInside) break;
    page = await device.window.api.messages.page({
      kind: 'before',
      chatId,
      anchor: oldest.id,
      limit: TIMELINE,
    });
  }
  return rows.filter(({ body }) => body.startsWith(`${script.label} `));
};

const compare = (
  seat: Seat,
  rows: readonly MessageView[],
  archive: readonly string[],
  script: Script,
): Damage => {
  const bodies = rows.map(({ body }) => body);
  const expected = new Set([...script.promised, ...script.possible.filter((text) => archive.includes(text))]);
  const lost = [...expected].filter((text) => !bodies.includes(text)).map((text) => `${seat.name}: ${text}`);
  const doubled = bodies
    .filter((text, index) => bodies.indexOf(text) !== index)
    .map((text) => `${seat.name}: ${text}`);
  const inOrder = bodies.join('\n') === archive.filter((text) => bodies.includes(text)).join('\n');
  const misordered = inOrder
    ? []
    : [`${seat.name}:\n  shows   ${bodies.join(', ')}\n  archive ${archive.join(', ')}`];
  const unsettled = rows
    .filter(({ direction, state }) => direction === 'out' && !['acked', 'delivered', 'read'].includes(state))
    .map(({ body, state }) => `${seat.name}: ${body} is ${state}`);
  return { lost, doubled, misordered, unsettled };
};
