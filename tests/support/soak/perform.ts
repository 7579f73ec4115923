import type { MessageView } from '#shared/views.ts';
import type { Act } from './acts.ts';
import type { Script } from './script.ts';
import { keyOf } from './story.ts';
import { personOf, type Seat, type World } from './world.ts';

type Acts<Name extends Act['act']> = Extract<Act, { readonly act: Name }>;

/** Does what an act says; what the computer cannot do just now (it is off, there is nothing to answer) is left out. */
export const perform = async (world: World, act: Act, script: Script): Promise<void> => {
  switch (act.act) {
    case 'pause':
      return new Promise((resolve) => setTimeout(resolve, act.ms));
    case 'restart-server':
      return world.server.restart({ kill: act.signal });
    case 'kill':
    case 'quit':
      return world.seat(act.device).device[act.act]();
    case 'run':
      return world.seat(act.device).device.isRunning ? undefined : world.seat(act.device).device.run();
    case 'send':
    case 'reply':
    case 'edit':
    case 'retract':
    case 'react':
    case 'read':
    case 'delete':
    case 'schedule':
      if (!world.seat(act.device).device.isRunning) return undefined;
      // The computer may die while it is told: then nothing was promised.
      return use(world.seat(act.device), act, script).catch(() => undefined);
    default:
      return disturb(world.seat(act.device), act);
  }
};

type Use = Acts<'send' | 'reply' | 'edit' | 'retract' | 'react' | 'read' | 'delete' | 'schedule'>;

const use = async (seat: Seat, act: Use, script: Script): Promise<void> => {
  switch (act.act) {
    case 'send':
      for (let index = 0; index < act.count; index++) await send(seat, script, {});
      return;
    case 'schedule':
      return schedule(seat, act, script);
    default: {
      const row = pickRow(await seat.rows(), act);
      return row === undefined ? undefined : change(seat, act, row, script);
    }
  }
};

const send = async (
  seat: Seat,
  script: Script,
  options: { readonly sendAt?: number; readonly replyTo?: MessageView['id'] },
): Promise<MessageView> => {
  const text = script.newText(seat.name);
  const row = await seat.device.window.api.messages.send({ chatId: seat.chatId, text, ...options });
  script.sent.set(keyOf(text), seat.name);
  script.rows.set(keyOf(text), row.id);
  return row;
};

const schedule = async (seat: Seat, { ms, cancel }: Acts<'schedule'>, script: Script): Promise<void> => {
  const row = await send(seat, script, { sendAt: seat.device.now() + ms });
  if (!cancel) return;
  const key = keyOf(row.body);
  // From here on it may be gone, also where the answer does not reach us.
  const promised = script.sent.get(key);
  script.sent.delete(key);
  const { withdrawn } = await seat.device.window.api.messages.cancel({ messageId: row.id });
  if (withdrawn) script.cancelled.add(key);
  else if (promised !== undefined) script.sent.set(key, promised);
};

/** The message that an act is about, among those that it can be about. */
const pickRow = (
  rows: readonly MessageView[],
  act: Exclude<Use, Acts<'send' | 'schedule'>>,
): MessageView | undefined => {
  const fits = rows.filter(({ retracted, direction, state }) => {
    if (retracted === true) return false;
    if (act.act === 'read') return direction === 'in';
    return (act.act !== 'edit' && act.act !== 'retract') || (direction === 'out' && state !== 'failed');
  });
  return fits[Math.round(act.pick * (fits.length - 1))];
};

const change = async (
  seat: Seat,
  act: Exclude<Use, Acts<'send' | 'schedule'>>,
  row: MessageView,
  script: Script,
): Promise<void> => {
  const { api } = seat.device.window;
  const messageId = row.id;
  const key = keyOf(row.body);
  const promised = { device: seat.name, key };
  const id = `${seat.name} ${key}`;
  switch (act.act) {
    case 'reply':
      await send(seat, script, { replyTo: messageId });
      return;
    case 'edit': {
      const text = script.newVersion(key);
      await api.messages.edit({ messageId, text });
      script.edited.set(id, { ...promised, text });
      return;
    }
    case 'retract':
      // Also where the answer does not reach us, it may be gone.
      script.retracted.push(promised);
      await api.messages.retract({ messageId });
      return;
    case 'react': {
      const emojis = ownReactions(await api.messages.react({ messageId, emoji: act.emoji, on: act.on }));
      // What was so already need not be said.
      if (emojis !== ownReactions(row)) script.reacted.set(id, { ...promised, emojis });
      return;
    }
    case 'read':
      script.read.push({ ...promised, person: personOf(seat.name) });
      await api.chats.markRead({ chatId: seat.chatId, upTo: messageId });
      return;
    case 'delete':
      script.deleted.push(promised);
      await api.messages.delete({ messageId });
  }
};

const ownReactions = ({ reactions = [] }: MessageView): string =>
  reactions
    .flatMap(({ mine, emoji }) => (mine ? [emoji] : []))
    .toSorted()
    .join(' ');

type Disturbance = Exclude<
  Act,
  Use | Acts<'pause' | 'restart-server' | 'kill' | 'quit' | 'run'> | { readonly device?: never }
>;

const disturb = (seat: Seat, act: Disturbance): void => {
  const { proxy, device } = seat;
  switch (act.act) {
    case 'cut':
      return proxy.cut();
    case 'cut-client':
      return proxy.cutClient();
    case 'cut-server':
      return proxy.cutServer();
    case 'swallow':
      return proxy.swallow();
    case 'refuse':
      proxy.refuse(true);
      return proxy.cut();
    case 'chunk':
      return proxy.chunk(act.size);
    case 'delay':
      return proxy.delay(act.ms);
    case 'truncate':
      return proxy.truncate(act.bytes);
    case 'lose':
      return proxy.lose(act.bytes);
    case 'late':
      return proxy.late();
    case 'mend':
      return mend(seat);
    case 'sleep':
    case 'wake':
      return device.happen({ computer: act.act === 'sleep' ? 'suspend' : 'wake' });
    case 'roam':
      return device.happen({ computer: 'network', name: `wlan${Date.now()}` });
    case 'clock':
      return device.happen({ computer: 'clock', aheadMs: act.aheadMs });
  }
};

/** The network of one computer is whole again. */
export const mend = ({ proxy }: Seat): void => {
  proxy.refuse(false);
  proxy.chunk(undefined);
  proxy.delay(undefined);
  if (!proxy.isSwallowing) return;
  proxy.heal();
  // What it swallowed is missing in the middle of the TLS stream: nothing good can follow.
  proxy.cut();
};

/** Every network is whole again, every clock is right, every computer runs, is awake and wants to be online. */
export const heal = async (world: World): Promise<void> => {
  const seats = [...world.seats.values()];
  for (const seat of seats) mend(seat);
  await Promise.all(seats.map(wakeUp));
};

/** Every computer says that this was all. */
export const endAll = async (world: World, script: Script): Promise<void> => {
  for (const seat of world.seats.values()) await send(seat, script, {});
};

/** Longer than what a sequence schedules. */
const SOON_MS = 5_000;

const wakeUp = async (seat: Seat): Promise<void> => {
  const { name, device } = seat;
  device.happen({ computer: 'clock', aheadMs: 0 });
  if (!device.isRunning) await device.run();
  device.happen({ computer: 'wake' });
  const account = device.account;
  if (account === undefined) throw new Error(`${name} has lost its account`);
  const { api } = device.window;
  await api.accounts.retryNow({ accountId: account.id });
  // What was scheduled by a clock that was ahead has its time in an hour; nobody waits for that here.
  const late = (await seat.rows()).filter(({ sendAt }) => (sendAt ?? 0) > Date.now() + SOON_MS);
  for (const { id } of late) await api.messages.sendNow({ messageId: id });
};
