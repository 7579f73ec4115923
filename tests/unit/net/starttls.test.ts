import { describe, expect, test } from 'vitest';
import { createDialer, type DialOutcome } from '#main/net/dialer.ts';
import { STARTTLS, useDialing } from '#tests/support/dialing.ts';
import { features, mechanisms, openTag, type StubScript, type TlsStub } from '#tests/support/tls-stub.ts';

const { stub, dial, connected, failed } = useDialing();

describe('STARTTLS', () => {
  const viaStartTls = async (script: StubScript): Promise<{ server: TlsStub; outcome: DialOutcome }> => {
    const server = await stub({ mode: 'starttls' }, script);
    return { server, outcome: await dial(createDialer(), { host: '127.0.0.1', port: server.port }) };
  };
  const offering =
    (answer: string): StubScript =>
    async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(openTag() + features(STARTTLS));
      await peer.expect(/<starttls[^>]*>/);
      peer.send(answer);
      await peer.untilGone();
    };
  const saying =
    (text: string): StubScript =>
    async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(text);
      await peer.untilGone();
    };

  test('works in pieces of one byte, and names nobody in the clear', async () => {
    const { server, outcome } = await viaStartTls(async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      await peer.trickle(openTag() + features(STARTTLS));
      await peer.expect(/<starttls[^>]*>/);
      await peer.trickle("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>");
      await peer.startTls();
    });
    connected(outcome);
    expect(server.clear).toBe(
      "<?xml version='1.0'?><stream:stream to='stub.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    );
  });

  test.each([
    [
      'not offered (xmpp.js: went on in the clear)',
      saying(openTag() + features(mechanisms('SCRAM-SHA-1', 'PLAIN'))),
      'tls-unavailable',
    ],
    [
      'offered by a feature of another namespace',
      saying(openTag() + features("<starttls xmlns='urn:example'/>")),
      'tls-unavailable',
    ],
    ['not offered in features that are empty', saying(`${openTag()}<stream:features/>`), 'tls-unavailable'],
    [
      'refused',
      offering("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"),
      'tls-unavailable',
    ],
    [
      'followed by injected bytes',
      offering("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>"),
      'protocol-error',
    ],
    [
      'followed by something that is no handshake',
      offering("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      'connection-lost',
    ],
    ['drowned', saying(openTag() + ' '.repeat(70_000)), 'protocol-error'],
    ['cut short', async (peer: Parameters<StubScript>[0]) => peer.end(), 'connection-lost'],
    ['answered by a closed stream', saying(`${openTag()}</stream:stream>`), 'service-unavailable'],
  ] as const)('%s', async (_name, script, code) => {
    const { server, outcome } = await viaStartTls(async (peer) => {
      if (code !== 'connection-lost') return script(peer);
      // Here it is the server that leaves.
      await script(Object.assign(peer, { untilGone: async () => peer.end() }));
    });
    expect(failed(outcome)).toMatchObject({ code });
    expect(failed(outcome).advice).not.toBe('needs-user');
    expect(server.clear).not.toMatch(/auth|alice|PLAIN/);
  });

  test.each([
    ['host-unknown', 'host-unknown'],
    ['host-gone', 'host-unknown'],
    ['system-shutdown', 'server-shutdown'],
    ['policy-violation', 'policy-violation'],
    ['see-other-host', 'service-unavailable'],
    ['undefined-condition', 'service-unavailable'],
  ])('the stream error %s is named, but nobody vouches for it', async (condition, code) => {
    const error = `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>evil.test</${condition}></stream:error></stream:stream>`;
    const { outcome } = await viaStartTls(saying(openTag() + error));
    expect(failed(outcome)).toMatchObject({ code, condition, step: 'stream', advice: 'retry-later' });
  });
});
