import { Resolver } from 'node:dns/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDialer, type Dial, type DialOutcome, type DialTarget } from '#main/net/dialer.ts';
import type { SrvRecord } from '#main/net/resolver.ts';
import { createAuthority, type Authority, type CertificateFiles } from '#tests/support/certificates.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { startSocksServer } from '#tests/support/socks-server.ts';
import { loopbackLookup } from '#tests/support/streams.ts';
import { features, mechanisms, openTag, startStub, type StubOptions, type StubScript, type TlsStub } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

const DOMAIN = 'stub.test';
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";

let dir: string;
let authority: Authority;
let good: CertificateFiles;
let other: CertificateFiles;
let unknown: CertificateFiles;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dialer-'));
  authority = await createAuthority(dir);
  good = await authority.issue(DOMAIN);
  other = await authority.issue('other.test');
  unknown = await authority.issue('self.test', { names: [DOMAIN], selfSigned: true });
});
afterAll(() => rm(dir, { recursive: true }));

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const stub = async (options: Partial<StubOptions>, ...scripts: readonly StubScript[]): Promise<TlsStub> => {
  const started = await startStub({ certificate: good, ...options }, ...(scripts.length === 0 ? [async () => undefined] : scripts));
  stops.push(() => started.stop());
  return started;
};

/** Offers STARTTLS and does it. */
const upgrade: StubScript = async (peer) => {
  await peer.expect(/<stream:stream[^>]*>/);
  peer.send(openTag(DOMAIN) + features(STARTTLS));
  await peer.expect(/<starttls[^>]*>/);
  peer.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await peer.startTls();
};

const record = (port: number, priority: number, name = 'xmpp.hoster.test'): SrvRecord => ({ name, port, priority, weight: 0 });
const records = (direct: readonly SrvRecord[], starttls: readonly SrvRecord[] = []) => ({
  srv: async (name: string) => (name.startsWith('_xmpps-') ? direct : starttls),
  lookup: loopbackLookup,
});
const nobody = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const dialWith = (dial: Dial, target: Partial<DialTarget> = {}, signal = new AbortController().signal): Promise<DialOutcome> =>
  dial({ domain: DOMAIN, directTls: false, ca: authority.ca, ...target }, signal);

const connected = (outcome: DialOutcome): Extract<DialOutcome, { ok: true }> => {
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.message}`);
  stops.unshift(async () => {
    outcome.socket.destroy();
  });
  return outcome;
};
const failed = (outcome: DialOutcome): Extract<DialOutcome, { ok: false }>['failure'] => {
  if (outcome.ok) throw new Error('connected');
  return outcome.failure;
};

describe('direct TLS (XEP-0368)', () => {
  test('names the domain of the JID and the protocol, whatever host SRV named (electron.md 7: no SNI, no ALPN)', async () => {
    let seen: unknown;
    const server = await stub({}, async (peer) => {
      seen = peer.socket instanceof TLSSocket ? { servername: (peer.socket as { servername?: string }).servername, alpn: peer.socket.alpnProtocol } : undefined;
    });
    const outcome = connected(await dialWith(createDialer({ resolver: records([record(server.port, 1)]) })));
    expect(outcome.endpoint).toEqual({ host: 'xmpp.hoster.test', port: server.port, directTls: true });
    await until('the server to look', () => seen !== undefined);
    expect(seen).toEqual({ servername: DOMAIN, alpn: 'xmpp-client' });
  });

  test('gives a channel binding of TLS 1.3 that the server computes as well', async () => {
    let theirs: Buffer | undefined;
    const server = await stub({}, async (peer) => {
      theirs = (peer.socket as TLSSocket).exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    });
    const { channelBindings } = connected(await dialWith(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }));
    await until('the server', () => theirs !== undefined);
    expect(Buffer.from(channelBindings['tls-exporter'] ?? [])).toEqual(theirs);
    expect(channelBindings['tls-server-end-point']).toHaveLength(32);
  });

  test('gives no exporter below TLS 1.3', async () => {
    const server = await stub({ tls: { maxVersion: 'TLSv1.2' } });
    const { channelBindings } = connected(await dialWith(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }));
    expect(Object.keys(channelBindings)).toEqual(['tls-server-end-point']);
  });

  test('below TLS 1.2 there is no connection', async () => {
    const server = await stub({ tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } });
    const failure = failed(await dialWith(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }));
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
    stops.push(() => new Promise((resolve) => server.close(() => resolve())));
    await dialWith(createDialer(), { host: '127.0.0.1', port: (server.address() as AddressInfo).port, directTls: true });
    // RFC 8446 section 4.2.1: supported_versions, with TLS 1.3 and 1.2.
    expect(Buffer.concat(hello).toString('hex')).toContain('002b00050403040303');
  });

  test('a server that speaks no TLS at all', async () => {
    const server = await stub({ mode: 'plain' }, async (peer) => peer.send(openTag()));
    const failure = failed(await dialWith(createDialer(), { host: '127.0.0.1', port: server.port, directTls: true }));
    expect(failure).toMatchObject({ code: 'tls-failed', step: 'tls' });
  });
});

describe('endpoints', () => {
  test('are tried in order until one answers', async () => {
    const server = await stub({ mode: 'starttls' }, upgrade);
    const resolver = records([record(await nobody(), 1)], [record(server.port, 2)]);
    const outcome = connected(await dialWith(createDialer({ resolver })));
    expect(outcome.endpoint).toMatchObject({ port: server.port, directTls: false });
  });

  test('beyond the one whose certificate was refused are not tried: the user must see that', async () => {
    const bad = await stub({ certificate: other });
    const fine = await stub({});
    const resolver = records([record(bad.port, 1), record(fine.port, 2)]);
    const failure = failed(await dialWith(createDialer({ resolver })));
    expect(failure).toMatchObject({ code: 'certificate-wrong-name', advice: 'needs-user', host: 'xmpp.hoster.test' });
    expect(fine.connections).toBe(0);
  });

  test('the one that got furthest tells why', async () => {
    const stripped = await stub({ mode: 'starttls' }, async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(openTag() + features(mechanisms('SCRAM-SHA-1')));
      await peer.untilGone();
    });
    const resolver = records([record(await nobody(), 1)], [record(stripped.port, 2), record(await nobody(), 3)]);
    expect(failed(await dialWith(createDialer({ resolver })))).toMatchObject({ code: 'tls-unavailable' });
  });

  test('of a domain that says it has none', async () => {
    const never = [record(0, 0, '.')];
    const failure = failed(await dialWith(createDialer({ resolver: records(never, never) })));
    expect(failure).toMatchObject({ code: 'service-unavailable', step: 'dns', advice: 'retry-later' });
  });

  test('with "direct TLS only" leave STARTTLS alone', async () => {
    const server = await stub({ mode: 'starttls' }, upgrade);
    const resolver = records([], [record(server.port, 1)]);
    const failure = failed(await dialWith(createDialer({ resolver }), { directTls: true }));
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
    await dialWith(createDialer({ resolver }), { domain: 'bücher.test' });
    expect(asked).toEqual(['_xmpps-client._tcp.xn--bcher-kva.test', '_xmpp-client._tcp.xn--bcher-kva.test']);
  });
});

describe('a certificate', () => {
  const target = (server: TlsStub, more: Partial<DialTarget> = {}): Partial<DialTarget> => ({ host: '127.0.0.1', port: server.port, directTls: true, ...more });

  test('that nobody vouches for is refused before a byte is sent, and described', async () => {
    const server = await stub({ certificate: unknown }, (peer) => peer.untilGone());
    const failure = failed(await dialWith(createDialer(), target(server)));
    expect(failure).toMatchObject({ code: 'certificate-untrusted', certificate: { subject: 'CN=self.test', issuer: 'CN=self.test' } });
    await until('the server to lose us', () => server.open === 0);
    expect(server.received).toBe('');
  });

  test('that is pinned is accepted, and only that', async () => {
    const server = await stub({ certificate: unknown });
    const refusal = failed(await dialWith(createDialer(), target(server)));
    const pinnedSpki = refusal.certificate?.spki;
    const { certificate } = connected(await dialWith(createDialer(), target(server, { pinnedSpki })));
    expect(certificate.spki).toBe(pinnedSpki);
    const trusted = await stub({});
    expect(failed(await dialWith(createDialer(), target(trusted, { pinnedSpki })))).toMatchObject({ code: 'certificate-changed' });
  });

  test('is looked at again in every connection, also one that TLS could resume', async () => {
    const server = await stub({});
    const dial = createDialer();
    connected(await dialWith(dial, target(server)));
    expect(failed(await dialWith(dial, target(server, { domain: 'elsewhere.test' })))).toMatchObject({ code: 'certificate-wrong-name' });
    expect(failed(await dialWith(dial, target(server, { ca: undefined })))).toMatchObject({ code: 'certificate-untrusted' });
  });

  test('with the name of the host that SRV gave is not one for the domain (electron.md 7)', async () => {
    const hosters = await authority.issue('xmpp.hoster.test');
    const server = await stub({ certificate: hosters });
    const failure = failed(await dialWith(createDialer({ resolver: records([record(server.port, 1)]) })));
    expect(failure.code).toBe('certificate-wrong-name');
  });

  test('for an address literal must hold that address', async () => {
    const server = await stub({});
    expect(failed(await dialWith(createDialer(), target(server, { domain: '127.0.0.1' })))).toMatchObject({ code: 'certificate-wrong-name' });
  });
});

describe('STARTTLS', () => {
  const viaStartTls = async (script: StubScript) => {
    const server = await stub({ mode: 'starttls' }, script);
    return { server, outcome: await dialWith(createDialer(), { host: '127.0.0.1', port: server.port }) };
  };
  const offering = (answer: string): StubScript => async (peer) => {
    await peer.expect(/<stream:stream[^>]*>/);
    peer.send(openTag() + features(STARTTLS));
    await peer.expect(/<starttls[^>]*>/);
    peer.send(answer);
    await peer.untilGone();
  };
  const saying = (text: string): StubScript => async (peer) => {
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
    ['not offered (B.4.2: went on in the clear)', saying(openTag() + features(mechanisms('SCRAM-SHA-1', 'PLAIN'))), 'tls-unavailable'],
    ['offered by a feature of another namespace', saying(openTag() + features("<starttls xmlns='urn:example'/>")), 'tls-unavailable'],
    ['not offered in features that are empty', saying(`${openTag()}<stream:features/>`), 'tls-unavailable'],
    ['refused', offering("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"), 'tls-unavailable'],
    ['followed by injected bytes', offering("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><stream:features/>"), 'protocol-error'],
    ['followed by something that is no handshake', offering("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), 'connection-lost'],
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

describe('a SOCKS5 proxy', () => {
  test('gets names, not addresses, and nobody else is asked (electron.md 7)', async () => {
    const locally = vi.spyOn(Resolver.prototype, 'resolveSrv');
    stops.push(async () => locally.mockRestore());
    const server = await stub({ mode: 'starttls' }, upgrade);
    const socks = await startSocksServer({ [`${DOMAIN}:5222`]: { port: server.port }, [`${DOMAIN}:5223`]: { reply: 5 } });
    stops.push(() => socks.stop());
    const proxy = { host: '127.0.0.1', port: socks.port, userId: 'account-1', password: 'x' };
    const outcome = connected(await dialWith(createDialer({ proxy })));
    expect(outcome.endpoint).toMatchObject({ host: DOMAIN, port: 5222, directTls: false });
    expect(socks.requests).toEqual([`account-1 3 ${DOMAIN}:5223`, `account-1 3 ${DOMAIN}:5222`]);
    expect(locally).not.toHaveBeenCalled();
  });

  test('may be asked with a resolver of its own', async () => {
    const server = await stub({});
    const socks = await startSocksServer({ 'hidden.onion:99': { port: server.port } });
    stops.push(() => socks.stop());
    const resolver = { srv: async (name: string) => (name.startsWith('_xmpps') ? [record(99, 1, 'hidden.onion')] : []) };
    const proxy = { host: '127.0.0.1', port: socks.port };
    connected(await dialWith(createDialer({ proxy, resolver })));
    expect(socks.requests).toEqual(['- 3 hidden.onion:99']);
  });

  test.each([
    [4, 'dns-failed'],
    [5, 'connection-refused'],
    [6, 'connection-timeout'],
    [2, 'connection-refused'],
  ])('that answers %i: %s', async (reply, code) => {
    const socks = await startSocksServer({ 'x.test:1': { reply } });
    stops.push(() => socks.stop());
    const proxy = { host: '127.0.0.1', port: socks.port };
    expect(failed(await dialWith(createDialer({ proxy }), { host: 'x.test', port: 1 }))).toMatchObject({ code, host: 'x.test' });
  });

  test('that is not there', async () => {
    const proxy = { host: '127.0.0.1', port: await nobody() };
    expect(failed(await dialWith(createDialer({ proxy })))).toMatchObject({ code: 'connection-refused', host: '127.0.0.1' });
  });
});

describe('patience', () => {
  test('ends for a server that accepts and is silent', async () => {
    const clock = new ManualClock();
    const server = await stub({ mode: 'plain' }, (peer) => peer.untilGone());
    const outcome = dialWith(createDialer({ clock }), { host: '127.0.0.1', port: server.port });
    await until('the connection', () => server.connections === 1 && server.clear !== '');
    clock.advance(15_000);
    expect(failed(await outcome)).toMatchObject({ code: 'connection-timeout', step: 'tls', advice: 'retry-now' });
    expect(clock.pending).toBe(0);
  });

  test('ends for a handshake that never ends', async () => {
    const clock = new ManualClock();
    const server = await stub({ mode: 'plain' }, (peer) => peer.untilGone());
    const outcome = dialWith(createDialer({ clock }), { host: '127.0.0.1', port: server.port, directTls: true });
    await until('the handshake', () => server.clear !== '');
    clock.advance(15_000);
    expect(failed(await outcome)).toMatchObject({ code: 'connection-timeout', step: 'tls' });
  });

  test('ends at once when the attempt is given up, and leaves nothing', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const server = await stub({ mode: 'plain' }, (peer) => peer.untilGone());
    const outcome = dialWith(createDialer({ clock }), { host: '127.0.0.1', port: server.port }, abort.signal);
    await until('the connection', () => server.clear !== '');
    abort.abort();
    expect(failed(await outcome)).toMatchObject({ code: 'connection-lost', advice: 'retry-now' });
    expect(clock.pending).toBe(0);
    await until('the server to notice', () => server.open === 0);
  });

  test('is none for an attempt that was given up before', async () => {
    expect(failed(await dialWith(createDialer(), { host: '127.0.0.1', port: 1 }, AbortSignal.abort()))).toMatchObject({ code: 'connection-lost' });
  });
});
