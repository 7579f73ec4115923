/** What is fetched before a message can be encrypted, and what a failure keeps from being asked again. */
import { expect, test } from 'vitest';
import { StanzaError, StreamError } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { parseStanza, xml } from '#main/xmpp/stanza.ts';
import { MemoryServer, OmemoClient, recipientsOf, settled } from '#tests/support/omemo-world.ts';

const NS = 'eu.siacs.conversations.axolotl';
const LIST = `${NS}.devicelist`;
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

const listOf = (...ids: readonly number[]): Element =>
  parseStanza(xml('list', { xmlns: NS }, ...ids.map((id) => xml('device', { id: String(id) }))).toString());

/** Two people, of whom the second is known by her list; her bundle can be taken from the server and put back. */
const meet = async () => {
  const server = new MemoryServer();
  const romeo = await new OmemoClient(server, ROMEO).start();
  const juliet = await new OmemoClient(server, JULIET).start();
  const node = `${JULIET} ${NS}.bundles:${juliet.deviceId}`;
  const bundle = server.nodes.get(node) ?? xml('none');
  return {
    ...{ server, romeo, juliet },
    hide: () => server.nodes.delete(node),
    show: () => server.nodes.set(node, bundle),
    asked: () => server.requests.filter((iq) => iq.toString().includes(`items node="${node.split(' ')[1]}"`)),
  };
};

/** The waiting times for a bundle that follows its list, one after the other. */
const waitThrough = async (client: OmemoClient): Promise<void> => {
  for (const waitMs of [500, 1_500, 4_000]) {
    await settled();
    client.clock.advance(waitMs);
  }
  await settled();
};

test('a look at a key that failed keeps no message from asking again', async () => {
  const { romeo, juliet, hide, show } = await meet();
  hide();
  await romeo.service.learn(romeo.accountId, JULIET);
  show();
  // Within the time for which a failure to start a session is remembered.
  romeo.clock.advance(1_000);
  expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'))).toBe('hello');
});

test('a message that failed does keep the next one from asking at once', async () => {
  const { romeo, hide, asked } = await meet();
  hide();
  const refused = romeo.try(JULIET, 'one');
  await waitThrough(romeo);
  expect((await refused).kind).toBe('refused');
  const before = asked().length;
  expect(romeo.seal(JULIET, 'two').kind).toBe('refused');
  expect(asked()).toHaveLength(before);
});

test('a little later, where nobody could read it meanwhile, the server is asked again', async () => {
  const { romeo, juliet, hide, show } = await meet();
  hide();
  const refused = romeo.try(JULIET, 'one');
  await waitThrough(romeo);
  await refused;
  show();
  romeo.clock.advance(10_000);
  expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'one'))).toBe('one');
});

test('a device that cannot be had is not asked for again with every message that another one reads', async () => {
  const { server, romeo, juliet, asked } = await meet();
  server.publish(JULIET, LIST, listOf(4, juliet.deviceId));
  // The look at its key, for the user, comes at once.
  await settled();
  const before = asked().length;
  await romeo.write(JULIET, 'one');
  romeo.clock.advance(10_000);
  expect(romeo.seal(JULIET, 'two').kind).toBe('sealed');
  expect(asked()).toHaveLength(before + 1);
});

test('while the only bundle is waited for, the message behind waits too, and both go in their order', async () => {
  const { romeo, juliet, hide, show } = await meet();
  hide();
  const first = romeo.write(JULIET, 'one');
  await settled();
  // The first attempt has failed by now, and that is remembered; it is being tried again.
  expect(romeo.seal(JULIET, 'two').kind).toBe('preparing');
  const second = romeo.write(JULIET, 'two');
  show();
  romeo.clock.advance(500);
  for (const [message, text] of [
    [await first, 'one'],
    [await second, 'two'],
  ] as const)
    expect(juliet.readText(ROMEO, message)).toBe(text);
});

test('nobody waits for a new device without keys where another one can read the message', async () => {
  const { server, romeo, juliet } = await meet();
  await romeo.write(JULIET, 'hello');
  server.publish(JULIET, LIST, listOf(juliet.deviceId, 4));
  expect(recipientsOf(await romeo.write(JULIET, 'at once'))).toEqual([juliet.deviceId]);
  expect(romeo.seal(JULIET, 'and on').kind).toBe('sealed');
});

test('a session with a device that its owner has removed does not count as a reader', async () => {
  const { server, romeo, hide } = await meet();
  await romeo.write(JULIET, 'hello');
  hide();
  server.publish(JULIET, LIST, listOf(4));
  const written = romeo.try(JULIET, 'for a device that publishes its keys behind its list');
  await settled();
  expect(romeo.seal(JULIET, 'behind it').kind).toBe('preparing');
  await waitThrough(romeo);
  expect((await written).kind).toBe('refused');
});

test('for a device of our own nobody waits', async () => {
  const { server, romeo } = await meet();
  server.publish(ROMEO, LIST, listOf(romeo.deviceId, 4));
  expect(recipientsOf(await romeo.write(JULIET, 'hello'))).toHaveLength(1);
});

/** What a request ends with when its stream does. */
const cut = (): never => {
  throw new StreamError({ code: 'connection-lost', step: 'session', advice: 'retry-now' }, 'cut');
};
const isForBundles = (iq: Element): boolean => iq.toString().includes('bundles:');

test('a stream that ends says nothing about devices: the message waits for the next one, and all can read it', async () => {
  const { server, romeo, juliet } = await meet();
  romeo.policy = 'blind';
  const phone = await new OmemoClient(server, JULIET).start();
  const tablet = await new OmemoClient(server, ROMEO).start();
  server.refuse = (iq) => (isForBundles(iq) ? cut() : undefined);
  let isReady = false;
  const outcome = romeo.seal(JULIET, 'hello');
  if (outcome.kind !== 'preparing') throw new Error(outcome.kind);
  void outcome.ready.then(() => (isReady = true));
  await settled();
  expect(isReady).toBe(false);
  server.refuse = undefined;
  romeo.service.ended(romeo.accountId);
  // Between two streams nothing is sealed for fewer devices either.
  expect(romeo.seal(JULIET, 'hello').kind).toBe('preparing');
  await romeo.start();
  const message = await romeo.write(JULIET, 'hello');
  for (const reader of [juliet, phone, tablet]) expect(reader.readText(ROMEO, message)).toBe('hello');
});

test('a request of the stream before keeps no message of the next one waiting', async () => {
  const { romeo, juliet } = await meet();
  const answers: PromiseWithResolvers<void>[] = [];
  romeo.slow = async (iq) => {
    if (!isForBundles(iq)) return;
    const answer = Promise.withResolvers<void>();
    answers.push(answer);
    await answer.promise;
    cut();
  };
  expect(romeo.seal(JULIET, 'hello').kind).toBe('preparing');
  await settled();
  romeo.slow = undefined;
  romeo.service.ended(romeo.accountId);
  await romeo.start();
  const written = romeo.write(JULIET, 'hello');
  for (const { resolve } of answers) resolve();
  expect(juliet.readText(ROMEO, await written)).toBe('hello');
});

test('an error that may be gone in a moment is no answer: the device is asked for again', async () => {
  const { server, romeo, juliet } = await meet();
  romeo.policy = 'blind';
  await romeo.write(JULIET, 'before the phone');
  const phone = await new OmemoClient(server, JULIET).start();
  let refused = 0;
  server.refuse = (iq) =>
    isForBundles(iq) && refused++ === 0 ? new StanzaError('remote-server-timeout', 'wait') : undefined;
  const written = romeo.write(JULIET, 'hello');
  await settled();
  romeo.clock.advance(1_000);
  const message = await written;
  for (const reader of [juliet, phone]) expect(reader.readText(ROMEO, message)).toBe('hello');
});
