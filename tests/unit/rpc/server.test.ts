import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createLogger } from '#main/log/logger.ts';
import { createRpcServer } from '#main/rpc/server.ts';
import { method } from '#shared/api/method.ts';
import { AppError } from '#shared/errors.ts';
import type { Frame, Pipe } from '#shared/pipe.ts';
import type { SettingsView } from '#shared/views.ts';
import { memoryPipes } from '#tests/support/memory-pipe.ts';

const contract = {
  greeter: {
    greet: method(z.strictObject({ name: z.string().max(20), times: z.int().default(1) }))<string>(),
    explode: method(z.strictObject({}))<void>(),
    refuse: method(z.strictObject({}))<void>(),
    wait: method(z.strictObject({}))<string>(),
    odd: method(z.strictObject({}))<unknown>(),
  },
};

/** A server with one window attached, everything that reached a handler, and everything that came back. */
const serve = (options: { maxCallsInFlight?: number } = {}) => {
  const seen: unknown[] = [];
  const log: string[] = [];
  const gate = Promise.withResolvers<string>();
  const server = createRpcServer({
    contract,
    handlers: {
      greeter: {
        greet: (input) => {
          seen.push(input);
          return `Hello, ${input.name}`;
        },
        explode: () => {
          throw new Error('secret in /home/ann/key.pem');
        },
        refuse: () => {
          throw new AppError('not-found', 'no such chat', { detail: { chat: 7 } });
        },
        wait: () => gate.promise,
        odd: () => () => 'functions cannot be cloned',
      },
    },
    log: createLogger((line) => log.push(line), 'debug', 'salt'),
    ...options,
  });
  onTestFinished(() => server.dispose());
  const attach = (pipe?: Pipe) => {
    const [window, host] = memoryPipes();
    const received: Frame[] = [];
    window.onFrame((frame) => received.push(frame as Frame));
    const attached = server.attach(pipe ?? host);
    return { window, received, attached };
  };
  return { server, seen, log, gate, attach, ...attach() };
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const call = (id: number, name: string, input: unknown = {}): Frame => ({
  kind: 'call',
  id,
  method: name,
  input,
});

const settings = (theme: SettingsView['theme']) => ({ settings: { theme } as SettingsView });

describe('a call', () => {
  it('is answered under its id, with the input as the schema left it', async () => {
    const { window, received, seen } = serve();
    window.send(call(1, 'greeter.greet', { name: 'Ann' }));
    await settle();
    expect(received).toEqual([{ kind: 'done', id: 1, output: 'Hello, Ann' }]);
    expect(seen).toEqual([{ name: 'Ann', times: 1 }]);
  });

  it('with input that does not fit is refused without repeating it', async () => {
    const { window, received, seen } = serve();
    const wrong = [
      null,
      undefined,
      1,
      [],
      {},
      { name: 1 },
      { name: 'x'.repeat(21) },
      { name: 'secret', more: 1 },
      'secret',
    ];
    wrong.forEach((input, id) => window.send(call(id, 'greeter.greet', input)));
    await settle();
    expect(received).toHaveLength(wrong.length);
    expect(new Set(received.map((frame) => frame.kind === 'fail' && frame.error.code))).toEqual(
      new Set(['bad-request']),
    );
    expect(JSON.stringify(received)).not.toContain('secret');
    expect(seen).toEqual([]);
  });

  it('of a name that is no own property of the contract finds nothing', async () => {
    const { window, received } = serve();
    const names = [
      '__proto__.toString',
      'constructor.name',
      'greeter.constructor',
      'greeter.__proto__',
      'greeter.toString',
      'greeter',
      'greeter.',
      '.greet',
      'greeter.greet.call',
      'toString',
      '',
      'hasOwnProperty.call',
    ];
    names.forEach((name, id) => window.send(call(id, name, { name: 'Ann' })));
    await settle();
    expect(received).toHaveLength(names.length);
    for (const frame of received)
      expect(frame).toMatchObject({ kind: 'fail', error: { code: 'unknown-method' } });
  });

  it('that fails for an unknown reason says no more than that; the log knows where', async () => {
    const { window, received, log } = serve();
    window.send(call(1, 'greeter.explode'));
    await settle();
    expect(received).toEqual([
      { kind: 'fail', id: 1, error: { code: 'internal', message: 'internal error' } },
    ]);
    expect(log.join()).toContain('greeter.explode');
    expect(log.join()).not.toContain('key.pem');
  });

  it('that the application refuses carries code, message and scalars', async () => {
    const { window, received } = serve();
    window.send(call(1, 'greeter.refuse'));
    await settle();
    expect(received).toEqual([
      { kind: 'fail', id: 1, error: { code: 'not-found', message: 'no such chat', detail: { chat: 7 } } },
    ]);
  });

  it('whose answer cannot travel fails instead of staying open', async () => {
    const { window, received } = serve();
    window.send(call(1, 'greeter.odd'));
    await settle();
    expect(received).toEqual([
      { kind: 'fail', id: 1, error: { code: 'internal', message: 'internal error' } },
    ]);
  });

  it('whose answer comes after the window closed or was detached goes nowhere', async () => {
    const { window, received, gate, log, attach } = serve();
    const second = attach();
    const closing: Pipe & { sent: number; close(): void } = {
      sent: 0,
      close: () => {},
      send: () => void (closing.sent += 1),
      onFrame: (receive) => receive(call(1, 'greeter.wait')),
      onClose: (closed) => (closing.close = closed),
    };
    attach(closing);
    window.send(call(1, 'greeter.wait'));
    second.window.send(call(1, 'greeter.wait'));
    await settle();
    window.close();
    second.attached.dispose();
    closing.close();
    gate.resolve('too late');
    await settle();
    expect([received, second.received, closing.sent]).toEqual([[], [], 0]);
    expect(log).toEqual([]);
  });

  it('beyond the number that may wait is refused, and room comes back', async () => {
    const { window, received, gate } = serve({ maxCallsInFlight: 2 });
    for (const id of [1, 2, 3]) window.send(call(id, 'greeter.wait'));
    await settle();
    expect(received).toMatchObject([{ kind: 'fail', id: 3, error: { code: 'denied' } }]);
    gate.resolve('now');
    await settle();
    window.send(call(4, 'greeter.greet', { name: 'Bo' }));
    await settle();
    expect(received.slice(1)).toMatchObject([
      { id: 1, kind: 'done' },
      { id: 2, kind: 'done' },
      { id: 4, kind: 'done' },
    ]);
  });
});

describe('hostile frames', () => {
  it('too large, too deep, cyclic or not plain are refused before any schema runs', async () => {
    const { window, received, seen } = serve();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const deep = JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown;
    const inputs = [
      { name: 'x'.repeat(2 << 20) },
      Array.from({ length: 2 << 20 }, () => 0),
      Object.assign([], { length: 2 ** 31 }),
      deep,
      cycle,
      new Map([['name', 'Ann']]),
      new Date(0),
      new Uint8Array(4),
      { name: 1n },
      JSON.parse('{"__proto__": {"name": "Ann"}, "name": "Ann"}'),
    ];
    inputs.forEach((input, id) => window.send(call(id, 'greeter.greet', input)));
    await settle();
    expect(received.map((frame) => frame.kind === 'fail' && [frame.id, frame.error.message])).toEqual(
      inputs.map((_, id) => [id, 'malformed call']),
    );
    expect(seen).toEqual([]);
  });

  it('without a usable id get no answer at all', async () => {
    const { window, received } = serve();
    const frames = [
      null,
      7,
      'call',
      [],
      {},
      { kind: 'call' },
      { ...call(1, 'greeter.greet'), id: -1 },
      { ...call(1, 'greeter.greet'), id: 1.5 },
      { ...call(1, 'greeter.greet'), id: '1' },
    ];
    for (const frame of frames) window.send(frame as Frame);
    await settle();
    expect(received).toEqual([]);
  });

  it('of any shape neither crash the server nor reach a handler unchecked', async () => {
    const { window, received, seen } = serve();
    const name = fc.oneof(
      fc.constantFrom(
        'greeter.greet',
        'greeter.greet',
        'greeter.__proto__',
        '__proto__.greet',
        'constructor.constructor',
      ),
      fc.string(),
    );
    const input = fc.oneof(
      fc.record(
        {
          name: fc.oneof(fc.string({ maxLength: 30 }), fc.anything()),
          times: fc.oneof(fc.integer(), fc.anything()),
        },
        { requiredKeys: [] },
      ),
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: true,
        withSparseArray: true,
      }),
    );
    const frame = fc.oneof(
      fc.record({
        kind: fc.oneof(fc.constant('call'), fc.string()),
        id: fc.oneof(fc.nat(), fc.anything()),
        method: name,
        input,
      }),
      fc.record({ kind: fc.constant('call'), id: fc.nat(), method: name, input }),
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
    );
    await fc.assert(
      fc.asyncProperty(frame, async (hostile) => {
        let travels = true;
        try {
          structuredClone(hostile);
        } catch {
          travels = false;
        }
        if (travels) window.send(hostile as Frame);
        await new Promise((resolve) => setImmediate(resolve));
      }),
      { numRuns: 1000 },
    );
    await settle();
    expect(seen.length).toBeGreaterThan(0);
    const shape = contract.greeter.greet.input;
    for (const checked of seen) expect(shape.parse(checked)).toEqual(checked);
    for (const answer of received) expect(['done', 'fail']).toContain(answer.kind);
    received.length = 0;
    window.send(call(424242, 'greeter.greet', { name: 'Ann' }));
    await settle();
    expect(received).toEqual([{ kind: 'done', id: 424242, output: 'Hello, Ann' }]);
  });
});

describe('events', () => {
  it('reach every window; those of one turn share a frame, in order', async () => {
    const { server, received, attach } = serve();
    const second = attach();
    server.emit('settings.changed', settings('dark'));
    server.emit('app.changed', {});
    await settle();
    server.emit('settings.changed', settings('light'));
    await settle();
    const frames = [
      {
        kind: 'event',
        events: [
          { name: 'settings.changed', payload: settings('dark') },
          { name: 'app.changed', payload: {} },
        ],
      },
      { kind: 'event', events: [{ name: 'settings.changed', payload: settings('light') }] },
    ];
    expect(received).toEqual(frames);
    expect(second.received).toEqual(frames);
  });

  it('announced before an answer arrive before it', async () => {
    const { server, window, received, gate } = serve();
    window.send(call(1, 'greeter.wait'));
    await settle();
    server.emit('app.changed', {});
    gate.resolve('done');
    await settle();
    expect(received.map((frame) => frame.kind)).toEqual(['event', 'done']);
  });

  it('stop at a window that closed or was detached, and do not reach one that came later', async () => {
    const { server, window, received, attach } = serve();
    const second = attach();
    window.close();
    second.attached.dispose();
    server.emit('app.changed', {});
    const third = attach();
    await settle();
    expect([received, second.received, third.received]).toEqual([[], [], []]);
  });

  it('that one pipe cannot send still reach the others', async () => {
    const { server, received } = serve();
    const broken: Pipe = {
      send: () => {
        throw new Error('socket is gone');
      },
      onFrame: () => {},
      onClose: () => {},
    };
    server.attach(broken);
    server.emit('app.changed', {});
    await settle();
    expect(received).toHaveLength(1);
  });
});
