/** Answers a promise while something is committed that a power cut would still undo. */
export type Durable = () => Promise<void> | undefined;

export interface OutgoingGatePorts {
  readonly durable: Durable;
  readonly write: (text: string, done?: () => void) => void;
  /** What the texts rest on cannot be kept: they do not leave. */
  readonly failed: (error: unknown) => void;
}

/**
 * Nothing leaves before what it rests on is on the disk: neither a message, nor an acknowledgement, nor a
 * published key. Keeps the order; where there is nothing to wait for, a text leaves at once.
 */
export class OutgoingGate {
  readonly #ports: OutgoingGatePorts;
  #waiting: { readonly text: string; readonly done: (() => void) | undefined }[] = [];
  #draining: Promise<void> | undefined;
  #isStopped = false;

  constructor(ports: OutgoingGatePorts) {
    this.#ports = ports;
  }

  /** @param done called when the system has taken the text, or never will */
  write(text: string, done?: () => void): void {
    if (this.#isStopped) {
      done?.();
      return;
    }
    const durable = this.#draining === undefined ? this.#ports.durable() : undefined;
    if (this.#draining === undefined && durable === undefined) {
      this.#ports.write(text, done);
      return;
    }
    this.#waiting.push({ text, done });
    if (durable !== undefined) this.#draining = this.#drain(durable);
  }

  /** Resolves when nothing waits any more: it has left, or never will. */
  finish(): Promise<void> {
    return this.#draining ?? Promise.resolve();
  }

  /** What still waits never leaves. */
  stop(): void {
    this.#isStopped = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { done } of waiting) done?.();
  }

  /** @param first what the one text that waits rests on */
  async #drain(first: Promise<void>): Promise<void> {
    let durable: Promise<void> | undefined = first;
    try {
      for (let covered = 1; covered > 0; covered = this.#waiting.length) {
        await durable;
        for (const { text, done } of this.#waiting.splice(0, covered)) this.#ports.write(text, done);
        // Those that came meanwhile may rest on later commits.
        durable = this.#waiting.length > 0 ? this.#ports.durable() : undefined;
      }
    } catch (error) {
      if (this.#isStopped) return;
      this.#ports.failed(error);
      this.stop();
    } finally {
      this.#draining = undefined;
    }
  }
}
