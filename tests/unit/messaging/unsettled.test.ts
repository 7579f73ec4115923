/** Messages to somebody of whom nobody knows yet whether they could read an encrypted one. */
import { describe, expect, test } from 'vitest';
import type { MessageView } from '#shared/views.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { Messenger } from '#tests/support/omemo-messenger.ts';
import { MemoryServer, OmemoClient, recipientsOf } from '#tests/support/omemo-world.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const LIST = 'eu.siacs.conversations.axolotl.devicelist';

const unsettled = { protection: 'unsettled' } as const;

const write = async (
  server = new MemoryServer(),
): Promise<{ readonly server: MemoryServer; readonly romeo: Messenger }> => {
  const romeo = await Messenger.start(server, ROMEO);
  romeo.queue(JULIET, 'first', unsettled);
  romeo.queue(JULIET, 'second', unsettled);
  return { server, romeo };
};

const outcome = (romeo: Messenger): readonly (readonly [string, MessageView['protection']])[] =>
  romeo.rows(JULIET).map(({ failure, state, protection }) => [failure ?? state, protection]);

const refuseLists = (server: MemoryServer, condition: string): void => {
  server.refuse = (iq) =>
    iq.attrs['to'] === JULIET && iq.toString().includes(LIST)
      ? new StanzaError(condition, 'cancel')
      : undefined;
};

const asks = ({ requests }: MemoryServer): number =>
  requests.filter((iq) => iq.attrs['to'] === JULIET && iq.toString().includes(LIST)).length;

describe('what waits for an answer', () => {
  test('leaves encrypted, in its order, where they have devices', async () => {
    const server = new MemoryServer();
    const juliet = await new OmemoClient(server, JULIET).start();
    const { romeo } = await write(server);
    await romeo.run();
    expect(romeo.wire.map(recipientsOf)).toEqual([[juliet.deviceId], [juliet.deviceId]]);
    expect(romeo.wire.map((stanza) => juliet.readText(ROMEO, stanza))).toEqual(['first', 'second']);
    expect(romeo.wire.join('')).not.toMatch(/first<|second</);
    expect(outcome(romeo)).toEqual([
      ['acked', 'omemo'],
      ['acked', 'omemo'],
    ]);
    expect(asks(server)).toBe(1);
  });

  test('leaves unencrypted where they say that they have none, and nobody asks for a message twice', async () => {
    const { server, romeo } = await write();
    await romeo.run();
    expect(romeo.wire.map((stanza) => stanza.getChildText('body'))).toEqual(['first', 'second']);
    romeo.queue(JULIET, 'third', unsettled);
    await romeo.run();
    expect(romeo.wire).toHaveLength(3);
    expect(outcome(romeo).map(([, protection]) => protection)).toEqual(['none', 'none', 'none']);
    expect(asks(server)).toBe(1);
  });

  test.each(['service-unavailable', 'feature-not-implemented', 'forbidden', 'not-authorized'])(
    'leaves unencrypted where their server says that there is nothing for us: %s',
    async (condition) => {
      const { server, romeo } = await write();
      refuseLists(server, condition);
      await romeo.run();
      expect(romeo.wire).toHaveLength(2);
    },
  );

  test.each(['remote-server-not-found', 'remote-server-timeout', 'internal-server-error', 'not-allowed'])(
    'stays here, visibly, where nobody would say: %s',
    async (condition) => {
      const { server, romeo } = await write();
      refuseLists(server, condition);
      await romeo.run();
      expect(romeo.wire).toEqual([]);
      expect(outcome(romeo)).toEqual([
        ['devices-unknown', 'unsettled'],
        ['devices-unknown', 'unsettled'],
      ]);
    },
  );

  test('stays here where the answer is no list, instead of taking it for an empty one', async () => {
    const { server, romeo } = await write();
    const { nodes } = server;
    const other = await new OmemoClient(server, 'mercutio@verona.example').start();
    const bundle = nodes.get(
      `mercutio@verona.example eu.siacs.conversations.axolotl.bundles:${other.deviceId}`,
    );
    if (bundle === undefined) throw new Error('no bundle');
    nodes.set(`${JULIET} ${LIST}`, bundle);
    await romeo.run();
    expect(romeo.wire).toEqual([]);
    expect(outcome(romeo)[0]).toEqual(['devices-unknown', 'unsettled']);
  });

  test('goes encrypted when it is sent again and they answer', async () => {
    const server = new MemoryServer();
    await new OmemoClient(server, JULIET).start();
    const { romeo } = await write(server);
    refuseLists(server, 'remote-server-timeout');
    await romeo.run();
    server.refuse = undefined;
    const [first] = romeo.rows(JULIET);
    if (first === undefined) throw new Error('no message');
    romeo.client.store.messages.requeue(first.id, 5);
    await romeo.run();
    expect(outcome(romeo)).toEqual([
      ['acked', 'omemo'],
      ['devices-unknown', 'unsettled'],
    ]);
  });

  test('keeps nobody else waiting', async () => {
    const { server, romeo } = await write();
    refuseLists(server, 'remote-server-timeout');
    romeo.queue('nurse@capulet.example', 'plain', { protection: 'none' });
    await romeo.run();
    expect(romeo.wire.map(({ attrs }) => attrs['to'])).toEqual(['nurse@capulet.example']);
  });

  test('can be taken back and be given another text until it leaves', async () => {
    const { romeo } = await write();
    const [first, second] = romeo.rows(JULIET);
    if (first === undefined || second === undefined) throw new Error('no message');
    romeo.client.store.messages.withdraw(first.id);
    romeo.client.store.messages.changeText(second.id, 'better');
    await romeo.run();
    expect(romeo.wire.map((stanza) => stanza.getChildText('body'))).toEqual(['better']);
  });
});

test('what is settled is settled: nothing takes an encryption away again', async () => {
  const server = new MemoryServer();
  await new OmemoClient(server, JULIET).start();
  const { romeo } = await write(server);
  await romeo.run();
  const [first] = romeo.rows(JULIET);
  if (first === undefined) throw new Error('no message');
  expect(() => romeo.client.store.messages.settleProtection(first.id, 'none')).toThrow();
});
