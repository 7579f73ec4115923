import { describe, expect, test } from 'vitest';
import { xml, type Element } from '#main/xmpp/stanza.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { logged } from '#tests/support/streams.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import {
  ackedUpTo,
  acceptPlainSession,
  acceptSession,
  expectPing,
  result,
  said,
  SM_REQUEST,
} from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

/** Questions and answers, and the order in which things are handled, on a server that says exactly what the test wants. */

const account = useStubAccount();

const ping = (to?: string): Element =>
  xml('iq', { type: 'get', to }, xml('ping', { xmlns: 'urn:xmpp:ping' }));
/** A promise with its handle, for a script and a test to meet. */
const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();

describe('an answer to an iq', () => {
  const own = 'alice@stub.test';
  test.each([
    ['of the account, without "from"', undefined, undefined, true],
    ['of the account, from itself', undefined, own, true],
    ['of the account, in other letters', undefined, 'Alice@STUB.test', true],
    ['of the account, from our full address', undefined, `${own}/stub`, true],
    ['of the account, from its server', undefined, 'stub.test', true],
    ['of the account, from somebody', undefined, 'eve@stub.test/x', false],
    ['of the account, from another resource', undefined, `${own}/other`, false],
    ['of the server, without "from"', 'stub.test', undefined, true],
    ['of the server, from it', 'stub.test', 'stub.test', true],
    ['of the server, from somebody', 'stub.test', 'eve@stub.test', false],
    ['of a service, from it', 'rooms.stub.test', 'rooms.stub.test', true],
    ['of a service, without "from"', 'rooms.stub.test', undefined, false],
    ['of a service, from the account', 'rooms.stub.test', own, false],
    ['of a service, from somebody', 'rooms.stub.test', 'eve@stub.test/x', false],
    ['of a contact, from the same resource', 'bob@stub.test/Phone', 'bob@stub.test/Phone', true],
    ['of a contact, from another resource', 'bob@stub.test/Phone', 'bob@stub.test/phone', false],
    ['of a contact, from his account', 'bob@stub.test/Phone', 'bob@stub.test', false],
    ['from an address that is none', 'rooms.stub.test', '@/', false],
  ])('%s', async (_name, to, from, isBelieved) => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      const id = await expectPing(peer);
      peer.send(result(id, from, "<believed xmlns='urn:example'/>"));
      // Then the honest answer, from where it must come.
      peer.send(result(id, to ?? own, "<honest xmlns='urn:example'/>"));
    });
    const { stream } = await open();
    const answer = await stream.request(ping(to));
    expect(answer.getChild('believed') !== undefined).toBe(isBelieved);
  });

  test('has an id that nobody can guess, new for each request', async () => {
    const ids = new Set<string>();
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      for (let i = 0; i < 20; i += 1) {
        const id = await expectPing(peer);
        ids.add(id);
        peer.send(result(id));
      }
    });
    const { stream } = await open();
    const iq = ping();
    for (let i = 0; i < 20; i += 1) await stream.request(iq);
    expect(ids.size).toBe(20);
    // 96 bits are 16 characters of base64.
    expect([...ids].every((id) => /^[\w-]{16,}$/.test(id))).toBe(true);
  });

  test('that is an error is one', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      const id = await expectPing(peer);
      peer.send(
        `<iq type='error' id='${id}'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
      );
    });
    const { stream } = await open();
    await expect(stream.request(ping())).rejects.toMatchObject({
      name: 'StanzaError',
      condition: 'item-not-found',
      type: 'cancel',
    });
  });

  test('that does not come is a timeout, and one that comes too late is nothing', async () => {
    const clock = new ManualClock();
    const asked = gate();
    const late = gate();
    const { open } = await account({}, async (peer) => {
      await acceptPlainSession(peer);
      const id = await expectPing(peer);
      asked.resolve();
      await late.promise;
      peer.send(result(id) + said('still here'));
    });
    const { stream, bodies, heard } = await open({ clock });
    const answer = expect(stream.request(ping(), 5_000)).rejects.toMatchObject({
      condition: 'remote-server-timeout',
      type: 'wait',
    });
    await asked.promise;
    clock.advance(5_000);
    await answer;
    late.resolve();
    await until('the message', () => bodies.length === 1);
    expect(heard).toHaveLength(1);
  });

  test('twice is once, and one to a question nobody asked is nothing', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      const id = await expectPing(peer);
      peer.send(result(id) + result(id) + result('made-up') + said('after'));
    });
    const { stream, heard } = await open();
    await stream.request(ping());
    await until('the message', () => heard.length === 1);
    expect(heard[0]).toContain('after');
  });
});

describe('the order of the wire', () => {
  const slowly = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  test('one stanza at a time, and answers in their turn', async () => {
    const order: string[] = [];
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      const id = await expectPing(peer);
      peer.send(said('1') + said('2') + result(id) + said('3'));
    });
    const { stream, bodies } = await open({
      handle: async (stanza) => {
        order.push(`begin ${stanza.getChildText('body')}`);
        await slowly();
        order.push(`end ${stanza.getChildText('body')}`);
      },
    });
    await stream.request(ping());
    order.push('answer');
    await until('the last', () => bodies.length === 3 && order.includes('end 3'));
    expect(order.filter((line) => line !== 'begin 3')).toEqual([
      'begin 1',
      'end 1',
      'begin 2',
      'end 2',
      'answer',
      'end 3',
    ]);
  });

  test('a handler may ask, and what it asked overtakes', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptPlainSession(peer);
      peer.send(said('question') + said('behind'));
      peer.send(result(await expectPing(peer)));
    });
    const answers: string[] = [];
    const opened = open({
      // It stands still: nothing but the answer can end the wait.
      clock: new ManualClock(),
      handle: async (stanza) => {
        if (stanza.getChildText('body') !== 'question') return;
        await slowly();
        answers.push((await (await opened).stream.request(ping())).attrs['type'] ?? '');
      },
    });
    const { bodies } = await opened;
    await until('the message behind', () => bodies.length === 2);
    expect(answers).toEqual(['result']);
  });

  test('a handler that waits for an answer by a way that nobody sees is not stuck for ever', async () => {
    const clock = new ManualClock();
    const sent = gate();
    const { open } = await account({}, async (peer) => {
      await acceptPlainSession(peer);
      const id = await expectPing(peer);
      peer.send(said('waits') + result(id));
      sent.resolve();
    });
    const answered = gate();
    const { stream, bodies } = await open({ clock, handle: () => answered.promise });
    void stream.request(ping()).then(() => answered.resolve());
    await sent.promise;
    await until('the handler to wait', () => bodies.length === 1);
    await until('the answer behind it', () => {
      clock.advance(2_000);
      return true;
    });
    await answered.promise;
  });

  test('a handler that fails is told to the log, without contents, and the next one runs', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('boom') + said('fine') + SM_REQUEST);
      await ackedUpTo(peer, 2);
    });
    const { bodies } = await open({
      handle: (stanza) => {
        if (stanza.getChildText('body') === 'boom') throw new Error('a bug');
      },
    });
    await until('both', () => bodies.length === 2);
    expect(logged.join('\n')).toContain('could not be handled');
    expect(logged.join('\n')).not.toContain('boom');
  });
});
