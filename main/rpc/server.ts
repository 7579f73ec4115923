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
  readonly [D in keyof C]: { readonly [M in keyof C[D]]: (input: output<C[D][M]['input']>) => unknown };
};

export interface RpcServerOptions<C extends AnyContract> {
  readonly contract: C;
  readonly handlers: HandlersOf<C>;
  readonly log: Logger;
  /** Calls of one pipe that may wait for their answer at the same time. */
  readonly maxCallsInFlight?: number;
  readonly limits?: FrameLimits;
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
  const { contract, log } = options;
  const handlers: AnyHandlers = options.handlers;
  const limits = options.limits ?? DEFAULT_LIMITS;
  const maxCalls = options.maxCallsInFlight ?? DEFAULT_CALLS_IN_FLIGHT;
  const pipes = new Map<Pipe, Disposable>();
  let waiting: EventRecord[] = [];
  let flushing: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(flushing);
    flushing = undefined;
    if (waiting.length === 0) return;
    const events = waiting;
    waiting = [];
    for (const pipe of pipes.keys()) deliver(pipe, { kind: 'event', events });
  };

  const deliver = (pipe: Pipe, frame: Frame): void => {
    try {
      pipe.send(frame);
    } catch (error) {
      log.error('a frame could not be sent', { kind: frame.kind }, error);
      // Without an answer the caller would wait for ever; the plain failure always travels.
      if (frame.kind === 'done') deliver(pipe, { kind: 'fail', id: frame.id, error: toErrorData(error) });
    }
  };

  const answer = async (call: Call): Promise<Frame> => {
    try {
      const { handler, input } = resolveCall(contract, handlers, call);
      return { kind: 'done', id: call.id, output: await handler(input) };
    } catch (error) {
      if (error instanceof AppError) log.info('call refused', { code: error.code });
      else log.error('call failed', { method: call.method }, error);
      return { kind: 'fail', id: call.id, error: toErrorData(error) };
    }
  };

  const attach = (pipe: Pipe): Disposable => {
    // What was announced before belongs to the windows of then; the new one asks for a snapshot.
    flush();
    let open = true;
    let inFlight = 0;
    const detach = (): void => {
      open = false;
      pipes.delete(pipe);
    };
    const fail = (id: number, error: AppError): void => deliver(pipe, { kind: 'fail', id, error: toErrorData(error) });
    const onCall = async (call: Call): Promise<void> => {
      inFlight += 1;
      const reply = await answer(call);
      inFlight -= 1;
      if (!open) return;
      flush();
      deliver(pipe, reply);
    };
    pipe.onFrame((frame) => {
      if (!open) return;
      const read = readFrame(frame, limits);
      if (!read.ok) {
        log.warn('refused a frame', { reason: read.reason });
        if (read.id !== undefined) fail(read.id, new AppError('bad-request', 'malformed call'));
      } else if (inFlight >= maxCalls) fail(read.call.id, new AppError('denied', 'too many calls in flight'));
      else void onCall(read.call);
    });
    pipe.onClose(detach);
    const disposable: Disposable = { dispose: detach };
    pipes.set(pipe, disposable);
    return disposable;
  };

  return {
    attach,
    emit: (name, payload) => {
      waiting.push({ name, payload });
      flushing ??= setImmediate(flush);
    },
    dispose: () => {
      for (const attached of [...pipes.values()]) attached.dispose();
      clearImmediate(flushing);
      waiting = [];
    },
  };
};

type AnyHandlers = Readonly<Record<string, Readonly<Record<string, (input: never) => unknown>>>>;

/**
 * Finds the handler of a call and checks the input.
 * @throws AppError `unknown-method` or `bad-request`; neither repeats anything that the caller sent
 */
const resolveCall = (
  contract: AnyContract,
  handlers: AnyHandlers,
  call: Call,
): { handler: (input: unknown) => unknown; input: unknown } => {
  const [domain = '', name = '', ...rest] = call.method.split('.');
  const method = rest.length === 0 ? own(own(contract, domain), name) : undefined;
  const handler = own(own(handlers, domain), name);
  if (method === undefined || handler === undefined) throw new AppError('unknown-method', 'no such method');
  const parsed = method.input.safeParse(call.input);
  if (!parsed.success) throw new AppError('bad-request', 'the input does not fit the method');
  // The schema has just made the input what this handler takes.
  return { handler: handler as (input: unknown) => unknown, input: parsed.data };
};

/** Own properties only: `constructor` and `__proto__` are no domains and no methods. */
const own = <T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
