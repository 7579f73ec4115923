import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { afterEach } from 'vitest';
import { createDialer, type Dial, type DialerOptions } from '#main/net/dialer.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import { StreamError, type Stream, type StreamOptions } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { createOpenStream } from '#main/xmpp/stream.ts';

/** Streams over the real dialer, with everything a test wants to see; all are gone after each test. */
export interface Opened {
  readonly stream: Stream;
  /** What the handler was given, serialised. */
  readonly heard: string[];
  /** Bodies of the messages among it. */
  readonly bodies: string[];
  /** Resolves with the outcome of the stream. */
  readonly ended: Promise<StreamError | undefined>;
}

export interface OpenOptions extends Partial<Omit<StreamOptions, 'password'>> {
  readonly password?: string;
  readonly clock?: Clock;
  readonly dialer?: DialerOptions;
  readonly signal?: AbortSignal;
  /** Sees what the dialer gives out. */
  readonly dialed?: (socket: Duplex) => void;
  readonly handle?: (stanza: Element) => Promise<void> | void;
  readonly durable?: () => Promise<void> | undefined;
}

/** Every line that was logged, unredacted, so that a test can look for what must not be there. */
export const logged: string[] = [];

const note = (...parts: readonly unknown[]): void => {
  logged.push(inspect(parts, { depth: 10 }));
};
const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log };

/** Every name is this machine. */
export const loopbackLookup: LookupFunction = (_host, options, done) => {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

const opened = new Set<Stream>();

afterEach(async () => {
  await Promise.all([...opened].map((stream) => stream.close()));
  opened.clear();
  logged.length = 0;
});

const nothingToWaitFor = (): undefined => undefined;

/** A stream that nobody listens to yet. */
export const openBare = async (options: OpenOptions): Promise<Stream> => {
  const { clock, dialer, signal, dialed, handle: _, durable, password = 'pw-alice', ...account } = options;
  const dial = createDialer({ ...dialer, ...(clock && { clock }) });
  const watched: Dial = async (target, giveUp) => {
    const outcome = await dial(target, giveUp);
    if (outcome.ok) dialed?.(outcome.socket);
    return outcome;
  };
  const open = createOpenStream({
    dial: watched,
    log,
    ...(clock && { clock }),
    durable: durable ?? nothingToWaitFor,
  });
  const stream = await open(
    {
      jid: 'alice@localhost',
      password: async () => password,
      userAgent: 'd4565fa7-4d72-4749-b3d3-740edbf87770',
      host: '127.0.0.1',
      directTls: false,
      resource: 'test',
      ...account,
    },
    signal ?? new AbortController().signal,
  );
  opened.add(stream);
  return stream;
};

export const openWith = async (options: OpenOptions): Promise<Opened> => {
  const stream = await openBare(options);
  const heard: string[] = [];
  const bodies: string[] = [];
  stream.onStanza(async (stanza) => {
    heard.push(stanza.toString());
    const body = stanza.getChildText('body');
    if (body !== null) bodies.push(body);
    await options.handle?.(stanza);
  });
  const ended = new Promise<StreamError | undefined>((resolve) => stream.onEnd(resolve));
  return { stream, heard, bodies, ended };
};

/** The failure of an attempt that must fail. */
export const failureOf = async (options: OpenOptions): Promise<StreamError> => {
  try {
    await openBare(options);
  } catch (error) {
    if (error instanceof StreamError) return error;
    throw error;
  }
  throw new Error('the stream was opened');
};
