import type { MessageState, MessageView } from '#shared/views.ts';
import type { Script } from './script.ts';
import { keyOf, type ToldMessage } from './story.ts';
import { jidOf, people, personOf, type Person, type Seat, type World } from './world.ts';

/** What is wrong after a sequence, once the network is whole again. */
export interface Damage {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly misordered: readonly string[];
  /** Edits, reactions, states and read positions that are not what was said. */
  readonly wrong: readonly string[];
  /** Not (yet) wrong, but not finished: a message that is still waiting, a computer that is not online. */
  readonly unsettled: readonly string[];
}

const none: Damage = { lost: [], doubled: [], misordered: [], wrong: [], unsettled: [] };

const joined = (found: readonly Damage[]): Damage => ({
  lost: found.flatMap(({ lost }) => lost),
  doubled: found.flatMap(({ doubled }) => doubled),
  misordered: found.flatMap(({ misordered }) => misordered),
  wrong: found.flatMap(({ wrong }) => wrong),
  unsettled: found.flatMap(({ unsettled }) => unsettled),
});

export const isWhole = (damage: Damage): boolean =>
  Object.values(damage).every((list: readonly string[]) => list.length === 0);

/** How long everything may take to come together after the network is whole. */
const PATIENCE_MS = 90_000;
const LOOK_MS = 50;

/** Waits until every computer shows every message once, in the archive's order, as it was left. */
export const settle = async (world: World, script: Script): Promise<Damage> => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const damage = await inspect(world, script);
    if (isWhole(damage) || Date.now() > deadline) return damage;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
};

const inspect = async (world: World, script: Script): Promise<Damage> => {
  const seats = [...world.seats.values()];
  const unsettled = seats.flatMap(({ name, device }) =>
    device.account?.phase === 'online' ? [] : [`${name} is ${device.account?.phase ?? 'not running'}`],
  );
  // While somebody is away the rest need not be asked.
  if (unsettled.length > 0) return { ...none, unsettled };
  try {
    await world.readArchives();
  } catch (error) {
    return { ...none, unsettled: [`the archive cannot be read: ${String(error)}`] };
  }
  const promises = people.map((person) => checkPromises(person, world.told(person), script));
  const found = await Promise.all(seats.map(async (seat) => compare(seat, await seat.rows(), world, script)));
  return joined([...promises, ...found]);
};

/** Whether the archive holds what the users were told to be sent. */
const checkPromises = (person: Person, told: readonly ToldMessage[], script: Script): Damage => {
  const byKey = new Map(told.map((message) => [message.key, message]));
  const gone = new Set([...script.retracted, ...script.deleted].map(({ key }) => key));
  const lost = [...script.sent.keys()]
    .filter((key) => !byKey.has(key) && !gone.has(key))
    .map((key) => `the archive of ${person}: ${key}`);
  const bare = told.filter(({ protections }) => protections.some((one) => one !== script.protection));
  const doubled = [...script.cancelled]
    .filter((key) => byKey.has(key))
    .map((key) => `the archive of ${person}: ${key}, which was withdrawn`);
  const edits = [...script.edited.values()].filter(({ device, key, text }) => {
    const message = byKey.get(key);
    return isStillSaid(message, device, script) && !message.versions.includes(text);
  });
  const reactions = [...script.reacted.values()].filter(({ device, key, emojis }) => {
    const message = byKey.get(key);
    if (!isStillSaid(message, device, script)) return false;
    const said = message.reactions.get(jidOf(personOf(device))) ?? [];
    return !(emojis === '' && said.length === 0) && !said.some((one) => sameEmojis(one, emojis));
  });
  return {
    ...none,
    lost: [
      ...lost,
      ...edits.map(({ text, device }) => `the archive of ${person}: “${text}” of ${device}`),
      ...reactions.map(
        ({ key, emojis, device }) => `the archive of ${person}: ${emojis} of ${device} to ${key}`,
      ),
    ],
    doubled,
    wrong: bare.map(
      ({ key, protections }) => `the archive of ${person}: ${key} travelled as ${protections.join(', ')}`,
    ),
  };
};

/** Of what was taken back nothing else need have been said. */
const isStillSaid = (
  message: ToldMessage | undefined,
  device: Script['retracted'][number]['device'],
  script: Script,
): message is ToldMessage =>
  message !== undefined && !message.retracted && !script.isDeleted(device, message.key);

const sameEmojis = (one: string, other: string): boolean =>
  one.split(' ').toSorted().join(' ') === other.split(' ').toSorted().join(' ');

/** Stands for a message that was taken back: its row has no text any more. */
const TOMBSTONE = '(taken back)';

const compare = (seat: Seat, rows: readonly MessageView[], world: World, script: Script): Damage => {
  const told = world.told(personOf(seat.name));
  const known = new Set(told.map(({ key }) => key));
  // Retracted before it left: only this computer has ever had it.
  const own = new Set(
    [...script.rows].flatMap(([key, id]) =>
      script.sent.get(key) === seat.name && !known.has(key) ? [id] : [],
    ),
  );
  const unreadable = rows.filter(isUnreadable);
  const shown = rows.filter((row) => (row.retracted !== true || !own.has(row.id)) && !isUnreadable(row));
  const expected = told.filter(({ key }) => !script.isDeleted(seat.name, key));
  const wanted = expected.map(({ key, retracted }) => (retracted ? TOMBSTONE : key));
  const found = shown.map(({ body, retracted }) => (retracted === true ? TOMBSTONE : keyOf(body)));
  const lost = [
    ...surplus(wanted, found).map((key) => `${seat.name}: ${key}`),
    ...unreadable.map(({ id }) => `${seat.name}: what row ${id} says cannot be read`),
  ];
  const doubled = surplus(found, wanted).map((key) => `${seat.name}: ${key}`);
  if (lost.length > 0 || doubled.length > 0) return { ...none, lost, doubled };
  if (found.join('\n') !== wanted.join('\n')) {
    const orders = `shows   ${found.join(', ')}\n  archive ${wanted.join(', ')}`;
    return { ...none, misordered: [`${seat.name}:\n  ${orders}`] };
  }
  const pairs = shown.flatMap((row, index) => {
    const message = expected[index];
    return message === undefined ? [] : [{ row, message }];
  });
  const details = pairs.map(({ row, message }) => compareOne(seat, row, message, { shown, world }));
  return joined([...details, compareReading(seat, rows, told, script)]);
};

/** It is in its place, and nobody can read it. */
const isUnreadable = ({ failure }: MessageView): boolean => failure === 'not-decryptable';

/** What the first list has more often than the second. */
const surplus = (list: readonly string[], other: readonly string[]): readonly string[] => {
  const rest = [...other];
  return list.filter((one) => {
    const at = rest.indexOf(one);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
};

const steps: readonly MessageState[] = ['acked', 'delivered', 'read'];

const compareOne = (
  seat: Seat,
  row: MessageView,
  message: ToldMessage,
  { shown, world }: { readonly shown: readonly MessageView[]; readonly world: World },
): Damage => {
  if (message.retracted) return none;
  const wrong: string[] = [];
  const expect = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted)
      wrong.push(`${seat.name}: ${message.key}: ${what} ${String(found)}, not ${String(wanted)}`);
  };
  expect('text', row.body, message.versions.at(-1));
  expect('protection', row.protection, message.protections[0]);
  const reactions = [...message.reactions.values()].flatMap((sets) => (sets.at(-1) ?? '').split(' '));
  const shownReactions = (row.reactions ?? []).flatMap(({ emoji, count }) =>
    Array.from({ length: count }, () => emoji),
  );
  const given = reactions.filter((one) => one !== '');
  expect('reactions', shownReactions.toSorted().join(' '), given.toSorted().join(' '));
  const answered = shown.find(({ id }) => id === row.reply?.messageId);
  const wanted = world.story(personOf(seat.name)).answeredBy(message)?.key;
  if (answered !== undefined && answered.retracted !== true) expect('answers', keyOf(answered.body), wanted);
  if (row.reply === undefined) expect('answers', undefined, message.answers);
  if (row.direction === 'in') return { ...none, wrong };
  const step = steps.indexOf(row.state);
  if (step < 0) return { ...none, wrong, unsettled: [`${seat.name}: ${message.key} is ${row.state}`] };
  if (message.read || message.delivered) {
    const least = message.read ? 'read' : 'delivered';
    if (step < steps.indexOf(least)) expect('state', row.state, least);
  }
  return { ...none, wrong };
};

/** What somebody has read on one computer is read on the other one, and nothing beyond it. */
const compareReading = (
  seat: Seat,
  rows: readonly MessageView[],
  told: readonly ToldMessage[],
  script: Script,
): Damage => {
  const person = personOf(seat.name);
  const place = (key: string): number => told.findIndex((message) => message.key === key);
  const marks = script.read.filter((mark) => mark.person === person).map(({ key }) => place(key));
  const own = told.flatMap(({ sender }, index) => (sender === jidOf(person) ? [index] : []));
  const least = Math.max(-1, ...marks);
  // Whoever writes has read; also where that never left, and then nobody can tell when it was.
  const isAllTold = [...script.written].every(([key, name]) => personOf(name) !== person || place(key) >= 0);
  const most = isAllTold ? Math.max(least, ...own) : Number.POSITIVE_INFINITY;
  const chat = seat.device.window.chats.get(seat.chatId);
  if (chat === undefined) return { ...none, unsettled: [`${seat.name} has no chat`] };
  const first = rows.findIndex(({ id }) => id === chat.firstUnreadId);
  const from = chat.firstUnreadId === undefined ? rows.length : Math.max(first, 0);
  const wrong = rows.flatMap(({ body, direction, retracted }, index) => {
    if (direction !== 'in' || retracted === true) return [];
    const at = place(keyOf(body));
    const isUnread = index >= from;
    if (isUnread && at <= least) return [`${seat.name}: ${keyOf(body)} is unread`];
    if (!isUnread && at > most) return [`${seat.name}: ${keyOf(body)} is read`];
    return [];
  });
  return { ...none, wrong };
};

/** The damage in words; empty where there is none. */
export const describeDamage = ({ lost, doubled, misordered, wrong, unsettled }: Damage): string =>
  [
    ...lost.map((one) => `lost: ${one}`),
    ...doubled.map((one) => `doubled: ${one}`),
    ...misordered.map((one) => `misordered: ${one}`),
    ...wrong.map((one) => `wrong: ${one}`),
    ...unsettled.map((one) => `not settled: ${one}`),
  ].join('\n');
