/** What went wrong once, on the server or in a session, goes right again. */
import { expect, test } from 'vitest';
import { StanzaError } from '#main/xmpp/port.ts';
import type { DeviceId } from '#shared/ids.ts';
import { MemoryServer, OmemoClient, recipientsOf, settled } from '#tests/support/omemo-world.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

const meet = async (): Promise<{
  readonly server: MemoryServer;
  readonly romeo: OmemoClient;
  readonly juliet: OmemoClient;
}> => {
  const server = new MemoryServer();
  const romeo = await new OmemoClient(server, ROMEO).start();
  const juliet = await new OmemoClient(server, JULIET).start();
  return { server, romeo, juliet };
};

test('a used prekey leaves the server also where that did not answer in time at first', async () => {
  const { server, romeo, juliet } = await meet();
  const node = `${JULIET} eu.siacs.conversations.axolotl.bundles:${juliet.deviceId}`;
  const before = server.nodes.get(node)?.toString();
  juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'));
  server.refuse = () => new StanzaError('remote-server-timeout', 'wait');
  juliet.clock.advance(3_000);
  await settled();
  server.refuse = undefined;
  expect(server.nodes.get(node)?.toString()).toBe(before);
  juliet.clock.advance(60_000);
  await settled();
  expect(server.nodes.get(node)?.toString()).not.toBe(before);
  expect(juliet.store.omemo.keys.own(juliet.accountId)?.published).toBe(true);
});

test('a broken session with a device that waits for the user is repaired, and still gets nothing', async () => {
  const { server, romeo, juliet } = await meet();
  await romeo.write(JULIET, 'hello');
  const later = await new OmemoClient(server, JULIET).start();
  expect(romeo.readText(JULIET, await later.write(ROMEO, 'from a new one'))).toBe('from a new one');
  await settled();
  for (const answer of romeo.sent.splice(0)) later.readText(ROMEO, answer);
  const place = { accountId: romeo.accountId, jid: JULIET, deviceId: later.deviceId as DeviceId };
  expect(romeo.store.omemo.devices.get(romeo.accountId, JULIET, place.deviceId)?.trust).toBe('undecided');
  romeo.store.omemo.sessions.forget(place);
  expect(romeo.readText(JULIET, await later.write(ROMEO, 'lost'))).toBe('no-key');
  await settled();
  for (const answer of romeo.sent.splice(0)) later.readText(ROMEO, answer);
  expect(romeo.readText(JULIET, await later.write(ROMEO, 'read again'))).toBe('read again');
  expect(recipientsOf(await romeo.write(JULIET, 'not for it'))).toEqual([juliet.deviceId]);
});
