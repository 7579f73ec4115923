import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SaslError } from '#main/xmpp/sasl/mechanism.ts';
import { saslprep } from '#main/xmpp/sasl/saslprep.ts';
import { createScram, ITERATIONS, type ScramBinding } from '#main/xmpp/sasl/scram.ts';
import { chooseProfile, startExchange } from '#main/xmpp/sasl/select.ts';
import { ScramServer } from '#tests/support/scram-server.ts';

const text = (data: Uint8Array): string => Buffer.from(data).toString('utf8');
const bytes = (data: string): Uint8Array => Buffer.from(data, 'utf8');
const unbound: ScramBinding = { kind: 'impossible' };

const code = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    if (error instanceof SaslError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('SCRAM test vectors', () => {
  test('RFC 5802 section 5: SCRAM-SHA-1', async () => {
    const scram = createScram({
      hash: 'SHA-1',
      username: 'user',
      password: 'pencil',
      binding: unbound,
      nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    });
    expect(text(scram.initial)).toBe('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL');
    const answer = await scram.challenge(
      bytes('r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096'),
    );
    expect(text(answer)).toBe(
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    );
    scram.succeeded(bytes('v=rmF9pqV8S7suAoZWja4dJRkFsKQ='));
  });

  test('RFC 7677 section 3: SCRAM-SHA-256', async () => {
    const scram = createScram({
      hash: 'SHA-256',
      username: 'user',
      password: 'pencil',
      binding: unbound,
      nonce: 'rOprNGfwEbeRWgbNEkqO',
    });
    const answer = await scram.challenge(
      bytes('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
    );
    expect(text(answer)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    );
    scram.succeeded(bytes('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='));
  });
});

describe('a SCRAM exchange', () => {
  const exporter = Buffer.alloc(32, 7);

  test.each([
    ['SHA-1', 'sha1'],
    ['SHA-256', 'sha256'],
    ['SHA-512', 'sha512'],
  ] as const)('%s with channel binding satisfies a server', async (hash, digest) => {
    const binding: ScramBinding = { kind: 'bound', type: 'tls-exporter', data: exporter };
    const scram = createScram({ hash, username: 'a=b,c', password: 'пароль', binding });
    expect(scram.mechanism).toBe(`SCRAM-${hash}-PLUS`);
    const server = new ScramServer(digest, 'пароль');
    const initial = text(scram.initial);
    expect(initial).toMatch(/^p=tls-exporter,,n=a=3Db=2Cc,r=/);
    const first = server.first(initial);
    const final = text(await scram.challenge(bytes(first)));
    const signature = server.final(final, 'p=tls-exporter,,', exporter);
    expect(signature).toBeDefined();
    scram.succeeded(bytes(signature ?? ''));
  });

  test('the signature may come as a challenge before an empty success', async () => {
    const scram = createScram({ hash: 'SHA-256', username: 'u', password: 'p', binding: { kind: 'unused' } });
    const server = new ScramServer('sha256', 'p');
    const first = server.first(text(scram.initial));
    const final = text(await scram.challenge(bytes(first)));
    const signature = server.final(final, 'y,,') ?? '';
    expect(await scram.challenge(bytes(signature))).toHaveLength(0);
    scram.succeeded(undefined);
  });

  const started = async (): Promise<ReturnType<typeof createScram>> => {
    const scram = createScram({ hash: 'SHA-1', username: 'u', password: 'p', binding: unbound });
    await scram.challenge(bytes(new ScramServer('sha1', 'p').first(text(scram.initial))));
    return scram;
  };

  test.each([
    ['no data', undefined],
    ['empty data', ''],
    ['a wrong signature', `v=${Buffer.alloc(20, 1).toString('base64')}`],
    ['a signature of the wrong length', 'v=AAAA'],
    ['no signature', 'x=1'],
  ])('success with %s is not believed', async (_name, data) => {
    const scram = await started();
    expect(await code(() => scram.succeeded(data === undefined ? undefined : bytes(data)))).toBe(
      'server-not-genuine',
    );
  });

  test('success before any challenge is not believed', async () => {
    const scram = createScram({ hash: 'SHA-1', username: 'u', password: 'p', binding: unbound });
    expect(await code(() => scram.succeeded(undefined))).toBe('server-not-genuine');
    expect(await code(() => scram.succeeded(bytes('v=')))).toBe('server-not-genuine');
  });

  test('a server error instead of a signature is a refusal', async () => {
    const scram = await started();
    expect(await code(() => scram.succeeded(bytes('e=invalid-proof')))).toBe('auth-failed');
  });

  const nonce = 'OWN';
  test.each([
    ['a nonce of somebody else', 'r=evil,s=c2FsdA==,i=4096', 'server-not-genuine'],
    ['our nonce with nothing added', `r=${nonce},s=c2FsdA==,i=4096`, 'server-not-genuine'],
    ['no nonce', 's=c2FsdA==,i=4096', 'server-not-genuine'],
    ['a mandatory extension', `m=x,r=${nonce}x,s=c2FsdA==,i=4096`, 'auth-unsupported'],
    ['too few iterations', `r=${nonce}x,s=c2FsdA==,i=${ITERATIONS.least - 1}`, 'auth-unsupported'],
    ['too many iterations', `r=${nonce}x,s=c2FsdA==,i=${ITERATIONS.most + 1}`, 'auth-unsupported'],
    ['iterations that are no number', `r=${nonce}x,s=c2FsdA==,i=4e3`, 'auth-unsupported'],
    ['no salt', `r=${nonce}x,i=4096`, 'auth-unsupported'],
    ['the fewest iterations', `r=${nonce}x,s=c2FsdA==,i=${ITERATIONS.least}`, 'accepted'],
    ['nothing', '', 'server-not-genuine'],
  ])('a challenge with %s', async (_name, challenge, expected) => {
    const scram = createScram({ hash: 'SHA-1', username: 'u', password: 'p', binding: unbound, nonce });
    expect(await code(() => scram.challenge(bytes(challenge)))).toBe(expected);
  });

  test('any challenge at all ends in an answer or in a SaslError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (challenge) => {
        const scram = createScram({ hash: 'SHA-1', username: 'u', password: 'p', binding: unbound, nonce });
        expect(await code(() => scram.challenge(bytes(challenge)))).not.toBe('accepted');
      }),
    );
  });
});

describe('SASLprep (RFC 4013 section 3)', () => {
  test.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
    ['\u0007', undefined],
    ['\u0627\u0031', undefined],
    ['a\u00a0b', 'a b'],
    ['пароль🔑', 'пароль🔑'],
    ['\u00ad', undefined],
    ['', undefined],
    ['\ud800', undefined],
  ])('%j becomes %j', (input, prepared) => {
    expect(saslprep(input)).toBe(prepared);
  });
});

describe('the choice of a mechanism', () => {
  const credentials = {
    username: 'u',
    password: 'p',
    channelBindings: { 'tls-exporter': Buffer.alloc(32), 'tls-server-end-point': Buffer.alloc(32) },
  };
  const choose = (
    mechanisms: string[],
    bindingTypes?: string[],
    channelBindings = credentials.channelBindings as object,
  ) => {
    const exchange = startExchange({ mechanisms, bindingTypes }, { ...credentials, channelBindings });
    return `${exchange.mechanism} ${exchange.mechanism === 'PLAIN' ? '' : text(exchange.initial).split(',')[0]}`.trim();
  };

  test.each([
    [
      'binding before a longer hash',
      ['SCRAM-SHA-512', 'SCRAM-SHA-1-PLUS', 'PLAIN'],
      ['tls-exporter'],
      'SCRAM-SHA-1-PLUS p=tls-exporter',
    ],
    ['the longest hash', ['SCRAM-SHA-1', 'SCRAM-SHA-512', 'SCRAM-SHA-256'], undefined, 'SCRAM-SHA-512 y'],
    ['SCRAM before PLAIN', ['PLAIN', 'SCRAM-SHA-256'], undefined, 'SCRAM-SHA-256 y'],
    ['PLAIN where there is nothing else', ['PLAIN', 'DIGEST-MD5'], undefined, 'PLAIN'],
    [
      'the type that the server names',
      ['SCRAM-SHA-256-PLUS'],
      ['tls-server-end-point'],
      'SCRAM-SHA-256-PLUS p=tls-server-end-point',
    ],
    [
      'the stronger type',
      ['SCRAM-SHA-256-PLUS'],
      ['tls-server-end-point', 'tls-exporter'],
      'SCRAM-SHA-256-PLUS p=tls-exporter',
    ],
  ])('%s', (_name, mechanisms, types, expected) => {
    expect(choose(mechanisms, types)).toBe(expected);
  });

  test('a server that does not say what it checks is not bound to a guess: ejabberd 23.01 would refuse it', () => {
    expect(choose(['PLAIN', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'])).toBe('SCRAM-SHA-1 n');
  });

  test('without anything to bind to the flag is "n", whatever is offered', () => {
    expect(choose(['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'], undefined, {})).toBe('SCRAM-SHA-1 n');
    expect(choose(['SCRAM-SHA-1'], undefined, {})).toBe('SCRAM-SHA-1 n');
  });

  test('a server of old that binds to something else before TLS 1.3 is not told "y"', () => {
    const endPointOnly = { 'tls-server-end-point': Buffer.alloc(32) };
    expect(choose(['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'], undefined, endPointOnly)).toBe('SCRAM-SHA-1 n');
  });

  test.each([
    ['a list of bindings with nothing in it for us', ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'], ['tls-made-up']],
    ['only mechanisms that we do not know', ['EXTERNAL', 'X-OAUTH2'], undefined],
    ['nothing', [], undefined],
  ])('%s ends the attempt', async (_name, mechanisms, types) => {
    expect(await code(() => choose(mechanisms, types))).toBe('auth-unsupported');
  });

  test('the same list below TLS 1.3 is what Prosody 13 shows: no binding, and no "y"', () => {
    const endPointOnly = { 'tls-server-end-point': Buffer.alloc(32) };
    expect(choose(['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'], ['tls-unique'], endPointOnly)).toBe('SCRAM-SHA-1 n');
  });

  test('PLAIN is no way around a SCRAM that cannot be bound', async () => {
    expect(await code(() => choose(['SCRAM-SHA-1-PLUS', 'PLAIN'], undefined, {}))).toBe('auth-unsupported');
  });

  test('a password that SASLprep forbids is not sent', async () => {
    expect(
      await code(() =>
        startExchange(
          { mechanisms: ['PLAIN'], bindingTypes: undefined },
          { ...credentials, password: 'a\u0007' },
        ),
      ),
    ).toBe('auth-failed');
  });
});

describe('a login by one of two lists', () => {
  const both = { 'tls-exporter': Buffer.alloc(32), 'tls-server-end-point': Buffer.alloc(32) };
  const choose = (
    sasl2: readonly string[] | undefined,
    classic: readonly string[],
    bindingTypes?: string[],
  ): string =>
    chooseProfile(
      {
        sasl2: sasl2 && { mechanisms: sasl2, bindingTypes },
        classic: { mechanisms: classic, bindingTypes },
      },
      both,
    );

  test.each([
    ['the classic one, where there is no other', undefined, ['SCRAM-SHA-1'], undefined, 'classic'],
    ['SASL2 where both offer the same', ['SCRAM-SHA-1'], ['SCRAM-SHA-1'], undefined, 'sasl2'],
    [
      'the one with channel binding, if somebody took it from SASL2',
      ['SCRAM-SHA-256'],
      ['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'],
      ['tls-exporter'],
      'classic',
    ],
    ['SCRAM before PLAIN', ['PLAIN'], ['SCRAM-SHA-1', 'PLAIN'], undefined, 'classic'],
    ['SCRAM before nothing', ['X-UNKNOWN'], ['SCRAM-SHA-1'], undefined, 'classic'],
    ['PLAIN where neither has more', ['PLAIN'], ['PLAIN'], undefined, 'sasl2'],
  ])('takes %s', (_name, sasl2, classic, types, expected) => {
    expect(choose(sasl2, classic, types)).toBe(expected);
  });

  test.each([
    [
      'PLAIN beside a SCRAM that cannot be bound',
      ['PLAIN'],
      ['SCRAM-SHA-1-PLUS'],
      ['tls-server-end-point-2'],
    ],
    ['nothing that we know', ['X-UNKNOWN'], [], undefined],
  ])('ends where there is %s', async (_name, sasl2, classic, types) => {
    expect(await code(() => choose(sasl2, classic, types))).toBe('auth-unsupported');
  });
});

describe('the protection of what is offered (XEP-0474)', () => {
  const offer = {
    mechanisms: ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'],
    bindingTypes: ['tls-server-end-point', 'tls-exporter'],
  };
  const answer = (hash: string, seen: typeof offer | { mechanisms: string[]; bindingTypes: undefined }) => {
    const nonce = 'fyko+d2lbbFgONRv9qkxdawL';
    const scram = createScram({
      ...{ hash: 'SHA-1', username: 'user', password: 'pencil', binding: unbound, nonce },
      offer: seen,
    });
    return code(() => scram.challenge(bytes(`r=${nonce}x,s=QSXCR+Q6sek8bf92,i=4096,h=${hash}`)));
  };

  test('takes the hash of section 5.3 for the lists that it is of', async () => {
    expect(await answer('G6k/rBLDqgOhRRaCuuatSDFkJ08=', offer)).toBe('accepted');
  });

  test.each([
    ['a mechanism was taken away', { ...offer, mechanisms: ['SCRAM-SHA-1'] }],
    ['a mechanism was added', { ...offer, mechanisms: [...offer.mechanisms, 'PLAIN'] }],
    ['a type was taken away', { ...offer, bindingTypes: ['tls-exporter'] }],
    ['the types were taken away', { mechanisms: offer.mechanisms, bindingTypes: undefined }],
  ])('ends where %s', async (_name, seen) => {
    expect(await answer('G6k/rBLDqgOhRRaCuuatSDFkJ08=', seen)).toBe('server-not-genuine');
  });

  test.each(['SCRAM-SHA-1', 'SCRAM-SHA-1\x1f'])(
    'takes either way of saying that there are no types: %j',
    async (offered) => {
      const hash = createHash('sha1').update(offered).digest('base64');
      expect(await answer(hash, { mechanisms: ['SCRAM-SHA-1'], bindingTypes: undefined })).toBe('accepted');
    },
  );
});

describe('an account whose logins were bound to their connection', () => {
  const credentials = {
    username: 'user',
    password: 'pencil',
    channelBindings: { 'tls-exporter': Buffer.alloc(32), 'tls-server-end-point': Buffer.alloc(32) },
    mustBind: true,
  };
  const plus = { mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'], bindingTypes: ['tls-exporter'] };

  /** What becomes of the login at the server's first message, with what it says of its offer. */
  const goOn = (
    offer: { mechanisms: string[]; bindingTypes: string[] | undefined },
    signed?: string,
    channelBindings: object = credentials.channelBindings,
  ): Promise<string> =>
    code(() => {
      const exchange = startExchange(offer, { ...credentials, channelBindings });
      const nonce = /r=(.+)$/.exec(text(exchange.initial))?.[1] ?? '';
      return exchange.challenge(
        bytes(`r=${nonce}x,s=QSXCR+Q6sek8bf92,i=4096${signed === undefined ? '' : `,h=${signed}`}`),
      );
    });
  const hashOf = (offered: string): string => createHash('sha1').update(offered).digest('base64');

  test('goes on where this one is, too, and says by what', async () => {
    expect(await goOn(plus)).toBe('accepted');
    const exchange = startExchange(plus, credentials);
    expect([exchange.mechanism, exchange.binding]).toEqual(['SCRAM-SHA-1-PLUS', 'tls-exporter']);
    expect(await goOn({ ...plus, bindingTypes: ['tls-server-end-point'] })).toBe('accepted');
  });

  test.each([
    ['the list of types is gone', { ...plus, bindingTypes: undefined }],
    ['the mechanisms are gone', { mechanisms: ['SCRAM-SHA-1'], bindingTypes: undefined }],
    ['the mechanisms alone are gone', { ...plus, mechanisms: ['SCRAM-SHA-1'] }],
    ['nothing but PLAIN is left', { mechanisms: ['PLAIN'], bindingTypes: undefined }],
  ])('proves nothing where %s', async (_name, offer) => {
    expect(await goOn(offer)).toBe('binding-lost');
  });

  test('proves nothing on a connection that cannot be bound: whoever made it may have seen to that', async () => {
    expect(await goOn(plus, undefined, {})).toBe('binding-lost');
  });

  test('goes on where the server signs that it offers no binding any more (XEP-0474)', async () => {
    const without = { mechanisms: ['SCRAM-SHA-1'], bindingTypes: undefined };
    expect(await goOn(without, hashOf('SCRAM-SHA-1'))).toBe('accepted');
    expect(await goOn(without, hashOf('SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1ftls-exporter'))).toBe(
      'server-not-genuine',
    );
  });
});
