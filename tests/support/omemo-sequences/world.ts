/** The people of a sequence with their computers, and what happens to them. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { ManualClock } from '../manual-clock.ts';
import type { Act, Setting } from './acts.ts';
import { Computer, type MessageRow } from './computer.ts';
import { SequenceServer } from './server.ts';
import { Wire } from './wire.ts';

const names = ['ada', 'bob', 'cleo'];
/** Nobody has more. */
const MAX_COMPUTERS = 3;

/** Takes one of several by a number that counts round. */
const pick = <Value>(all: readonly Value[], number: number): Value | undefined =>
  all.length === 0 ? undefined : all[number % all.length];

export class World {
  readonly setting: Setting;
  readonly clock = new ManualClock();
  readonly computers: Computer[] = [];
  readonly people: readonly string[];
  readonly server: SequenceServer;
  readonly wire: Wire;
  /** Texts that a user saw accepted, with the computer. */
  readonly accepted = new Map<string, Computer>();
  /** Sessions that a computer has lost, with the device: what was sealed for them is gone. */
  readonly lost = new Set<string>();
  /** What was on computers that were thrown away. */
  readonly remembered = new Map<Computer, readonly MessageRow[]>();
  /** What no act may be answered with. */
  readonly surprises: string[] = [];
  readonly #folder: string;
  readonly #template: string;
  #texts = 0;

  private constructor(setting: Setting, folder: string, template: string) {
    this.setting = setting;
    this.#folder = folder;
    this.#template = template;
    this.wire = new Wire(setting);
    this.people = setting.computers.map((_, index) => `${names[index]}@example.org`);
    this.server = new SequenceServer({
      clock: this.clock,
      ...{ namesSent: setting.namesSent, isScarce: setting.isScarce },
      watch: (name) => this.wire.watch(() => this.#named(name)),
    });
    for (const jid of this.people) this.server.register(jid);
  }

  /** @param folder of its own; `template` as `makeTemplate` makes it */
  static async start(setting: Setting, folder: string, template: string): Promise<World> {
    const world = new World(setting, folder, template);
    for (const [who, count] of setting.computers.entries())
      for (let index = 0; index < count; index += 1) await world.#join(who);
    await world.wait(4_000);
    return world;
  }

  get running(): readonly Computer[] {
    return this.computers.filter(({ isRunning }) => isRunning);
  }

  async stop(): Promise<void> {
    for (const computer of this.running) computer.crash();
    await this.server.pump();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Time goes by, and the network moves. */
  async wait(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.server.pump();
    for (let next = this.clock.next; next !== undefined && next <= end; next = this.clock.next) {
      this.clock.advance(Math.max(next - this.clock.now(), 0));
      await this.server.pump();
    }
    this.clock.advance(end - this.clock.now());
  }

  async perform(act: Act): Promise<void> {
    await this.#perform(act);
    await this.server.pump();
  }

  async #perform(act: Act): Promise<void> {
    switch (act.act) {
      case 'send':
        return this.#send(act);
      case 'edit':
      case 'resend':
        return this.#again(act.act, pick(this.running, act.on));
      case 'wait':
        return this.wait(act.ms);
      case 'join':
        return this.#join(act.who);
      case 'remove':
        return this.#remove(act.on);
      case 'come':
        for (const computer of this.computers) if (!computer.isRunning && !computer.isGone) computer.run();
        return undefined;
      case 'decide':
        return this.#decide(act);
      case 'lose': {
        const computer = pick(this.running, act.on);
        const id = computer?.loseSession(act.about);
        if (computer !== undefined && id !== undefined) this.lost.add(`${computer.name} ${id}`);
        return undefined;
      }
      case 'bundle': {
        const of = pick([...this.wire.computers.keys()], act.of);
        if (of !== undefined) this.server.bundles.set(of, act.fate);
        return undefined;
      }
      case 'late':
        return this.server.answerLate();
      default:
        return this.#disturb(act, pick(this.running, act.on));
    }
  }

  async #disturb(
    act: Extract<Act, { act: 'hold' | 'release' | 'trickle' | 'cut' | 'restart' | 'leave' | 'repeat' }>,
    computer: Computer | undefined,
  ): Promise<void> {
    if (computer === undefined) return undefined;
    const { name } = computer;
    switch (act.act) {
      case 'hold':
        this.server.held.add(`${name} ${act.way}`);
        return undefined;
      case 'release':
        return this.release(computer);
      case 'trickle':
        return this.server.trickle(name, act.way, act.count);
      case 'repeat':
        return this.server.repeat(name, act.count);
      case 'cut':
        this.server.sessionOf(name)?.stream?.cut(act.resumable);
        if (!act.resumable) this.server.forget(name);
        return undefined;
      case 'leave':
        this.release(computer);
        return this.#quit(computer);
      case 'restart':
        return this.#restart(computer, act);
    }
  }

  release({ name }: Computer): void {
    this.server.held.delete(`${name} up`);
    this.server.held.delete(`${name} down`);
  }

  async #quit(computer: Computer): Promise<void> {
    const quitting = computer.quit();
    await this.server.pump();
    await quitting;
  }

  /** What a computer has stored of its ratchets is what it goes on with. */
  async #restart(computer: Computer, { how, forgets }: Extract<Act, { act: 'restart' }>): Promise<void> {
    await this.server.pump();
    const sessions =
      'SELECT jid, device_id, hex(record) AS record FROM omemo_sessions ORDER BY jid, device_id';
    const before = JSON.stringify(computer.ask(sessions));
    if (how === 'quit') await this.#quit(computer);
    else computer.crash();
    if (forgets) this.server.forget(computer.name);
    computer.run();
    if (JSON.stringify(computer.ask(sessions)) !== before)
      this.surprises.push('a ratchet is not as it was stored');
  }

  async #join(who: number): Promise<void> {
    const jid = pick(this.people, who) ?? '';
    const theirs = this.computers.filter((computer) => computer.jid === jid);
    if (theirs.length >= MAX_COMPUTERS) return;
    const computer = new Computer({
      name: `${jid.split('@')[0]}-${theirs.length + 1}`,
      ...{ jid, server: this.server, clock: this.clock, setting: this.setting },
      ...{ template: this.#template, folder: path.join(this.#folder, 'computers') },
    });
    this.computers.push(computer);
    computer.run();
    await this.server.pump();
  }

  async #remove(on: number): Promise<void> {
    const computer = pick(this.running, on);
    const other = this.running.find((one) => one !== computer && one.jid === computer?.jid);
    if (computer === undefined || other === undefined || !other.isOnline) return;
    const id = computer.deviceId;
    this.release(computer);
    this.remembered.set(computer, computer.messages());
    await this.#quit(computer);
    computer.isGone = true;
    // On a network that is held the answer comes later, or never.
    other.remove(id).catch(() => undefined);
  }

  #send({ from, to, count }: Extract<Act, { act: 'send' }>): void {
    const computer = pick(this.running, from);
    if (computer === undefined) return;
    const others = this.people.filter((jid) => jid !== computer.jid);
    for (let index = 0; index < count; index += 1) this.say(computer, pick(others, to) ?? '');
  }

  /** Somebody writes something that nobody else has written. */
  say(computer: Computer, to: string): string {
    const text = `secret ${(this.#texts += 1)}.`;
    // The computer may end before the text is stored: then nothing was promised.
    computer.send(to, text).then(
      () => this.accepted.set(text, computer),
      () => undefined,
    );
    return text;
  }

  async #again(what: 'edit' | 'resend', computer: Computer | undefined): Promise<void> {
    const rows = computer?.messages().filter(({ direction }) => direction === 'out') ?? [];
    if (what === 'resend') for (const row of rows) if (row.state === 'failed') await computer?.resend(row);
    const own = rows.filter(({ body, state }) => this.accepted.get(body) === computer && state !== 'failed');
    const [row] = own.slice(-1);
    if (what === 'edit' && row !== undefined) await computer?.edit(row, `${row.body} Corrected.`);
  }

  async #decide({ on, about, what }: Extract<Act, { act: 'decide' }>): Promise<void> {
    const computer = pick(this.running, on);
    if (computer === undefined) return;
    const seen = (await Promise.all(this.people.map((jid) => computer.devices(jid)))).flat();
    const device = pick(seen, about);
    if (device === undefined) return;
    await computer.decide(device, what);
    const decisions = this.wire.decisions.get(computer) ?? new Map();
    this.wire.decisions.set(computer, decisions.set(device.deviceId, what));
  }

  #named(name: string): Computer {
    const computer = this.computers.find((one) => one.name === name);
    if (computer === undefined) throw new Error(`there is no ${name}`);
    return computer;
  }
}
