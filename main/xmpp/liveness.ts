import type { Clock } from '#main/util/clock.ts';

export const LIVENESS_TIMES = {
  /** Silence after which the server is asked for a sign of life. */
  idleMs: 90_000,
  /** How long it may take to give one. */
  answerMs: 30_000,
} as const;

export interface LivenessPorts {
  readonly clock: Clock;
  /** How much has arrived so far; any number that grows with it. */
  readonly heard: () => number;
  /** Asks the server something that it must answer. */
  readonly ask: () => void;
  readonly dead: () => void;
}

/** Notices that a connection is dead although nobody has closed it: the cable, the cellar, the café's router. */
export class Liveness {
  readonly #ports: LivenessPorts;
  #cancelDeadline: (() => void) | undefined;
  #cancelIdle: (() => void) | undefined;

  constructor(ports: LivenessPorts) {
    this.#ports = ports;
    this.#watchSilence(ports.heard());
  }

  /** Asks now; no answer within `ms` means that the connection is dead. */
  probe(ms: number): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    this.expectAnswer(ms);
    this.#ports.ask();
  }

  /** Something was asked. A deadline that runs already is kept: it is the nearer one. */
  expectAnswer(ms: number = LIVENESS_TIMES.answerMs): void {
    if (this.#cancelDeadline !== undefined) return;
    const before = this.#ports.heard();
    this.#cancelDeadline = this.#ports.clock.after(ms, () => {
      this.#cancelDeadline = undefined;
      // A slow link that still brings something is not dead: the answer is behind it.
      if (this.#ports.heard() > before) this.expectAnswer(ms);
      else this.#ports.dead();
    });
  }

  /** The answer came. @param others whether something else that was asked is still open */
  answered(others: boolean): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    if (others) this.expectAnswer();
  }

  stop(): void {
    this.#cancelDeadline?.();
    this.#cancelIdle?.();
  }

  #watchSilence(before: number): void {
    this.#cancelIdle = this.#ports.clock.after(LIVENESS_TIMES.idleMs, () => {
      const now = this.#ports.heard();
      this.#watchSilence(now);
      if (now === before && this.#cancelDeadline === undefined) this.probe(LIVENESS_TIMES.answerMs);
    });
  }
}
