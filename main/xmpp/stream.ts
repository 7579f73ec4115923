/** Opens streams: dials, logs in, and hands over what has become a stream. */
import { parseJid, type Jid } from '#shared/jid.ts';
import type { ConnectionStep } from '#shared/views.ts';
import type { Logger } from '#main/log/logger.ts';
import { systemClock, type Clock } from '#main/util/clock.ts';
import type { Dial } from './dial.ts';
import { LibraryWire } from './library-wire.ts';
import { LiveStream } from './live-stream.ts';
import { negotiate, revokeToken, type NegotiationInput } from './negotiation.ts';
import type { Durable } from './outgoing-gate.ts';
import { StreamError, type OpenStream, type RevokeToken, type StreamOptions } from './port.ts';
import { connectionLost, notStored, protocolFailure, TokenRefused } from './stream-failures.ts';
import type { Wire } from './wire.ts';

export interface OpenStreamDependencies {
  readonly dial: Dial;
  readonly clock?: Clock;
  readonly log: Logger;
  readonly durable: Durable;
  /** Within this an attempt succeeds or fails; default 30 s. Tor needs longer. */
  readonly attemptMs?: number;
}

const ATTEMPT_MS = 30_000;

type Dependencies = Required<Pick<OpenStreamDependencies, 'clock'>> & OpenStreamDependencies;

/** Makes the function that opens streams. It rejects with StreamError only. */
export const createOpenStream = (given: OpenStreamDependencies): OpenStream => {
  const deps = { ...given, clock: given.clock ?? systemClock };
  const open = async (wire: Wire, input: NegotiationInput): Promise<LiveStream> => {
    // A resumption tells what we have handled.
    await deps.durable()?.catch((error: unknown) => {
      throw notStored(error, wire.step);
    });
    const negotiated = await negotiate(wire, input);
    deps.log.info('stream open', { resumed: negotiated.resumed, acks: negotiated.acks !== undefined });
    return new LiveStream(wire, negotiated, deps);
  };
  /** Accounts whose last login with a token came to no answer: there are servers that fall silent. */
  const doubtful = new Set<string>();
  return async (options, signal) => {
    const known = await secretsAtHand(options, doubtful.delete(options.jid), deps);
    try {
      return await attempt(known, signal, deps, open);
    } catch (error) {
      if (error instanceof StreamError && error.step === 'auth' && error.advice === 'retry-now')
        doubtful.add(options.jid);
      if (!(error instanceof TokenRefused)) throw error;
      deps.log.info('the token was refused');
      await known.tokens?.set(undefined);
      return attempt(known, signal, deps, open);
    }
  };
};

/** Makes the function that revokes tokens. */
export const createRevokeToken = (given: OpenStreamDependencies): RevokeToken => {
  const deps = { ...given, clock: given.clock ?? systemClock };
  return (options, signal) =>
    attempt(options, signal, deps, async (wire, input) => {
      await revokeToken(wire, input);
      await wire.end();
    });
};

/**
 * Looks for a token, and asks for the password only where there is none: before anything is dialled, because a
 * keychain may wait for its user. What the server gives out later is kept as far as that goes.
 */
const secretsAtHand = async (
  options: StreamOptions,
  avoidsToken: boolean,
  { log }: Dependencies,
): Promise<StreamOptions> => {
  const { tokens } = options;
  let asked: Promise<string | undefined> | undefined;
  const password = (): Promise<string | undefined> => (asked ??= options.password());
  try {
    let token = avoidsToken ? undefined : await tokens?.get();
    if (token === undefined) await password();
    const set: NonNullable<typeof tokens>['set'] = async (next) => {
      token = next;
      await tokens?.set(next).catch((error: unknown) => log.warn('a token could not be kept', {}, error));
    };
    return { ...options, password, tokens: tokens && { get: async () => token, set } };
  } catch (error) {
    log.error('no secret to log in with', {}, error);
    throw protocolFailure('the secrets cannot be read', 'auth');
  }
};

/** One connection, for one purpose, within its time. @throws StreamError; TokenRefused */
const attempt = async <T>(
  options: StreamOptions,
  signal: AbortSignal,
  deps: Dependencies,
  use: (wire: Wire, input: NegotiationInput) => Promise<T>,
): Promise<T> => {
  const account = parseJid(options.jid);
  if (account === undefined || account.local === '') {
    throw new StreamError(
      { code: 'auth-failed', step: 'auth', advice: 'needs-user' },
      'not the address of an account',
    );
  }
  const attempted = new AbortController();
  const giveUp = (): void => attempted.abort(connectionLost('the attempt was given up', 'tcp'));
  const late = (): void => attempted.abort('late');
  const cancelLate = deps.clock.after(deps.attemptMs ?? ATTEMPT_MS, late);
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await connected(options, account, attempted.signal, deps, use);
  } catch (error) {
    if (error instanceof StreamError || error instanceof TokenRefused) throw error;
    deps.log.error('an attempt failed for a reason of our own', {}, error);
    throw protocolFailure('internal error', 'stream');
  } finally {
    cancelLate();
    signal.removeEventListener('abort', giveUp);
  }
};

const timedOut = (step: ConnectionStep, host?: string): StreamError =>
  new StreamError({ code: 'connection-timeout', step, advice: 'retry-now', host }, 'the login took too long');

/** Why an attempt was aborted, told with the step that it had reached. */
const abortError = (signal: AbortSignal, step: ConnectionStep): StreamError =>
  signal.reason instanceof StreamError ? connectionLost(signal.reason.message, step) : timedOut(step);

const connected = async <T>(
  options: StreamOptions,
  account: Jid,
  signal: AbortSignal,
  deps: Dependencies,
  use: (wire: Wire, input: NegotiationInput) => Promise<T>,
): Promise<T> => {
  const { host, port, directTls, pinnedSpki, ca } = options;
  const outcome = await deps.dial({ domain: account.domain, host, port, directTls, pinnedSpki, ca }, signal);
  if (!outcome.ok) {
    if (signal.aborted) throw abortError(signal, outcome.failure.step);
    throw new StreamError(outcome.failure, outcome.message, outcome.cause);
  }
  const { socket, endpoint, channelBindings, tlsVersion } = outcome;
  const wire = new LibraryWire(socket, account, deps.clock);
  const aborted = (): void => wire.fail({ error: abortError(signal, wire.step), resumable: true });
  signal.addEventListener('abort', aborted, { once: true });
  try {
    if (signal.aborted) aborted();
    return await use(wire, { options, account, channelBindings, tlsVersion, now: deps.clock.now() });
  } catch (error) {
    // What was given up may already be resumed over there: a goodbye would end it for the next attempt too.
    await (signal.aborted ? wire.drop() : wire.end());
    if (!(error instanceof StreamError)) throw error;
    const { code, step, advice, condition } = error;
    throw new StreamError({ code, step, advice, condition, host: endpoint.host }, error.message, error.cause);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
};
