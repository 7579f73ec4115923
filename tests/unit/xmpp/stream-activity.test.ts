import { expect, test } from 'vitest';
import { useStubAccount } from '#tests/support/stub-account.ts';
import { acceptBind, acceptSession, BIND, loginPlain } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';
import { xml } from '#main/xmpp/stanza.ts';

/** XEP-0352 on the wire. */

const account = useStubAccount();
const CSI = "<csi xmlns='urn:xmpp:csi:0'/>";

test('a server that wants to know is told of each change once', async () => {
  const { open, stub } = await account({}, async (peer) => {
    await loginPlain(peer, BIND + CSI);
    await acceptBind(peer);
    await peer.expect(/<inactive [^>]*xmlns="urn:xmpp:csi:0"[^>]*>/);
    await peer.expect(/<active [^>]*xmlns="urn:xmpp:csi:0"[^>]*>/);
  });
  const { stream } = await open();
  stream.setActive(true);
  stream.setActive(false);
  stream.setActive(false);
  stream.setActive(true);
  await until('both', () => stub.received.includes('<active'));
  expect(stub.received.match(/<(in)?active/g)).toEqual(['<inactive', '<active']);
});

test('a server that did not ask hears nothing', async () => {
  const { open, stub } = await account({}, async (peer) => acceptSession(peer));
  const { stream } = await open();
  stream.setActive(false);
  void stream.send(xml('presence'));
  await until('what was sent after it', () => stub.received.includes('<presence'));
  expect(stub.received).not.toContain('active');
});
