import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spkiOf } from '#main/net/certificate.ts';
import type { SrvRecord } from '#main/net/resolver.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { startFaultProxy } from '#tests/support/fault-proxy.ts';
import { startProsody, type Prosody } from '#tests/support/prosody.ts';
import { failureOf, logged, loopbackLookup, openWith, type OpenOptions } from '#tests/support/streams.ts';
import { until } from '#tests/support/until.ts';

/** Login and its failures, against the real server. */

let prosody: Prosody;

beforeAll(async () => {
  prosody = await startProsody({
    accounts: [
      { jid: 'alice@localhost', password: 'pw-alice' },
      { jid: 'алиса@localhost', password: 'пароль ключ🔑' },
      { jid: 'alice@sha256.test', password: 'pw-alice' },
      { jid: 'алиса@sha256.test', password: 'Ⅸ пароль' },
      ...['selfsigned.test', 'expired.test', 'wrongname.test'].map((host) => ({
        jid: `alice@${host}`,
        password: 'pw-alice',
      })),
    ],
  });
});

afterAll(() => prosody.stop());

const starttls = (options: OpenOptions = {}): OpenOptions => ({
  port: prosody.port,
  ca: prosody.ca,
  ...options,
});
const direct = (options: OpenOptions = {}): OpenOptions => ({
  port: prosody.directTlsPort,
  directTls: true,
  ca: prosody.ca,
  ...options,
});
const spki = async (host: string): Promise<string> =>
  spkiOf(new X509Certificate(await readFile(join(prosody.dir, 'certs', `${host}.crt`))));

describe('a login', () => {
  test.each([
    ['STARTTLS', starttls],
    ['direct TLS', direct],
  ])('by %s', async (_name, how) => {
    const { stream, heard } = await openWith(how());
    expect(stream.jid).toBe('alice@localhost/test');
    expect(stream.resumed).toBe(false);
    expect(stream.rosterVersioning).toBe(true);
    const roster = await stream.request(
      xml('iq', { type: 'get' }, xml('query', { xmlns: 'jabber:iq:roster' })),
    );
    expect(roster.getChild('query')).toBeDefined();
    await stream.send(xml('presence'));
    await until('our own presence', () => heard.some((stanza) => stanza.startsWith('<presence')));
  });

  test('on a host that knows SCRAM-SHA-256 and PLAIN uses SCRAM (xmpp.js: silently PLAIN)', async () => {
    const before = (await prosody.log()).length;
    const { stream } = await openWith(direct({ jid: 'alice@sha256.test' }));
    expect(stream.jid).toBe('alice@sha256.test/test');
    const log = (await prosody.log()).slice(before);
    expect(log).toContain("mechanism='SCRAM-SHA-256'");
    expect(log).not.toContain("mechanism='PLAIN'");
  });

  test.each([
    ['SCRAM-SHA-1', 'алиса@localhost', 'пароль ключ🔑'],
    ['SCRAM-SHA-256 and SASLprep', 'алиса@sha256.test', 'IX пароль'],
  ])('with a user name and a password beyond ASCII, by %s', async (_name, jid, password) => {
    const { stream } = await openWith(starttls({ jid, password }));
    expect(stream.jid).toBe(`${jid}/test`);
  });

  test('finds the server by SRV, and its certificate is for the domain all the same', async () => {
    const asked: string[] = [];
    const resolver = {
      srv: async (name: string): Promise<readonly SrvRecord[]> => {
        asked.push(name);
        const port = name.startsWith('_xmpps') ? prosody.directTlsPort : prosody.port;
        return [
          { name: 'xmpp.somewhere.test', port, priority: name.startsWith('_xmpps') ? 1 : 2, weight: 0 },
        ];
      },
      lookup: loopbackLookup,
    };
    const { stream } = await openWith({
      jid: 'alice@sha256.test',
      host: undefined,
      ca: prosody.ca,
      dialer: { resolver },
    });
    expect(stream.jid).toBe('alice@sha256.test/test');
    expect(asked.toSorted()).toEqual(['_xmpp-client._tcp.sha256.test', '_xmpps-client._tcp.sha256.test']);
  });

  test('says nothing of its password and of what it sends to the log', async () => {
    const { stream } = await openWith(starttls());
    await stream.send(
      xml('message', { to: 'alice@localhost', type: 'chat' }, xml('body', {}, 'a secret text')),
    );
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join('\n')).not.toMatch(/pw-alice|secret|alice@/);
  });
});

describe('a login that must fail', () => {
  test('with a wrong password: only the user can help', async () => {
    const failure = await failureOf(starttls({ password: 'wrong' }));
    expect(failure).toMatchObject({
      code: 'auth-failed',
      step: 'auth',
      advice: 'needs-user',
      condition: 'not-authorized',
      host: '127.0.0.1',
    });
  });

  test('as a user who does not exist: the same', async () => {
    const failure = await failureOf(starttls({ jid: 'nobody@localhost' }));
    expect(failure).toMatchObject({ code: 'auth-failed', advice: 'needs-user' });
  });

  test('at a domain that the server does not serve: by STARTTLS nobody vouches for that', async () => {
    const failure = await failureOf(starttls({ jid: 'alice@unknown.test' }));
    expect(failure).toMatchObject({
      code: 'host-unknown',
      step: 'stream',
      advice: 'retry-later',
      condition: 'host-unknown',
    });
  });

  test('at a port where nobody listens', async () => {
    const proxy = await startFaultProxy(1);
    await proxy.stop();
    const failure = await failureOf(starttls({ port: proxy.port }));
    expect(failure).toMatchObject({ code: 'connection-refused', step: 'tcp', advice: 'retry-now' });
  });

  test('at a host that has no address', async () => {
    const failure = await failureOf(starttls({ host: 'nowhere.invalid' }));
    expect(failure).toMatchObject({ code: 'dns-failed', step: 'dns', host: 'nowhere.invalid' });
  });

  test.each([
    ['signed by itself', 'selfsigned.test', 'certificate-untrusted'],
    ['out of its time', 'expired.test', 'certificate-expired'],
    ['for another name', 'wrongname.test', 'certificate-wrong-name'],
  ])('because the certificate is %s, and what it is can be shown', async (_name, host, code) => {
    for (const how of [starttls, direct]) {
      const failure = await failureOf(how({ jid: `alice@${host}` }));
      expect(failure).toMatchObject({ code, step: 'tls', advice: 'needs-user' });
      expect(failure.certificate).toMatchObject({ subject: `CN=${host}`, spki: await spki(host) });
      expect(failure.certificate?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    }
    const log = await prosody.log();
    expect(log).not.toContain(`Authenticated as alice@${host}`);
  });

  test('because nobody has told us of the authority', async () => {
    const failure = await failureOf(starttls({ ca: undefined }));
    expect(failure).toMatchObject({ code: 'certificate-untrusted', advice: 'needs-user' });
  });
});

describe('a pinned key', () => {
  test('is trusted instead of the authorities', async () => {
    const { stream } = await openWith(
      direct({ jid: 'alice@selfsigned.test', ca: undefined, pinnedSpki: await spki('selfsigned.test') }),
    );
    expect(stream.jid).toBe('alice@selfsigned.test/test');
  });

  test('is trusted beyond its time and under any name: the user has decided', async () => {
    for (const host of ['expired.test', 'wrongname.test']) {
      const { stream } = await openWith(
        starttls({ jid: `alice@${host}`, ca: undefined, pinnedSpki: await spki(host) }),
      );
      expect(stream.jid).toBe(`alice@${host}/test`);
    }
  });

  test('that has changed is refused although the authorities vouch for the new one', async () => {
    const failure = await failureOf(starttls({ pinnedSpki: await spki('selfsigned.test') }));
    expect(failure).toMatchObject({ code: 'certificate-changed', step: 'tls', advice: 'needs-user' });
    expect(failure.certificate?.spki).toBe(await spki('localhost'));
  });
});
