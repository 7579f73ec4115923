import { describe, expect, it } from 'vitest';
import { AccountSession, type SessionWork } from '#main/accounts/session.ts';
import type { AccountState } from '#main/accounts/machine.ts';
import { createFeatures } from '#main/xmpp/features/index.ts';
import { StreamError, type ResumeState, type Stream, type StreamOptions } from '#main/xmpp/port.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { quietLog } from '#tests/support/test-store.ts';
import { AppError } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A session whose streams the test hands out, with time that passes only by `tick`. */
const setUp = (work: Partial<SessionWork> = {}, stored?: ResumeState, beginning = (): void => undefined) => {
  const timers: (() => void)[] = [];
  const attempts: { options: StreamOptions; signal: AbortSignal; give: PromiseWithResolvers<Stream> }[] = [];
  const phases: string[] = [];
  const did: string[] = [];
  const kept: (ResumeState | undefined)[] = [stored];
  let now = 0;
  const session = new AccountSession({
    accountId: 'a' as AccountId,
    options: () => ({
      jid: 'alice@localhost',
      password: async () => 'pw',
      userAgent: 'd4565fa7-4d72-4749-b3d3-740edbf87770',
      directTls: false,
      resource: 'here',
    }),
    openStream: (options, signal) => {
      const give = Promise.withResolvers<Stream>();
      attempts.push({ options, signal, give });
      return give.promise;
    },
    clock: {
      now: () => now,
      after: (ms, act) => {
        const timer = (): void => {
          now += ms;
          act();
        };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
    random: () => 0,
    log: quietLog,
    features: createFeatures({ name: 'test', version: '1' }),
    work: {
      sync: () => Promise.resolve(),
      message: () => undefined,
      presence: () => undefined,
      seesUs: () => false,
      runOutbox: () => did.push('run'),
      holdOutbox: () => did.push('hold'),
      ended: () => did.push('ended'),
      ...work,
    },
    memory: {
      load: () => kept.at(-1),
      begin: ({ earlierHandled }) => {
        beginning();
        did.push(`begin ${earlierHandled ?? 'anew'}`);
      },
      acknowledging: (inbound) => did.push(`acknowledge ${inbound}`),
      end: (state) => kept.push(state),
    },
    changed: (state: AccountState) => phases.push(state.phase),
  });
  const attempt = async (index: number): Promise<(typeof attempts)[number]> => {
    await settled();
    const found = attempts[index];
    if (found === undefined) throw new Error(`there was no attempt ${index}`);
    return found;
  };
  return { session, attempts, attempt, phases, did, kept, timers };
};

const lost = new StreamError({ code: 'connection-lost', step: 'session', advice: 'retry-now' }, 'lost');

const resumable: ResumeState = {
  id: 'sm',
  jid: 'alice@localhost/here',
  inbound: 2,
  outbound: 3,
  unacked: undefined,
  offers: { rosterVersioning: true, clientState: true, maxBytes: 262_144 },
};

describe('an account session', () => {
  it('connects, syncs, sends, and comes back after a break with what can be resumed', async () => {
    const { session, attempt, phases, did, timers } = setUp();
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream().expectSend(() => undefined, 'hold').expectSend(() => undefined, 'hold');
    (await attempt(0)).give.resolve(stream);
    await settled();
    expect(session.state.phase).toBe('online');
    void stream.send({ toString: () => '<message id="1"/>' } as never).catch(() => undefined);
    void stream.send({ toString: () => '<message id="2"/>' } as never).catch(() => undefined);
    stream.break(lost);
    expect(session.state.phase).toBe('waiting');
    timers[0]?.();
    const second = await attempt(1);
    expect(second.options.resume?.unacked).toHaveLength(2);
    second.give.resolve(
      new FakeStream({ resumed: true, earlierHandled: 1, unhandled: ['<message id="2"/>'] }),
    );
    await settled();
    expect(phases).toEqual(['connecting', 'syncing', 'online', 'waiting', 'connecting', 'syncing', 'online']);
    expect(did).toEqual(['begin anew', 'run', 'ended', 'hold', 'begin 1', 'run']);
  });

  it('answers a request for what it cannot do, and a forged roster push, with an error', async () => {
    const { session, attempt } = setUp();
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    stream.expectSend((reply) => {
      expect(reply.attrs).toMatchObject({ type: 'error', id: '1', to: 'bob@localhost/x' });
      expect(reply.toString()).toContain('service-unavailable');
    });
    await stream.receive("<iq type='get' id='1' from='bob@localhost/x'><query xmlns='urn:example'/></iq>");
    await stream.receive("<iq type='result' id='2' from='bob@localhost/x'/>");
    await stream.receive("<iq type='get' id='3' from='@/'><ping xmlns='urn:xmpp:ping'/></iq>");
    stream.finish();
  });

  it('introduces itself again when the first sync was cut off before the resumption', async () => {
    const syncs: boolean[] = [];
    const { session, attempt, timers } = setUp({
      sync: (_, full) => {
        syncs.push(full);
        // The first one waits for a roster that never comes.
        return syncs.length === 1 ? new Promise(() => undefined) : Promise.resolve();
      },
    });
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    stream.break(lost);
    timers[0]?.();
    const resumed = new FakeStream({ resumed: true });
    (await attempt(1)).give.resolve(resumed);
    await settled();
    resumed.break(lost);
    timers.at(-1)?.();
    (await attempt(2)).give.resolve(new FakeStream({ resumed: true }));
    await settled();
    expect(syncs).toEqual([true, true, false]);
    expect(session.state.phase).toBe('online');
  });

  it('loses nothing that the server hands out in the moment of the resumption', async () => {
    const heard: string[] = [];
    const { session, attempt } = setUp({
      message: (_, message) => void heard.push(message.getChildText('body') ?? ''),
    });
    session.dispatch({ type: 'enable' });
    const waiting = "<message from='bob@localhost/x'><body>kept for you</body></message>";
    (await attempt(0)).give.resolve(new FakeStream({ resumed: true, waiting: [waiting] }));
    await settled();
    expect(heard).toEqual(['kept for you']);
  });

  it('does not acknowledge what could not be stored, and drops the stream', async () => {
    const { session, attempt, phases } = setUp({
      message: () => {
        throw new AppError('disk-full', 'the disk is full');
      },
    });
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    let handled = false;
    void stream.receive("<message from='bob@localhost/x'><body>hi</body></message>").then(() => {
      handled = true;
    });
    await settled();
    expect(handled).toBe(false);
    expect(stream.open).toBe(false);
    expect(session.state).toMatchObject({
      phase: 'waiting',
      error: { code: 'disk-full', advice: 'retry-later' },
    });
    expect(phases.at(-1)).toBe('waiting');
  });

  it('keeps the connection when one stanza is beyond it', async () => {
    const { session, attempt } = setUp({
      message: () => {
        throw new TypeError('a defect');
      },
    });
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    await stream.receive("<message from='bob@localhost/x'><body>hi</body></message>");
    expect(session.state.phase).toBe('online');
  });

  it('resumes what an earlier run of the application left', async () => {
    const left = { ...resumable, id: 'left' };
    const { session, attempt, did } = setUp({}, left);
    session.dispatch({ type: 'enable' });
    const first = await attempt(0);
    expect(first.options.resume).toEqual(left);
    const stream = new FakeStream({ resumed: true, earlierHandled: 5 });
    first.give.resolve(stream);
    await settled();
    stream.askHandled(3);
    expect(did).toEqual(['begin 5', 'run', 'acknowledge 3']);
  });

  it('leaves a state behind when the network goes, and none when the user does', async () => {
    const { session, attempt, kept } = setUp();
    session.dispatch({ type: 'enable' });
    (await attempt(0)).give.resolve(new FakeStream());
    await settled();
    session.dispatch({ type: 'suspend' });
    expect(kept.at(-1)).toMatchObject({ id: 'sm' });
    session.dispatch({ type: 'wake' });
    (await attempt(1)).give.resolve(new FakeStream({ resumed: true }));
    await settled();
    await session.close();
    expect(kept.at(-1)).toBeUndefined();
  });

  it('keeps the state when the user leaves while there is no network: the server holds the stream', async () => {
    const { session, attempt, kept } = setUp();
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    stream.break(lost);
    await session.close();
    expect(kept.at(-1)).toMatchObject({ id: 'sm' });
  });

  it('gives up a session that is resumed again and again and answers to nothing', async () => {
    const { session, attempt, timers } = setUp();
    session.dispatch({ type: 'enable' });
    const resume = async (index: number, says: boolean): Promise<ResumeState | undefined> => {
      const next = await attempt(index);
      const stream = new FakeStream({ resumed: next.options.resume !== undefined });
      if (says) stream.expectSend(() => undefined, 'hold');
      next.give.resolve(stream);
      await settled();
      if (says) void stream.send({ toString: () => '<message id="1"/>' } as never).catch(() => undefined);
      stream.break(lost);
      timers.splice(0).at(-1)?.();
      return next.options.resume;
    };
    expect(await resume(0, false)).toBeUndefined();
    // Where nothing was said, nothing need be answered.
    expect(await resume(1, false)).toBeDefined();
    expect(await resume(2, true)).toBeDefined();
    expect(await resume(3, true)).toBeDefined();
    expect(await resume(4, true)).toBeUndefined();
    // The new one may be resumed.
    expect(await resume(5, true)).toBeDefined();
  });

  it('begins anew when a resumption went wrong, and resumes again when only the network did', async () => {
    const { session, attempt, timers } = setUp({}, { ...resumable, id: 'odd' });
    session.dispatch({ type: 'enable' });
    (await attempt(0)).give.reject(lost);
    await settled();
    timers[0]?.();
    const second = await attempt(1);
    expect(second.options.resume).toMatchObject({ id: 'odd' });
    second.give.reject(
      new StreamError({ code: 'protocol-error', step: 'bind', advice: 'retry-now' }, 'a wrong count'),
    );
    await settled();
    timers.at(-1)?.();
    expect((await attempt(2)).options.resume).toBeUndefined();
  });

  it('says nothing on a stream whose beginning could not be stored', async () => {
    const { session, attempt } = setUp({}, undefined, () => {
      throw new AppError('disk-full', 'the disk is full');
    });
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    stream.finish();
    expect(stream.open).toBe(false);
    expect(session.state).toMatchObject({ phase: 'waiting', error: { code: 'disk-full' } });
  });

  it('ignores what an attempt still reports after the account was switched off', async () => {
    const { session, attempt, phases } = setUp();
    session.dispatch({ type: 'enable' });
    const late = await attempt(0);
    await session.close();
    expect(late.signal.aborted).toBe(true);
    const stream = new FakeStream();
    late.give.resolve(stream);
    await settled();
    expect(stream.open).toBe(false);
    expect(phases).toEqual(['connecting', 'disabled']);
  });

  it('tries the wrong password once, and the new one at once', async () => {
    const { session, attempt, attempts, timers } = setUp();
    session.dispatch({ type: 'enable' });
    const wrong = new StreamError({ code: 'auth-failed', step: 'auth', advice: 'needs-user' }, 'no');
    (await attempt(0)).give.reject(wrong);
    await settled();
    expect(session.state).toMatchObject({ phase: 'failed', error: { code: 'auth-failed', step: 'auth' } });
    session.dispatch({ type: 'wake' });
    await settled();
    expect(attempts).toHaveLength(1);
    expect(timers).toHaveLength(0);
    session.dispatch({ type: 'credentials' });
    (await attempt(1)).give.resolve(new FakeStream());
    await settled();
    expect(session.state.phase).toBe('online');
  });

  it('drops a stream whose roster cannot be had, and tries again later', async () => {
    const { session, attempt } = setUp({ sync: () => Promise.reject(new Error('no roster')) });
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    expect(stream.open).toBe(false);
    expect(session.state).toMatchObject({ phase: 'waiting' });
  });

  it('probes after a sleep instead of trusting an old connection', async () => {
    const { session, attempt } = setUp();
    session.dispatch({ type: 'enable' });
    const stream = new FakeStream();
    (await attempt(0)).give.resolve(stream);
    await settled();
    session.dispatch({ type: 'wake' });
    expect(stream.probes).toBe(1);
  });
});
