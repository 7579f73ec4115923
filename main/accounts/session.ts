import { AppError } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Feature } from '#main/xmpp/feature.ts';
import type { OwnDisco } from '#main/xmpp/features/disco.ts';
import {
  StreamError,
  type OpenStream,
  type ResumeState,
  type Stream,
  type StreamOptions,
} from '#main/xmpp/port.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { ResumeMemory } from './stream-memory.ts';
import {
  connectionError,
  transition,
  type AccountEffect,
  type AccountEvent,
  type AccountState,
} from './machine.ts';

/** What the other services do with a stream; all of one account. */
export interface SessionWork {
  /** Fetches the roster and says that we are here; `full` is false after a resumption. */
  sync(xmpp: XmppSession, full: boolean): Promise<void>;
  message(xmpp: XmppSession, message: Element): Promise<void> | void;
  presence(xmpp: XmppSession, presence: Element): Promise<void> | void;
  /** Whether a contact may know that we are online. */
  seesUs(bare: string): boolean;
  runOutbox(stream: Stream): void;
  holdOutbox(): void;
  /** The stream is gone and what it told us with it: presence of others. */
  ended(): void;
}

export interface SessionDependencies {
  readonly accountId: AccountId;
  /** Read for every attempt: server and pin may have changed. */
  readonly options: () => StreamOptions;
  readonly openStream: OpenStream;
  readonly clock: Clock;
  /** Uniform in [0, 1); spreads the reconnects of many clients. */
  readonly random: () => number;
  readonly log: Logger;
  readonly features: { readonly all: readonly Feature[]; readonly disco: OwnDisco };
  readonly work: SessionWork;
  readonly memory: Omit<ResumeMemory, 'heard'>;
  readonly changed: (state: AccountState) => void;
}

/** A dead link shows itself within this time after waking. */
const PROBE_DEADLINE_MS = 8_000;

/** What was thrown by ourselves while a stream was opened. */
const unexpected = (error: unknown): StreamError => {
  const code = error instanceof AppError ? error.code : 'protocol-error';
  return new StreamError({ code, step: 'session', advice: 'retry-later' }, 'unexpected', error);
};

/** So many streams in a row may be resumed and hear nothing: then it is the session on the server that is stuck. */
const MAX_DEAF = 2;

/** Never settles: the stanza does not count as handled, so the server keeps it. */
const unhandled = new Promise<never>(() => undefined);

/** Runs the effects of the account machine: one account, at most one stream. */
export class AccountSession {
  readonly #deps: SessionDependencies;
  #state: AccountState = { phase: 'disabled' };
  /** Counts streams and attempts: whatever reports with an older number is of the past. */
  #generation = 0;
  #attempt: AbortController | undefined;
  #stream: Stream | undefined;
  #xmpp: XmppSession | undefined;
  #resume: ResumeState | undefined;
  /** The session on the server knows our presence: a stream that resumes it has nothing to say again. */
  #isIntroduced = false;
  /** How many streams in a row were resumed and had no answer to what they said. */
  #deaf = 0;
  #cancelWait: (() => void) | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(deps: SessionDependencies) {
    this.#deps = deps;
  }

  get state(): AccountState {
    return this.#state;
  }

  /** The stream's router, while there is a stream that can be used. */
  get xmpp(): XmppSession | undefined {
    return this.#state.phase === 'syncing' || this.#state.phase === 'online' ? this.#xmpp : undefined;
  }

  dispatch(event: AccountEvent): void {
    const before = this.#state;
    const [state, effects] = transition(before, event, {
      now: this.#deps.clock.now(),
      random: this.#deps.random(),
    });
    this.#state = state;
    if (state !== before) this.#deps.log.info('account', { event: event.type, phase: state.phase });
    for (const effect of effects) this.#run(effect);
    if (state !== before) this.#deps.changed(state);
  }

  /** Disables the session and waits until its stream is closed. */
  async close(): Promise<void> {
    this.dispatch({ type: 'disable' });
    await this.#closing;
  }

  #run(effect: AccountEffect): void {
    switch (effect.type) {
      case 'open':
        void this.#open();
        break;
      case 'close':
        // Who quits is offline at once. Only a crash or a lost network leaves something to come back to.
        this.#drop((stream) => stream.close());
        this.#keep(undefined);
        break;
      case 'abort':
        this.#drop((stream) => {
          this.#keep(stream.resumeState());
          stream.abort('suspended');
          return Promise.resolve();
        });
        break;
      case 'probe':
        this.#stream?.probe(PROBE_DEADLINE_MS);
        break;
      case 'wait':
        this.#cancelWait = this.#deps.clock.after(effect.ms, () => this.dispatch({ type: 'timer' }));
        break;
      case 'cancel-wait':
        this.#cancelWait?.();
        break;
      case 'sync':
        void this.#sync(effect.full);
        break;
      case 'run-outbox':
        if (this.#stream !== undefined) this.#deps.work.runOutbox(this.#stream);
        break;
      case 'hold-outbox':
        this.#deps.work.holdOutbox();
        break;
    }
  }

  async #open(): Promise<void> {
    const generation = ++this.#generation;
    const attempt = new AbortController();
    this.#attempt = attempt;
    // A new attempt must not meet the old stream of the same resource: the server would answer <conflict/>.
    await this.#closing;
    try {
      attempt.signal.throwIfAborted();
      const options = this.#deps.options();
      this.#resume ??= this.#deps.memory.load();
      const stream = await this.#deps.openStream({ ...options, resume: this.#resume }, attempt.signal);
      if (generation !== this.#generation) {
        await stream.close();
        return;
      }
      this.#up(stream, generation);
    } catch (error) {
      this.#down(error, generation);
    }
  }

  #up(stream: Stream, generation: number): void {
    try {
      this.#deps.memory.begin(stream);
    } catch (error) {
      stream.abort('its beginning could not be stored');
      throw error;
    }
    stream.onAcknowledging((inbound) => this.#deps.memory.acknowledging(inbound));
    this.#resume = undefined;
    this.#stream = stream;
    const xmpp = new XmppSession(stream, this.#deps.features.all, {
      message: (message) => this.#guarded('message', (session) => this.#deps.work.message(session, message)),
      presence: (presence) =>
        this.#guarded('presence', (session) => this.#deps.work.presence(session, presence)),
      seesUs: (bare) => this.#deps.work.seesUs(bare),
    });
    this.#xmpp = xmpp;
    const begun = stream.resumeState();
    stream.onEnd((error) => {
      if (generation !== this.#generation) return;
      this.#keep(this.#leftOf(stream, begun));
      this.#down(
        error ?? new StreamError({ code: 'connection-lost', step: 'session', advice: 'retry-now' }, 'closed'),
        generation,
      );
    });
    this.#isIntroduced &&= stream.resumed;
    // A break in the middle of the first sync leaves a session that can be resumed and is deaf.
    this.dispatch({ type: 'stream-up', resumed: this.#isIntroduced });
    // After the services have attached; unless one of them has ended it all.
    if (this.#xmpp === xmpp) xmpp.open();
  }

  /**
   * One bad stanza must not take the connection with it. But what could not be stored must not count as
   * handled: the stream is dropped without acknowledging it, so that the server keeps it for the next one.
   */
  async #guarded(what: string, act: (xmpp: XmppSession) => Promise<void> | void): Promise<void> {
    const xmpp = this.#xmpp;
    // The stream is over: what it still hands out is for the next one.
    if (xmpp === undefined) return unhandled;
    try {
      await act(xmpp);
    } catch (error) {
      this.#deps.log.error(`a ${what} could not be handled`, {}, error);
      if (!(error instanceof AppError) || xmpp !== this.#xmpp) return;
      this.#fail(
        new StreamError({ code: error.code, step: 'session', advice: 'retry-later' }, error.message, error),
      );
      return unhandled;
    }
  }

  /** Drops a stream that works, because we do not; it stays resumable. */
  #fail(error: StreamError): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#keep(stream.resumeState());
    const generation = ++this.#generation;
    stream.abort(error.message);
    this.#down(error, generation);
  }

  async #sync(full: boolean): Promise<void> {
    const generation = this.#generation;
    const xmpp = this.#xmpp;
    if (xmpp === undefined) return;
    try {
      await this.#deps.work.sync(xmpp, full);
      if (generation !== this.#generation) return;
      this.#isIntroduced = true;
      this.dispatch({ type: 'synced' });
    } catch (error) {
      this.#deps.log.warn('sync failed', {}, error);
      if (generation !== this.#generation) return;
      const known = error instanceof AppError ? error.code : 'protocol-error';
      this.#fail(
        new StreamError({ code: known, step: 'session', advice: 'retry-later' }, 'sync failed', error),
      );
    }
  }

  #down(error: unknown, generation: number): void {
    if (generation !== this.#generation) return;
    this.#forget();
    const failure = error instanceof StreamError ? error : unexpected(error);
    // A resumption that has failed so would fail again; a refused one is a new stream, and no failure.
    if (failure.step === 'bind' && failure.code === 'protocol-error') this.#keep(undefined);
    this.#deps.log.info('stream down', {
      code: failure.code,
      step: failure.step,
      condition: failure.condition,
    });
    if (!(error instanceof StreamError) && !(error instanceof AppError))
      this.#deps.log.error('unexpected failure of a stream', {}, error);
    this.dispatch({ type: 'stream-down', error: connectionError(failure) });
  }

  #keep(state: ResumeState | undefined): void {
    this.#resume = state;
    this.#deps.memory.end(state);
  }

  /**
   * What can be resumed of a stream that has ended. A session that answers to nothing, however often it is
   * resumed, is given up (seen with Prosody 0.12): a new one says everything again.
   */
  #leftOf(stream: Stream, begun: ResumeState | undefined): ResumeState | undefined {
    const left = stream.resumeState();
    const hasSaid = left?.unacked !== undefined && left.unacked.length > 0;
    const hasHeard = left?.inbound !== begun?.inbound || left?.outbound !== begun?.outbound;
    this.#deaf = stream.resumed && hasSaid && !hasHeard ? this.#deaf + 1 : 0;
    if (this.#deaf < MAX_DEAF) return left;
    this.#deaf = 0;
    this.#deps.log.warn('a session that answers to nothing is given up', { streams: MAX_DEAF });
    return undefined;
  }

  /** Ends the stream or the attempt for a reason of our own: nothing it still reports counts. */
  #drop(end: (stream: Stream) => Promise<void>): void {
    this.#generation++;
    this.#attempt?.abort();
    // What it told is kept before it is forgotten.
    if (this.#stream !== undefined) this.#closing = end(this.#stream).catch(() => undefined);
    this.#forget();
  }

  #forget(): void {
    this.#xmpp?.dispose();
    this.#xmpp = undefined;
    this.#attempt = undefined;
    if (this.#stream === undefined) return;
    this.#stream = undefined;
    this.#deps.work.ended();
  }
}
