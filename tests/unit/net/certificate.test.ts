import { describe, expect, test } from 'vitest';
import { createDialer, type DialTarget } from '#main/net/dialer.ts';
import { DOMAIN, record, records, useDialing } from '#tests/support/dialing.ts';
import type { CertificateFiles } from '#tests/support/certificates.ts';
import type { TlsStub } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

const { stub, issue, dial, connected, failed } = useDialing();

const selfSigned = (): Promise<CertificateFiles> => issue('self.test', { names: [DOMAIN], selfSigned: true });

describe('a certificate', () => {
  const target = (server: TlsStub, more: Partial<DialTarget> = {}): Partial<DialTarget> => ({
    host: '127.0.0.1',
    port: server.port,
    directTls: true,
    ...more,
  });

  test('that nobody vouches for is refused before a byte is sent, and described', async () => {
    const server = await stub({ certificate: await selfSigned() }, (peer) => peer.untilGone());
    const failure = failed(await dial(createDialer(), target(server)));
    expect(failure).toMatchObject({
      code: 'certificate-untrusted',
      certificate: { subject: 'CN=self.test', issuer: 'CN=self.test' },
    });
    await until('the server to lose us', () => server.open === 0);
    expect(server.received).toBe('');
  });

  test('that is pinned is accepted, and only that', async () => {
    const server = await stub({ certificate: await selfSigned() });
    const refusal = failed(await dial(createDialer(), target(server)));
    const pinnedSpki = refusal.certificate?.spki;
    const { certificate } = connected(await dial(createDialer(), target(server, { pinnedSpki })));
    expect(certificate.spki).toBe(pinnedSpki);
    const trusted = await stub({});
    expect(failed(await dial(createDialer(), target(trusted, { pinnedSpki })))).toMatchObject({
      code: 'certificate-changed',
    });
  });

  test('is looked at again in every connection, also one that TLS could resume', async () => {
    const server = await stub({});
    const dialer = createDialer();
    connected(await dial(dialer, target(server)));
    expect(failed(await dial(dialer, target(server, { domain: 'elsewhere.test' })))).toMatchObject({
      code: 'certificate-wrong-name',
    });
    expect(failed(await dial(dialer, target(server, { ca: undefined })))).toMatchObject({
      code: 'certificate-untrusted',
    });
  });

  test('with the name of the host that SRV gave is not one for the domain', async () => {
    const hosters = await issue('xmpp.hoster.test');
    const server = await stub({ certificate: hosters });
    const failure = failed(await dial(createDialer({ resolver: records([record(server.port, 1)]) })));
    expect(failure.code).toBe('certificate-wrong-name');
  });

  test('for an address literal must hold that address', async () => {
    const server = await stub({});
    expect(failed(await dial(createDialer(), target(server, { domain: '127.0.0.1' })))).toMatchObject({
      code: 'certificate-wrong-name',
    });
  });
});
