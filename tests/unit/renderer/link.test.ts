import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '#renderer/api/client.ts';
import { createLink, LinkRefused, type LinkState, type OpenPipe } from '#renderer/api/link.ts';
import { AppError } from '#shared/errors.ts';
import type { Frame, Pipe } from '#shared/pipe.ts';
import { memoryPipes } from '#tests/support/memory-pipe.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const turn = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);

/** A host that can be away, and that keeps every pipe it has given. */
const openHost = (): {
  open: OpenPipe;
  ends: (Pipe & { close(): void })[];
  attempts: () => number;
  away: (value: boolean) => void;
} => {
  const ends: (Pipe & { close(): void })[] = [];
  let attempts = 0;
  let away = false;
  return {
    ends,
    attempts: () => attempts,
    away: (value) => {
      away = value;
    },
    open: () => {
      attempts += 1;
      if (away) return Promise.reject(new Error('connection refused'));
      const [near, far] = memoryPipes();
      ends.push(far);
      return Promise.resolve(near);
    },
  };
};

const codeOfFailure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof AppError ? error.code : 'no code'),
  );

describe('the link', () => {
  it('opens by itself, and again when it is lost', async () => {
    const host = openHost();
    const link = createLink(host.open);
    const states: LinkState[] = [link.state()];
    link.onState((state) => states.push(state));
    await turn();
    host.ends[0]?.close();
    await turn();
    expect(states).toEqual(['connecting', 'open', 'lost', 'open']);
    link.close();
  });

  it('waits longer after each failure, five seconds at the most, and shorter after a success', async () => {
    const host = openHost();
    host.away(true);
    const link = createLink(host.open);
    await turn();
    for (const [ms, attempts] of [
      [249, 2],
      [1, 3],
      [499, 3],
      [1, 4],
      [15_000, 8],
    ] as const) {
      await vi.advanceTimersByTimeAsync(ms);
      expect(host.attempts()).toBe(attempts);
    }
    host.away(false);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(link.state()).toBe('open');
    host.ends[0]?.close();
    await turn();
    expect(link.state()).toBe('open');
    link.close();
  });

  it('tries at once when somebody asks for it', async () => {
    const host = openHost();
    host.away(true);
    const link = createLink(host.open);
    await vi.advanceTimersByTimeAsync(10_000);
    const before = host.attempts();
    host.away(false);
    link.retryNow();
    await turn();
    expect([host.attempts(), link.state()]).toEqual([before + 1, 'open']);
    link.close();
  });

  it('gives up where the host does not know this window', async () => {
    let attempts = 0;
    const link = createLink(() => {
      attempts += 1;
      return Promise.reject(new LinkRefused());
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([link.state(), attempts]).toEqual(['refused', 1]);
  });

  it('is silent after it was closed', async () => {
    const host = openHost();
    const link = createLink(host.open);
    await turn();
    link.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(host.attempts()).toBe(1);
    expect(link.send({ kind: 'call', id: 1, method: 'app.snapshot', input: {} })).toBe(false);
  });
});

describe('the client', () => {
  const connect = async () => {
    const host = openHost();
    const link = createLink(host.open);
    const client = createClient(link);
    await turn();
    const [end] = host.ends;
    if (end === undefined) throw new Error('no pipe');
    const frames: Frame[] = [];
    end.onFrame((frame) => frames.push(frame as Frame));
    return { host, link, client, end, frames };
  };

  it('calls by the names of the contract and takes the answer with its id', async () => {
    const { client, end, frames, link } = await connect();
    const first = client.api.app.snapshot({});
    const second = client.api.settings.update({ theme: 'dark' });
    await turn();
    expect(frames).toEqual([
      { kind: 'call', id: 1, method: 'app.snapshot', input: {} },
      { kind: 'call', id: 2, method: 'settings.update', input: { theme: 'dark' } },
    ]);
    end.send({ kind: 'done', id: 2, output: 'two' });
    end.send({ kind: 'done', id: 1, output: 'one' });
    expect([await first, await second]).toEqual(['one', 'two']);
    link.close();
  });

  it('rejects with the code of main, and with internal for one it does not know', async () => {
    const { client, end, link } = await connect();
    const known = codeOfFailure(client.api.app.snapshot({}));
    const unknown = codeOfFailure(client.api.app.snapshot({}));
    end.send({ kind: 'fail', id: 1, error: { code: 'disk-full', message: 'x' } });
    end.send({ kind: 'fail', id: 2, error: { code: 'made-up' as never, message: 'x' } });
    expect([await known, await unknown]).toEqual(['disk-full', 'internal']);
    link.close();
  });

  it('rejects what waits for an answer when the link is lost, and what is asked without one', async () => {
    const { client, end, link, host } = await connect();
    const waiting = codeOfFailure(client.api.app.snapshot({}));
    await turn();
    host.away(true);
    end.close();
    expect(await waiting).toBe('disconnected');
    expect(await codeOfFailure(client.api.app.snapshot({}))).toBe('disconnected');
    link.close();
  });

  it('hears events in order and survives frames that are none', async () => {
    const { client, end, link } = await connect();
    const heard: string[] = [];
    client.onEvent((name) => heard.push(name));
    for (const nonsense of [
      null,
      7,
      'x',
      [],
      {},
      { kind: 'event' },
      { kind: 'event', events: [null, { name: 5 }] },
      { kind: 'done', id: 99 },
    ]) {
      end.send(nonsense as Frame);
    }
    end.send({
      kind: 'event',
      events: [
        { name: 'app.changed', payload: {} },
        { name: 'settings.changed', payload: {} },
      ],
    });
    await turn();
    expect(heard).toEqual(['app.changed', 'settings.changed']);
    link.close();
  });
});
