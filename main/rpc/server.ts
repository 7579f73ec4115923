import type { output, ZodType } from 'zod';
import type { Logger } from '#main/log/logger.ts';
import type { Disposable } from '#main/util/disposables.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import { AppError, toErrorData } from '#shared/errors.ts';
import type { EventRecord, Frame, Pipe } from '#shared/pipe.ts';
import { readFrame, type Call, type FrameLimits } from './frame.ts';

type AnyContract = Readonly<Record<string, Readonly<Record<string, { readonly input: ZodType }>>>>;

/** Handlers of any contract; `Handlers` of shared/api/contract.ts, which checks the answers too, is one of these. */
type HandlersOf<C extends AnyContract> = {
  readonly [D in keyof C]: {
    readonly [M in keyof C[D]]: (input: output<C[D][M]['input']>, caller: Pipe) => unknown;
  };
};

export interface RpcServerOptions<C extends AnyContract> {
  readonly contract: C;
  readonly handlers: HandlersOf<C>;
  readonly log: Logger;
  /** Calls of one pipe that may wait for their answer at the same time. */
  readonly maxCallsInFlight?: number;
  readonly limits?: FrameLimits;
  /** A window has gone, and what it had asked for itself with it. */
  readonly gone?: (caller: Pipe) => void;
}

export interface RpcServer extends Disposable {
  /** Answers the calls of one window and gives it every event, until the pipe closes or the result is disposed. */
  attach(pipe: Pipe): Disposable;
  /**
   * Announces a change to every pipe. The events of one turn of the event loop share a frame;
   * an answer never overtakes the events that were announced before it.
   */
  emit<K extends EventName>(name: K, payload: Events[K]): void;
}

/** Well above the largest message (MAX_BODY_LENGTH), well below what would stall main. */
const DEFAULT_LIMITS: FrameLimits = { size: 1 << 20, depth: 24 };
const DEFAULT_CALLS_IN_FLIGHT = 128;

/**
 * The one door between windows and the application: looks a method up, checks its input, calls it and answers.
 * Callers are not trusted: names are own properties at both levels, input passes the schema before a handler
 * sees it, and of an error only its code, its message and its scalars cross (`internal` for unknown ones).
 */
export const createRpcServer = <C extends AnyContract>(options: RpcServerOptions<C>): RpcServer => {
  const pipes = new Broadcast(options.log);
  const maxCalls = options.maxCallsInFlight ?? DEFAULT_CALLS_IN_FLIGHT;
  const limits = options.limits ?? DEFAULT_LIMITS;
  return {
    attach: (pipe) => {
      const calls = new PipeCalls(pipe, pipes, options, limits, maxCalls);
      pipe.onFrame((frame) => calls.receive(frame));
      pipe.onClose(() => {
        pipes.remove(pipe);
        options.gone?.(pipe);
      });
      return pipes.add(pipe);
    },
    emit: (name, payload) => pipes.announce({ name, payload }),
    dispose: () => pipes.dispose(),
  };
};

/** The attached pipes, and the events that wait for the end of this turn of the event loop. */
class Broadcast implements Disposable {
  readonly #log: Logger;
  readonly #pipes = new Set<Pipe>();
  #waiting: EventRecord[] = [];
  #flushing: NodeJS.Immediate | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(pipe: Pipe): Disposable {
    // What was announced before belongs to the windows of then; the new one asks for a snapshot.
    this.flush();
    this.#pipes.add(pipe);
    return { dispose: () => this.remove(pipe) };
  }

  remove(pipe: Pipe): void {
    this.#pipes.delete(pipe);
  }

  announce(event: EventRecord): void {
    this.#waiting.push(event);
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0) for (const pipe of this.#pipes) this.send(pipe, { kind: 'event', events });
  }

  /** Sends to a pipe that is still attached. */
  send(pipe: Pipe, frame: Frame): void {
    if (!this.#pipes.has(pipe)) return;
    try {
      pipe.send(frame);
    } catch (error) {
      this.#log.error('a frame could not be sent', { kind: frame.kind }, error);
      // Without an answer the caller would wait for ever; the plain failure always travels.
      if (frame.kind === 'done') this.send(pipe, { kind: 'fail', id: frame.id, error: toErrorData(error) });
    }
  }

  dispose(): void {
    this.#pipes.clear();
    this.flush();
  }
}

/** The calls of one pipe. */
class PipeCalls {
  readonly #pipe: Pipe;
  readonly #pipes: Broadcast;
  readonly #contract: AnyContract;
  readonly #handlers: AnyHandlers;
  readonly #log: Logger;
  readonly #limits: FrameLimits;
  readonly #maxCalls: number;
  #inFlight = 0;

  constructor(
    pipe: Pipe,
    pipes: Broadcast,
    { contract, handlers, log }: { contract: AnyContract; handlers: AnyHandlers; log: Logger },
    limits: FrameLimits,
    maxCalls: number,
  ) {
    this.#pipe = pipe;
    this.#pipes = pipes;
    this.#contract = contract;
    this.#handlers = handlers;
    this.#log = log;
    this.#limits = limits;
    this.#maxCalls = maxCalls;
  }

  /** Takes whatever arrived. */
  receive(frame: unknown): void {
    const read = readFrame(frame, this.#limits);
    if (!read.ok) {
      this.#log.warn('refused a frame', { reason: read.reason });
      if (read.id !== undefined) this.#refuse(read.id, new AppError('bad-request', 'malformed call'));
    } else if (this.#inFlight >= this.#maxCalls) {
      this.#refuse(read.call.id, new AppError('denied', 'too many calls in flight'));
    } else void this.#answer(read.call);
  }

  async #answer(call: Call): Promise<void> {
    this.#inFlight += 1;
    const reply = await this.#outcome(call);
    this.#inFlight -= 1;
    this.#pipes.flush();
    this.#pipes.send(this.#pipe, reply);
  }

  async #outcome(call: Call): Promise<Frame> {
    try {
      const { handler, input } = resolveCall(this.#contract, this.#handlers, call);
      return { kind: 'done', id: call.id, output: await handler(input, this.#pipe) };
    } catch (error) {
      if (error instanceof AppError) this.#log.info('call refused', { code: error.code });
      else this.#log.error('call failed', { method: call.method }, error);
      return { kind: 'fail', id: call.id, error: toErrorData(error) };
    }
  }

  #refuse(id: number, error: AppError): void {
    this.#pipes.send(this.#pipe, { kind: 'fail', id, error: toErrorData(error) });
  }
}

type AnyHandlers = Readonly<
  Record<string, Readonly<Record<string, (input: never, caller: Pipe) => unknown>>>
>;

/**
 * Finds the handler of a call and checks the input.
 * @throws AppError `unknown-method` or `bad-request`; neither repeats anything that the caller sent
 */
const resolveCall = (
  contract: AnyContract,
  handlers: AnyHandlers,
  call: Call,
): { handler: (input: unknown, caller: Pipe) => unknown; input: unknown } => {
  const [domain = '', name = '', ...rest] = call.method.split('.');
  const method = rest.length === 0 ? own(own(contract, domain), name) : undefined;
  const handler = own(own(handlers, domain), name);
  if (method === undefined || handler === undefined) throw new AppError('unknown-method', 'no such method');
  const parsed = method.input.safeParse(call.input);
  if (!parsed.success) throw new AppError('bad-request', 'the input does not fit the method');
  // The schema has just made the input what this handler takes.
  return { handler: handler as (input: unknown, caller: Pipe) => unknown, input: parsed.data };
};

/** Own properties only: `constructor` and `__proto__` are no domains and no methods. */
const own = <T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
