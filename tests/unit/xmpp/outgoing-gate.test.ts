import { describe, expect, test } from 'vitest';
import { OutgoingGate } from '#main/xmpp/outgoing-gate.ts';
import { AppError } from '#shared/errors.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import { acceptSession, ackedUpTo, said, SM_REQUEST } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

/** A disk that writes when the test says so; each time what was committed when it was asked. */
const disk = () => {
  const waiting: { readonly commits: number; readonly sync: PromiseWithResolvers<void> }[] = [];
  let committed = 0;
  let safe = 0;
  return {
    waiting,
    commit: (): void => {
      committed += 1;
    },
    durable: (): Promise<void> | undefined => {
      if (safe === committed) return undefined;
      const sync = Promise.withResolvers<void>();
      waiting.push({ commits: committed, sync });
      return sync.promise;
    },
    write: async (): Promise<void> => {
      const next = waiting.shift();
      safe = next?.commits ?? safe;
      next?.sync.resolve();
      await settled();
    },
    fail: async (error: Error): Promise<void> => {
      waiting.shift()?.sync.reject(error);
      await settled();
    },
  };
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const gateOn = (durable: () => Promise<void> | undefined) => {
  const left: string[] = [];
  const failures: unknown[] = [];
  const gate = new OutgoingGate({
    durable,
    write: (text, done) => {
      left.push(text);
      done?.();
    },
    failed: (error) => failures.push(error),
  });
  return { gate, left, failures };
};

describe('what leaves', () => {
  test('waits for what was committed before it, and only for that', async () => {
    const { durable, commit, write } = disk();
    const { gate, left } = gateOn(durable);
    gate.write('free');
    expect(left).toEqual(['free']);
    commit();
    gate.write('rests on a commit');
    expect(left).toEqual(['free']);
    await write();
    expect(left).toEqual(['free', 'rests on a commit']);
  });

  test('keeps its order, also where only the first has something to wait for', async () => {
    const { durable, commit, write } = disk();
    const { gate, left } = gateOn(durable);
    commit();
    gate.write('one');
    gate.write('two');
    await write();
    expect(left).toEqual(['one', 'two']);
    gate.write('three');
    expect(left).toEqual(['one', 'two', 'three']);
  });

  test('does not pass with the commit before when it rests on a later one', async () => {
    const { durable, commit, write } = disk();
    const { gate, left } = gateOn(durable);
    commit();
    gate.write('one');
    commit();
    gate.write('two');
    await write();
    expect(left).toEqual(['one']);
    await write();
    expect(left).toEqual(['one', 'two']);
    await gate.finish();
  });

  test('never leaves when the disk refuses, and says so once', async () => {
    const { durable, commit, fail } = disk();
    const { gate, left, failures } = gateOn(durable);
    const done: string[] = [];
    commit();
    gate.write('one', () => done.push('one'));
    gate.write('two', () => done.push('two'));
    await fail(new Error('no space'));
    gate.write('three', () => done.push('three'));
    await gate.finish();
    expect({ left, failures, done }).toEqual({
      left: [],
      failures: [new Error('no space')],
      done: ['one', 'two', 'three'],
    });
  });
});

describe('a stream', () => {
  const account = useStubAccount();

  test('neither says nor acknowledges what is not on the disk', async () => {
    const { durable, commit, write, waiting } = disk();
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('stored') + SM_REQUEST);
      await ackedUpTo(peer, 1);
      await peer.expect(/<message id="m1"\/>/);
      await peer.untilGone();
    });
    const { stream } = await open({ durable, handle: commit });
    await until('the answer to wait', () => waiting.length === 1);
    void stream.send(xml('message', { id: 'm1' })).catch(() => undefined);
    await settled();
    expect(stub.received).not.toMatch(/<a |<message/);
    await write();
    await until('both to leave', () => /<a [^>]*h="1".*<message id="m1"/.test(stub.received));
  });

  test('ends, to be resumed, where the disk refuses', async () => {
    const { durable, commit, fail, waiting } = disk();
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.untilGone();
    });
    const { stream, ended } = await open({ durable });
    commit();
    const sent = stream.send(xml('message', { id: 'm1' }));
    await until('the message to wait', () => waiting.length === 1);
    await fail(new AppError('disk-full', 'the disk is full'));
    expect(await ended).toMatchObject({ code: 'disk-full', advice: 'retry-later' });
    await expect(sent).rejects.toMatchObject({ code: 'disk-full' });
    expect(stub.received).not.toContain('m1');
    expect(stream.resumeState()).toMatchObject({ unacked: ['<message id="m1"/>'] });
  });

  test('says goodbye with what it has handled, once that is on the disk', async () => {
    const { durable, commit, write, waiting } = disk();
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('stored'));
      await ackedUpTo(peer, 1);
      await peer.expect(/<\/stream:stream>/);
      peer.send('</stream:stream>');
      await peer.untilGone();
    });
    const { stream, bodies } = await open({ durable, handle: commit });
    await until('the message', () => bodies.length === 1);
    const closed = stream.close();
    await until('the goodbye to wait', () => waiting.length === 1);
    expect(stub.received).not.toMatch(/<a |<\/stream/);
    await write();
    await closed;
    expect(stub.received).toMatch(/<a [^>]*h="1"[^>]*\/><\/stream:stream>/);
  });
});
