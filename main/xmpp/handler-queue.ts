import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '#main/util/clock.ts';

interface Entry {
  readonly act: () => Promise<void> | void;
  readonly kind: 'stanza' | 'answer';
  state: 'waiting' | 'running' | 'settled';
}

/**
 * A handler that makes no progress for this long while answers wait behind it is taken to wait for one
 * of them, by a way that we do not see.
 */
const STUCK_MS = 2_000;

/**
 * Runs what a stream received in the order of the wire, one at a time: stanzas through their handler, and
 * answers to iq requests between them, so that whoever reads the end of an archive page has seen the page.
 * A handler may itself ask something: answers to that overtake, or both would wait for ever.
 */
export class HandlerQueue {
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #inside = new AsyncLocalStorage<Entry>();
  #entries: Entry[] = [];
  #draining = false;
  /** Stanzas wait until there is a handler. */
  #open = false;
  #cancelWatch: (() => void) | undefined;

  /** @param failed takes what an act threw; it counts as done */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Whether the caller is a handler that has not settled: what it asks must be answered out of turn. */
  get isInsideHandler(): boolean {
    const entry = this.#inside.getStore();
    return entry !== undefined && entry.state !== 'settled';
  }

  /** Lets stanzas through. */
  open(): void {
    this.#open = true;
    this.#pump();
  }

  add(kind: Entry['kind'], act: Entry['act']): void {
    this.#entries.push({ act, kind, state: 'waiting' });
    this.#pump();
    if (kind === 'answer') this.#watch();
  }

  /** Drops what waits; a handler that runs is left to itself. */
  stop(): void {
    this.#entries = [];
    this.#open = false;
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  #pump(): void {
    if (!this.#draining) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let entry = this.#entries[0]; entry !== undefined; entry = this.#entries[0]) {
      if (entry.kind === 'stanza' && !this.#open) break;
      await this.#run(entry);
      // `stop` may have emptied the queue meanwhile.
      if (this.#entries[0] === entry) this.#entries.shift();
    }
    this.#draining = false;
  }

  async #run(entry: Entry): Promise<void> {
    if (entry.state !== 'waiting') return;
    entry.state = 'running';
    try {
      await this.#inside.run(entry, entry.act);
    } catch (error) {
      this.#failed(error);
    } finally {
      entry.state = 'settled';
    }
  }

  #watch(): void {
    if (this.#cancelWatch !== undefined) return;
    const head = this.#entries[0];
    if (head === undefined) return;
    this.#cancelWatch = this.#clock.after(STUCK_MS, () => {
      this.#cancelWatch = undefined;
      if (this.#entries[0] === head) {
        for (const entry of this.#entries) if (entry.kind === 'answer') void this.#run(entry);
      }
      if (this.#entries.some((entry) => entry.kind === 'answer' && entry.state === 'waiting')) this.#watch();
    });
  }
}
