import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { BindingKeeper, LoginBinding } from '#main/xmpp/port.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { ScramServer, type Digest } from '#tests/support/scram-server.ts';
import { logged } from '#tests/support/streams.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import {
  acceptBind,
  acceptPlainSession,
  acceptSession,
  BIND,
  features,
  loginPlain,
  mechanisms,
  openTag,
  SM,
  type StubPeer,
  type StubScript,
} from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

const account = useStubAccount();

const decode = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('utf8');
const encode = (text: string): string => Buffer.from(text).toString('base64');
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const inSasl = (name: string, text = ''): string => `<${name} xmlns='${NS_SASL}'>${text}</${name}>`;

/** Offers mechanisms and waits for the choice of one. */
const offer = async (
  peer: StubPeer,
  names: readonly string[],
  more = '',
): Promise<{ name: string; initial: string }> => {
  await peer.expect(/<stream:stream[^>]*>/);
  peer.send(openTag() + features(mechanisms(...names) + more));
  const [, name = '', initial] = await peer.expect(/<auth[^>]*mechanism="([^"]+)"[^>]*>([^<]*)<\/auth>/);
  return { name, initial: decode(initial) };
};

interface Tampering {
  readonly challenge?: (honest: string) => string;
  readonly success?: (honest: string) => string;
  readonly iterations?: number;
}

/** A server that knows the password, and may lie about it. */
const scramLogin =
  (digest: Digest, gs2: string, names: readonly string[], tamper: Tampering = {}, types = ''): StubScript =>
  async (peer) => {
    const server = new ScramServer(digest, 'pw-alice', tamper.iterations ?? 4096);
    const { initial } = await offer(peer, names, types);
    const honest = server.first(initial);
    peer.send(inSasl('challenge', encode(tamper.challenge?.(honest) ?? honest)));
    const [, answer] = await peer.expect(/<response[^>]*>([^<]*)<\/response>/);
    const binding = gs2.startsWith('p=')
      ? (peer.socket as TLSSocket).exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      : undefined;
    const signature = server.final(decode(answer), gs2, binding);
    if (signature === undefined) return peer.send(inSasl('failure', '<not-authorized/>'));
    peer.send(tamper.success?.(signature) ?? inSasl('success', encode(signature)));
    await peer.expect(/<stream:stream[^>]*>/);
    peer.send(openTag() + features(BIND));
    await acceptBind(peer);
  };

describe('SCRAM', () => {
  test.each([
    ['SHA-1', 'sha1'],
    ['SHA-256', 'sha256'],
    ['SHA-512', 'sha512'],
  ] as const)('with %s; the server learns that we could have bound', async (name, digest) => {
    const { open } = await account({}, scramLogin(digest, 'y,,', [`SCRAM-${name}`, 'PLAIN']));
    expect((await open()).stream.jid).toBe('alice@stub.test/stub');
  });

  const listed =
    "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>";
  const both = ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'];

  test('bound to the TLS connection (RFC 9266), and never less after that', async () => {
    const known: LoginBinding[] = [];
    const binding: BindingKeeper = { get: () => known.at(-1), set: (now) => known.push(now) };
    const honest = await account({}, scramLogin('sha256', 'p=tls-exporter,,', both, {}, listed));
    expect((await honest.open({ binding })).stream.jid).toBe('alice@stub.test/stub');
    expect(known).toEqual([{ mechanism: 'SCRAM-SHA-256-PLUS', type: 'tls-exporter', tlsVersion: 'TLSv1.3' }]);
    const shortened = await account({}, async (peer) => {
      await scramLogin('sha256', 'n,,', both)(peer).catch(() => undefined);
    });
    await expect(shortened.open({ binding })).rejects.toMatchObject({
      ...{ code: 'binding-lost', step: 'auth', advice: 'needs-user' },
    });
    await until('the connection to end', () => shortened.stub.open === 0);
    expect(shortened.stub.received).not.toContain('<response');
  });

  const evil: readonly (readonly [string, Tampering])[] = [
    ['a nonce that is not ours', { challenge: (honest) => honest.replace(/r=[^,]+/, 'r=evil') }],
    ['a wrong signature', { success: () => inSasl('success', encode(`v=${encode('x'.repeat(32))}`)) }],
    ['no signature', { success: () => inSasl('success') }],
    ['an empty signature', { success: () => inSasl('success', '=') }],
  ];
  test.each(evil)('a server without the password that sends %s is found out', async (_name, tamper) => {
    const { fail, stub } = await account({}, async (peer) => {
      await scramLogin('sha256', 'y,,', ['SCRAM-SHA-256'], tamper)(peer).catch(() => undefined);
    });
    expect(await fail()).toMatchObject({ code: 'server-not-genuine', step: 'auth', advice: 'needs-user' });
    await until('the connection to end', () => stub.open === 0);
    // It was told nothing after its lie.
    expect(stub.received).not.toContain('<iq');
  });

  test.each([10, 50_000_000])('is refused with %i iterations', async (iterations) => {
    const { fail } = await account({}, async (peer) => {
      const { initial } = await offer(peer, ['SCRAM-SHA-256']);
      const nonce = /r=(.+)$/.exec(initial)?.[1] ?? '';
      peer.send(inSasl('challenge', encode(`r=${nonce}x,s=c2FsdA==,i=${iterations}`)));
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code: 'auth-unsupported', advice: 'needs-user' });
  });
});

describe('PLAIN', () => {
  test('is used where nothing better is offered, inside TLS, with UTF-8', async () => {
    let initial = '';
    const { open } = await account({}, async (peer) => {
      ({ initial } = await offer(peer, ['PLAIN', 'X-UNKNOWN']));
      peer.send(inSasl('success'));
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(openTag() + features(BIND));
      await acceptBind(peer, 'алиса@stub.test/x');
    });
    const { stream } = await open({ jid: 'алиса@stub.test', password: 'пароль🔑' });
    expect(initial).toBe('\0алиса\0пароль🔑');
    expect(stream.jid).toBe('алиса@stub.test/x');
    expect(logged.join('\n')).not.toContain('пароль');
  });

  test('is not used beside SCRAM', async () => {
    const { fail } = await account({}, async (peer) => {
      const { name } = await offer(peer, ['PLAIN', 'SCRAM-SHA-256']);
      peer.send(inSasl('failure', name === 'SCRAM-SHA-256' ? '<not-authorized/>' : '<account-disabled/>'));
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code: 'auth-failed' });
  });

  test('is never used without TLS, and nothing else is said there either', async () => {
    for (const mode of ['plain', 'starttls'] as const) {
      const { fail, stub } = await account({ mode }, async (peer) => {
        await peer.expect(/<stream:stream[^>]*>/);
        peer.send(openTag() + features(mechanisms('PLAIN', 'SCRAM-SHA-1')));
        await peer.untilGone();
      });
      expect(await fail()).toMatchObject({ code: 'tls-unavailable', step: 'stream' });
      expect(stub.clear).toMatch(/^<\?xml version='1.0'\?><stream:stream to='stub.test' [^>]*>$/);
    }
  });
});

describe('a refusal of the server', () => {
  test.each([
    ['not-authorized', 'auth-failed', 'needs-user'],
    ['credentials-expired', 'auth-failed', 'needs-user'],
    ['account-disabled', 'account-disabled', 'needs-user'],
    ['temporary-auth-failure', 'service-unavailable', 'retry-later'],
    ['mechanism-too-weak', 'auth-unsupported', 'needs-user'],
    ['made-up', 'auth-failed', 'needs-user'],
  ])('%s is %s', async (condition, code, advice) => {
    const { fail } = await account({}, async (peer) => {
      await offer(peer, ['PLAIN']);
      peer.send(inSasl('failure', `<${condition}/><text xml:lang='en'>no</text>`));
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code, advice, step: 'auth', condition });
  });

  test('offers nothing that we know', async () => {
    const { fail } = await account({}, async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(openTag() + features(mechanisms('EXTERNAL')));
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code: 'auth-unsupported', step: 'auth', advice: 'needs-user' });
  });

  test.each([
    ['conflict', 'conflict', 'needs-user'],
    ['resource-constraint', 'binding-failed', 'retry-later'],
    ['not-allowed', 'binding-failed', 'needs-user'],
  ])('to bind: %s', async (condition, code, advice) => {
    const { fail } = await account({}, async (peer) => {
      await loginPlain(peer);
      const [, id] = await peer.expect(/<iq[^>]*id="([^"]+)"[^>]*><bind.*?<\/iq>/);
      peer.send(
        `<iq type='error' id='${id}'><error type='cancel'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
      );
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code, advice, step: 'bind', condition });
  });

  test.each([
    ['host-unknown', 'host-unknown', 'needs-user'],
    ['see-other-host', 'service-unavailable', 'retry-later'],
    ['system-shutdown', 'server-shutdown', 'retry-later'],
    ['policy-violation', 'policy-violation', 'retry-later'],
    ['undefined-condition', 'protocol-error', 'retry-later'],
  ])('as the stream error %s; no other host is asked', async (condition, code, advice) => {
    const { fail, stub } = await account({}, async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(
        `${openTag()}<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'>localhost:1</${condition}></stream:error></stream:stream>`,
      );
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code, advice, condition, step: 'stream' });
    expect(stub.connections).toBe(1);
  });
});

describe('a server that is not well', () => {
  const stuck: readonly (readonly [string, StubScript, string])[] = [
    ['says nothing', async (peer) => peer.untilGone(), 'stream'],
    [
      'opens and offers nothing',
      async (peer) => {
        await peer.expect(/<stream:stream[^>]*>/);
        peer.send(openTag());
        await peer.untilGone();
      },
      'stream',
    ],
    [
      'forgets the login',
      async (peer) => {
        await offer(peer, ['PLAIN']);
        await peer.untilGone();
      },
      'auth',
    ],
    [
      'forgets the resource',
      async (peer) => {
        await loginPlain(peer);
        await peer.expect(/<bind/);
        await peer.untilGone();
      },
      'bind',
    ],
  ];
  test.each(stuck)('%s: the attempt ends by itself and leaves nothing', async (_name, script, step) => {
    const clock = new ManualClock();
    let waiting = false;
    const { fail, stub } = await account({}, async (peer) => {
      const untilGone = peer.untilGone.bind(peer);
      await script(Object.assign(peer, { untilGone: () => ((waiting = true), untilGone()) }));
    });
    const failure = fail({ clock });
    await until('the server to be stuck', () => waiting && stub.received.includes('<stream:stream'));
    clock.advance(30_000);
    expect(await failure).toMatchObject({ code: 'connection-timeout', step, advice: 'retry-now' });
    await until('the connection to end', () => stub.open === 0);
    expect(clock.pending).toBe(0);
  });

  test('leaves in the middle of the login: the next attempt starts clean', async () => {
    const { fail, open, stub } = await account(
      {},
      async (peer) => {
        await offer(peer, ['SCRAM-SHA-1']);
        peer.cut();
      },
      scramLogin('sha1', 'y,,', ['SCRAM-SHA-1']),
    );
    expect(await fail()).toMatchObject({ code: 'connection-lost', step: 'auth', advice: 'retry-now' });
    expect((await open()).stream.jid).toBe('alice@stub.test/stub');
    expect(stub.received.match(/<response/g)).toHaveLength(1);
  });

  const nonsense: readonly (readonly [string, string, string])[] = [
    ['another root', "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", 'protocol-error'],
    ['a stream of old, without version', openTag().replace(" version='1.0'>", '>'), 'protocol-error'],
    ['stanzas instead of features', `${openTag()}<message/>`, 'protocol-error'],
    ['XML that is none', `${openTag()}<stream:features></wrong>`, 'protocol-error'],
    ['a DTD', '<!DOCTYPE a>', 'protocol-error'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'protocol-error'],
    ['too much', `${openTag()}<stream:features>${'<a/>'.repeat(2_000)}`, 'policy-violation'],
    ['a goodbye', `${openTag()}</stream:stream>`, 'connection-lost'],
  ];
  test.each(nonsense)('answers with %s', async (_name, text, code) => {
    const { fail } = await account({}, async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(text);
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code, step: 'stream' });
  });

  test('adds something to <success/>: the stream before the login has nothing to say for the one after it', async () => {
    const { fail, stub } = await account({}, async (peer) => {
      await offer(peer, ['PLAIN']);
      peer.send(inSasl('success') + features(BIND));
      await peer.untilGone();
    });
    expect(await fail()).toMatchObject({ code: 'protocol-error', step: 'auth' });
    expect(stub.received).not.toContain('<iq');
  });

  test('binds an address that is none', async () => {
    const { fail } = await account({}, async (peer) => {
      await loginPlain(peer);
      await acceptBind(peer, '@/');
    });
    expect(await fail()).toMatchObject({ code: 'binding-failed', step: 'bind' });
  });
});

describe('a session', () => {
  test('starts with a stream that names us only inside TLS', async () => {
    const { open, stub } = await account({ mode: 'starttls' }, async (peer) => {
      await peer.expect(/<stream:stream[^>]*>/);
      peer.send(openTag() + features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"));
      await peer.expect(/<starttls[^>]*>/);
      peer.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      await peer.startTls();
      await acceptPlainSession(peer);
    });
    await open();
    expect(stub.clear).not.toContain('alice');
    expect(stub.received).toContain('from="alice@stub.test"');
  });

  test('of a server of old is started explicitly (RFC 3921), of a newer one not', async () => {
    const NS = 'urn:ietf:params:xml:ns:xmpp-session';
    const old = await account({}, async (peer) => {
      await loginPlain(peer, `${BIND}<session xmlns='${NS}'/>`);
      await acceptBind(peer);
      const [, id] = await peer.expect(/<iq[^>]*id="([^"]+)"[^>]*><session/);
      peer.send(`<iq type='result' id='${id}'/>`);
    });
    await old.open();
    const newer = await account({}, async (peer) => {
      await loginPlain(peer, `${BIND}<session xmlns='${NS}'><optional/></session>`);
      await acceptBind(peer);
    });
    await newer.open();
    expect(newer.stub.received).not.toContain(NS);
  });

  test('without stream management works, and cannot be resumed', async () => {
    const { open, stub } = await account({}, acceptPlainSession);
    const { stream } = await open();
    await stream.send(xml('presence'));
    await until('the presence', () => stub.received.includes('<presence/>'));
    expect(stream.resumeState()).toBeUndefined();
  });

  test('whose stream management is refused works without', async () => {
    const { open } = await account({}, (peer) => acceptSession(peer, "<failed xmlns='urn:xmpp:sm:3'/>"));
    const { stream } = await open();
    await stream.send(xml('presence'));
    expect(stream.resumeState()).toBeUndefined();
  });

  test('takes the limit of the server for what it sends (XEP-0478)', async () => {
    const { open } = await account({}, async (peer) => {
      await loginPlain(
        peer,
        `${BIND}${SM}<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>20000</max-bytes></limits>`,
      );
      await acceptBind(peer);
      await peer.expect(/<enable [^>]*>/);
      peer.send("<enabled xmlns='urn:xmpp:sm:3'/>");
    });
    const { stream } = await open();
    const long = xml('message', { to: 'bob@stub.test' }, xml('body', {}, 'x'.repeat(20_000)));
    await expect(stream.send(long)).rejects.toMatchObject({ reason: 'size' });
  });
});
