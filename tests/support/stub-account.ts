import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { createAuthority } from './certificates.ts';
import { failureOf, openBare, openWith, type OpenOptions, type Opened } from './streams.ts';
import { startStub, type StubOptions, type StubScript, type TlsStub } from './tls-stub.ts';
import type { Stream, StreamError } from '#main/xmpp/port.ts';

export interface StubAccount {
  readonly stub: TlsStub;
  /** PEM of the authority that vouches for it. */
  readonly ca: string;
  /** Logs in as alice@stub.test. */
  open(options?: OpenOptions): Promise<Opened>;
  /** The same, and nobody listens yet. */
  openBare(): Promise<Stream>;
  /** Fails to. */
  fail(options?: OpenOptions): Promise<StreamError>;
}

/** An account on a fake server behind a certificate that is trusted; everything is stopped after each test. */
export const useStubAccount = (): ((
  options: Partial<StubOptions>,
  ...scripts: readonly StubScript[]
) => Promise<StubAccount>) => {
  // Real handshakes, perhaps beside a dozen other suites.
  vi.setConfig({ testTimeout: 30_000 });
  const stubs: TlsStub[] = [];
  let dir: string;
  let ca: string;
  let certificate: StubOptions['certificate'];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'stub-'));
    const authority = await createAuthority(dir);
    ({ ca } = authority);
    certificate = await authority.issue('stub.test');
  });
  afterAll(() => rm(dir, { recursive: true }));
  afterEach(async () => {
    for (const stub of stubs.splice(0)) await stub.stop();
  });

  return async (options, ...scripts) => {
    const stub = await startStub({ certificate, ...options }, ...scripts);
    stubs.push(stub);
    const account = (more: OpenOptions = {}): OpenOptions => ({
      jid: 'alice@stub.test',
      password: 'pw-alice',
      port: stub.port,
      directTls: (options.mode ?? 'direct') === 'direct',
      ca,
      ...more,
    });
    return {
      stub,
      ca,
      open: (more) => openWith(account(more)),
      openBare: () => openBare(account()),
      fail: (more) => failureOf(account(more)),
    };
  };
};
