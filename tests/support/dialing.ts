import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { Dial, DialOutcome, DialTarget } from '#main/net/dialer.ts';
import type { Resolver, SrvRecord } from '#main/net/resolver.ts';
import { createAuthority, type Authority, type CertificateFiles, type IssueOptions } from './certificates.ts';
import { loopbackLookup } from './streams.ts';
import { features, openTag, startStub, type StubOptions, type StubScript, type TlsStub } from './tls-stub.ts';

/** A domain with a certificate and fake servers, for what is dialled; all is stopped after each test. */

export const DOMAIN = 'stub.test';
export const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";

export interface Dialing {
  stub(options: Partial<StubOptions>, ...scripts: readonly StubScript[]): Promise<TlsStub>;
  issue(name: string, options?: IssueOptions): Promise<CertificateFiles>;
  /** Runs after the test. */
  after(stop: () => unknown): void;
  dial(dial: Dial, target?: Partial<DialTarget>, signal?: AbortSignal): Promise<DialOutcome>;
  connected(outcome: DialOutcome): Extract<DialOutcome, { ok: true }>;
  failed(outcome: DialOutcome): Extract<DialOutcome, { ok: false }>['failure'];
}

export const useDialing = (): Dialing => {
  // Real handshakes, perhaps beside a dozen other suites.
  vi.setConfig({ testTimeout: 30_000 });
  const stops: (() => unknown)[] = [];
  let dir: string;
  let authority: Authority;
  let certificate: CertificateFiles;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dialing-'));
    authority = await createAuthority(dir);
    certificate = await authority.issue(DOMAIN);
  });
  afterAll(() => rm(dir, { recursive: true }));
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  return {
    stub: async (options, ...scripts) => {
      const stub = await startStub({ certificate, ...options }, ...scripts);
      stops.push(() => stub.stop());
      return stub;
    },
    issue: (name, options) => authority.issue(name, options),
    after: (stop) => stops.push(stop),
    dial: (dial, target = {}, signal = new AbortController().signal) =>
      dial({ domain: DOMAIN, directTls: false, ca: authority.ca, ...target }, signal),
    connected: (outcome) => {
      if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.message}`);
      stops.push(() => outcome.socket.destroy());
      return outcome;
    },
    failed: (outcome) => {
      if (outcome.ok) throw new Error('connected');
      return outcome.failure;
    },
  };
};

/** Offers STARTTLS and does it. */
export const upgrade: StubScript = async (peer) => {
  await peer.expect(/<stream:stream[^>]*>/);
  peer.send(openTag(DOMAIN) + features(STARTTLS));
  await peer.expect(/<starttls[^>]*>/);
  peer.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await peer.startTls();
};

export const record = (port: number, priority: number, name = 'xmpp.hoster.test'): SrvRecord => ({
  name,
  port,
  priority,
  weight: 0,
});

/** A DNS with these records, in which every host is this machine. */
export const records = (direct: readonly SrvRecord[], starttls: readonly SrvRecord[] = []): Resolver => ({
  srv: async (name) => (name.startsWith('_xmpps-') ? direct : starttls),
  lookup: loopbackLookup,
});

/** A port at which nobody listens. */
export const nobody = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};
