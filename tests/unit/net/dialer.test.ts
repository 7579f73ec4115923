import { createServer, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { createDialer } from '#main/net/dialer.ts';
import { DOMAIN, nobody, record, records, upgrade, useDialing } from '#tests/support/dialing.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { features, mechanisms, openTag } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

const { stub, issue, after, dial, connected, failed } = useDialing();

describe('direct TLS (XEP-0368)', () => {
  test('names the domain of the JID and the protocol, whatever host SRV named (xmpp.js: no SNI, no ALPN)', async () => {
    let seen: unknown;
    const server = await stub({}, async (peer) => {
      seen =
        peer.socket instanceof TLSSocket
          ? {
              servername: (peer.socket as { servername?: string }).servername,
              alpn: peer.socket.alpnProtocol,
            }
          : undefined;
    });
    const outcome = connected(await dial(createDialer({ resolver: records([record(server.port, 1)]) })));
    expect(outcome.endpoint).toEqual({ host: 'xmpp.hoster.test', port: server.port, directTls: true });
    await until('the server to look', () => seen !== undefined);
    expect(seen).toEqual({ servername: DOMAIN, alpn: 'xmpp-client' });
  });

  test('gives a channel binding of TLS 1.3 that the server computes as well', async () => {
    let theirs: Buffer | undefined;
    const server = await stub({}, async (peer) => {
      theirs = (peer.socket as TLSSocket).exportKeyingMaterial(
        32,
        'EXPORTER-Channel-Binding',
        Buffer.alloc(0),
      );
    });
    const { channelBindings } = connected(
      await dial(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }),
    );
    await until('the server', () => theirs !== undefined);
    expect(Buffer.from(channelBindings['tls-exporter'] ?? [])).toEqual(theirs);
    expect(channelBindings['tls-server-end-point']).toHaveLength(32);
  });

  test('gives no exporter below TLS 1.3', async () => {
    const server = await stub({ tls: { maxVersion: 'TLSv1.2' } });
    const { channelBindings } = connected(
      await dial(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }),
    );
    expect(Object.keys(channelBindings)).toEqual(['tls-server-end-point']);
  });

  test('below TLS 1.2 there is no connection', async () => {
    const server = await stub({
      tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' },
    });
    const failure = failed(
      await dial(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }),
    );
    expect(failure).toMatchObject({ code: 'tls-failed', step: 'tls', advice: 'retry-later' });
  });

  test('nothing below TLS 1.2 is even offered', async () => {
    const hello: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        hello.push(chunk);
        socket.destroy();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    after(() => new Promise((resolve) => server.close(resolve)));
    await dial(createDialer(), {
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      directTls: true,
    });
    // RFC 8446 section 4.2.1: supported_versions, with TLS 1.3 and 1.2.
    expect(Buffer.concat(hello).toString('hex')).toContain('002b00050403040303');
  });

  test('a server that speaks no TLS at all', async () => {
    const server = await stub({ mode: 'plain' }, async (peer) => peer.send(openTag()));
    const failure = failed(
      await dial(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }),
    );
    expect(failure).toMatchObject({ code: 'tls-failed', step: 'tls' });
  });
});

describe('endpoints', () => {
  test('are tried in order until one answers', async () => {
    const server = await stub({ mode: 'starttls' }, upgrade);
    const resolver = records([record(await nobody(), 1)], [record(server.port, 2)]);
    const outcome = connected(await dial(createDialer({ resolver })));
    expect(outcome.endpoint).toMatchObject({ port: server.port, directTls: false });
  });

  test('beyond the one whose certificate was refused are not tried: the user must see that', async () => {
    const bad = await stub({ certificate: await issue('other.test') });
    const fine = await stub({});
    const resolver = records([record(bad.port, 1), record(fine.port, 2)]);
    const failure = failed(await dial(createDialer({ resolver })));
    expect(failure).toMatchObject({
      code: 'certificate-wrong-name',
      advice: 'needs-user',
      host: 'xmpp.hoster.test',
    });
    expect(fine.connections).toBe(0);
  });

  test('the one that got furthest tells why', async () => {
    const stripped = await stub({ mode: 'starttls' }, async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(openTag() + features(mechanisms('SCRAM-SHA-1')));
      await peer.untilGone();
    });
    const resolver = records(
      [record(await nobody(), 1)],
      [record(stripped.port, 2), record(await nobody(), 3)],
    );
    expect(failed(await dial(createDialer({ resolver })))).toMatchObject({ code: 'tls-unavailable' });
  });

  test('of a domain that says it has none', async () => {
    const never = [record(0, 0, '.')];
    const failure = failed(await dial(createDialer({ resolver: records(never, never) })));
    expect(failure).toMatchObject({ code: 'service-unavailable', step: 'dns', advice: 'retry-later' });
  });

  test('with "direct TLS only" leave STARTTLS alone', async () => {
    const server = await stub({ mode: 'starttls' }, upgrade);
    const resolver = records([], [record(server.port, 1)]);
    const failure = failed(await dial(createDialer({ resolver }), { directTls: true }));
    expect(failure.code).toBe('service-unavailable');
    expect(server.connections).toBe(0);
  });

  test('of an international domain are asked for in ASCII', async () => {
    const asked: string[] = [];
    const resolver = {
      srv: async (name: string) => {
        asked.push(name);
        return [record(0, 0, '.')];
      },
    };
    await dial(createDialer({ resolver }), { domain: 'bücher.test' });
    expect(asked).toEqual(['_xmpps-client._tcp.xn--bcher-kva.test', '_xmpp-client._tcp.xn--bcher-kva.test']);
  });
});

describe('patience', () => {
  test('ends for a server that accepts and is silent', async () => {
    const clock = new ManualClock();
    const server = await stub({ mode: 'plain' }, (peer) => peer.untilGone());
    const outcome = dial(createDialer({ clock }), { host: '127.0.0.1', port: server.port });
    await until('the connection', () => server.connections === 1 && server.clear !== '');
    clock.advance(15_000);
    expect(failed(await outcome)).toMatchObject({
      code: 'connection-timeout',
      step: 'tls',
      advice: 'retry-now',
    });
    expect(clock.pending).toBe(0);
  });

  test('ends for a handshake that never ends', async () => {
    const clock = new ManualClock();
    const server = await stub({ mode: 'plain' }, (peer) => peer.untilGone());
    const outcome = dial(createDialer({ clock }), {
      host: '127.0.0.1',
      port: server.port,
      directTls: true,
    });
    await until('the handshake', () => server.clear !== '');
    clock.advance(15_000);
    expect(failed(await outcome)).toMatchObject({ code: 'connection-timeout', step: 'tls' });
  });

  test('ends at once when the attempt is given up, and leaves nothing', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const server = await stub({ mode: 'plain' }, (peer) => peer.untilGone());
    const outcome = dial(createDialer({ clock }), { host: '127.0.0.1', port: server.port }, abort.signal);
    await until('the connection', () => server.clear !== '');
    abort.abort();
    expect(failed(await outcome)).toMatchObject({ code: 'connection-lost', advice: 'retry-now' });
    expect(clock.pending).toBe(0);
    await until('the server to notice', () => server.open === 0);
  });

  test('is none for an attempt that was given up before', async () => {
    expect(
      failed(await dial(createDialer(), { host: '127.0.0.1', port: 1 }, AbortSignal.abort())),
    ).toMatchObject({ code: 'connection-lost' });
  });
});
