/** Two whole applications that are on each other's roster, used through their windows. */
import type { EventName, Events } from '#shared/api/events.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { AccountView } from '#shared/views.ts';
import { pause, type Pair, type Side } from './pair.ts';
import type { HeadlessWindow } from './window.ts';

/** A window has at most so many calls without an answer. */
const CALLS_IN_FLIGHT = 64;

export interface WholeSide extends Side {
  readonly window: HeadlessWindow;
}

/** Logs both in, and makes them contacts. @param port of the server on 127.0.0.1 */
export const introduce = async (sender: WholeSide, receiver: WholeSide, port: number): Promise<Pair> => {
  const [one, other] = await Promise.all([logIn(sender, port), logIn(receiver, port)]);
  const asked = heard(receiver.window, 'requests.changed', ({ rows }) => rows.length > 0);
  await sender.window.api.contacts.add({ accountId: one, jid: receiver.jid });
  await asked;
  const mutual = Promise.all([isMutual(sender), isMutual(receiver)]);
  await receiver.window.api.contacts.add({ accountId: other, jid: sender.jid });
  await mutual;
  const { id } = await sender.window.api.chats.open({ accountId: one, jid: receiver.jid });
  return new WholePair(sender.window, id, receiver.window);
};

const isMutual = ({ window }: WholeSide): Promise<void> =>
  heard(window, 'contacts.upserted', ({ rows }) => rows.some(({ subscription }) => subscription === 'both'));

const logIn = async ({ window, jid, password }: WholeSide, port: number): Promise<AccountId> => {
  await window.api.app.snapshot({});
  const isOnline = (row: AccountView): boolean => row.jid === jid && row.phase === 'online';
  const online = heard(window, 'accounts.upserted', ({ rows }) => rows.some(isOnline));
  const { id } = await window.api.accounts.add({ jid, password, host: '127.0.0.1', port });
  await online;
  return id;
};

/** What takes longer than this does not come any more. */
const PATIENCE_MS = 120_000;

/** Resolves with the first event of a name that fits. */
const heard = <K extends EventName>(
  window: HeadlessWindow,
  name: K,
  fits: (payload: Events[K]) => boolean,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const impatient = setTimeout(() => reject(new Error(`waited in vain for ${name}`)), PATIENCE_MS);
    const off = window.on(name, (payload) => {
      if (!fits(payload)) return;
      clearTimeout(impatient);
      off();
      resolve();
    });
  });

class WholePair implements Pair {
  readonly #sender: HeadlessWindow;
  readonly #chatId: ChatId;
  readonly #receiver: HeadlessWindow;

  constructor(sender: HeadlessWindow, chatId: ChatId, receiver: HeadlessWindow) {
    this.#sender = sender;
    this.#chatId = chatId;
    this.#receiver = receiver;
  }

  async latencies(count: number, pauseMs: number, name: string): Promise<readonly number[]> {
    const values: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const body = `${name} ${index}`;
      let arrivedAt = 0;
      const arrived = heard(this.#receiver, 'messages.upserted', ({ rows }) => {
        arrivedAt = performance.now();
        return rows.some((row) => row.body === body);
      });
      const sentAt = performance.now();
      const answered = this.#sender.api.messages.send({ chatId: this.#chatId, text: body });
      await arrived;
      values.push(arrivedAt - sentAt);
      await answered;
      await pause(pauseMs);
    }
    return values;
  }

  async burst(count: number, name: string): Promise<number> {
    const ids = new Set<number>();
    const all = heard(this.#receiver, 'messages.upserted', ({ rows }) => {
      for (const row of rows) if (row.body.startsWith(name)) ids.add(row.id);
      return ids.size === count;
    });
    const started = performance.now();
    let next = 0;
    const write = async (): Promise<void> => {
      while (next < count) {
        const text = `${name} ${next}`;
        next += 1;
        await this.#sender.api.messages.send({ chatId: this.#chatId, text });
      }
    };
    await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, write));
    await all;
    return performance.now() - started;
  }
}
