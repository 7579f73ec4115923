import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJid } from '#shared/jid.ts';
import { redact, redactValue } from '#main/log/redact.ts';

/** An arbitrary that picks one of the characters of a text. */
const oneOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...Array.from(text));

const salt = 'salt of this run';

/** Characters that RFC 7622 admits in a local part, the awkward ones of them often. */
const localChar = fc.oneof(
  oneOf('abcXYZ019!#$%()*+,-.;=?[\\]^_`{|}~'),
  fc.constantFrom('\u00e9', '\u03c0', '\u4f60', '\u0645', '\u{1f600}'),
);
/** Begins and ends in a way that no surrounding text can explain. */
const local = fc.tuple(fc.string({ unit: localChar, maxLength: 60 })).map(([middle]) => `qzx${middle}xzq`);
const label = fc.string({
  unit: oneOf('abcdefz019\u00fc\u4f60\u0939\u093f'),
  minLength: 1,
  maxLength: 20,
});
const domain = fc.oneof(
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `qzd${labels.join('.')}dzq.org`),
  fc.constant('[2001:db8::face:b00c]'),
);
const resource = fc
  .string({ unit: oneOf('abz09()<>"\'=@/-.\u00e9'), minLength: 1, maxLength: 30 })
  .map((text) => `qzr${text}rzq`);
const spaced = fc.tuple(resource, resource).map((both) => both.join(' '));

const valid = (text: string): boolean => parseJid(text) !== undefined;
const jid = fc
  .tuple(local, domain)
  .map(([user, host]) => `${user}@${host}`)
  .filter(valid);
const fullJid = fc
  .tuple(jid, resource)
  .map((both) => both.join('/'))
  .filter(valid);

/** Pieces of a log line that may stand around a secret. */
const around = fc.constantFrom(
  ['', ''],
  ['from ', ' dropped'],
  ['(', ')'],
  ['"', '"'],
  ["<message from='", "'/>"],
  ['jid=', ' code=x'],
  ['a,', ',b'],
  ['[', ']'],
  ['to:', ';'],
);

const LEAKS = /qz[xdr]|[xdr]zq|face:b00c/;

describe('what never passes', () => {
  it('an address, bare or full, anywhere in a line', () => {
    fc.assert(
      fc.property(fc.oneof(jid, fullJid), around, (address, [before, after]) => {
        expect(redact(`${before}${address}${after}`, salt)).not.toMatch(LEAKS);
      }),
      { numRuns: 3000 },
    );
  });

  it('an address as the value of a field, with blanks in its resource', () => {
    fc.assert(
      fc.property(
        fc
          .tuple(jid, spaced)
          .map((both) => both.join('/'))
          .filter(valid),
        (address) => {
          expect(redactValue('from', address, salt)).toMatch(/^jid:[0-9a-f]{8}$/);
        },
      ),
    );
  });

  it('several addresses in a line, percent-encoded ones too', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(jid, fullJid), { minLength: 2, maxLength: 5 }), (addresses) => {
        expect(redact(addresses.join(' and '), salt)).not.toMatch(LEAKS);
      }),
    );
    expect(redact('GET /avatar/qzxromeo%40qzdmontague.example%2fqzrorchard', salt)).not.toMatch(LEAKS);
  });

  it('keys and tokens of 16 bytes and more, in every usual coding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), around, (bytes, [before, after]) => {
        const key = Buffer.from(bytes);
        const pairs = key.toString('hex').match(/../g) ?? [];
        const groups = key.toString('hex').match(/.{8}/g) ?? [];
        const codings = [
          key.toString('base64'),
          key.toString('base64url'),
          key.toString('hex'),
          key.toString('hex').toUpperCase(),
          pairs.join(':'),
          groups.join(' '),
          groups.join(' ').toUpperCase(),
        ];
        for (const text of codings) {
          const line = redact(`${before}${text}${after}`, salt);
          expect(line).not.toContain(text);
          // Nor most of it: an end of a few characters may be left over.
          expect(line).not.toContain(text.slice(0, text.length / 2));
        }
      }),
    );
  });

  it.each([
    'https://files.example.org/upload/qzxtoken/qzxfile.jpg?key=qzx#qzx',
    'HTTPS://files.example.org/qzx',
    'wss://example.org/xmpp?token=qzx',
    'aesgcm://files.example.org/qzxname.jpg#qzxiv',
    'https://qzxuser:qzxpassword@files.example.org/',
    'https://qzxuser@files.example.org',
    'xmpp:qzxromeo@montague.example?message;body=qzxsecret',
    'xmpp:qzxroom@conference.example?join;password=qzx',
    'mailto:qzxann@example.org?subject=qzx',
    'tel:+4930qzx',
  ])('the private part of %s', (url) => {
    expect(redact(`opening ${url} now`, salt)).not.toMatch(LEAKS);
    expect(redact(`opening ${url} now`, salt)).toContain(' now');
  });

  it.each([
    '/home/qzxann/.config/app',
    '/var/home/qzxann',
    '/Users/qzxann/Library',
    'C:\\Users\\qzxann\\AppData',
    'c:\\users\\qzxann dzq\\AppData',
    'C:\\\\Users\\\\qzxann\\\\AppData',
    'file:///C:/Users/qzxann%20b/x',
    'file:///home/qzxann/x.ts:1:2',
    '//home//qzxann//x',
  ])('the name in %s', (folder) => expect(redact(`cannot read ${folder}`, salt)).not.toMatch(LEAKS));

  it.each([
    'password',
    'newPassword',
    'passphrase',
    'clientSecret',
    'token',
    'sessionToken',
    'key',
    'body',
    'text',
  ])('the value of a field named %s', (name) => expect(redactValue(name, 'tiger', salt)).toBe('[…]'));

  it('a second line that a stranger wrote', () => {
    const line = redact('name "x\n2026-11-22T00:00:00Z error forged\r\u2028\u0085\u001b[2J"', salt);
    expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  });

  it('half of an address that a cut went through', () => {
    const long = `${'word '.repeat(1636)}qzxromeo@qzdmontague.example tail`;
    for (let shift = 0; shift < 30; shift += 1)
      expect(redact('.'.repeat(shift) + long, salt)).not.toMatch(LEAKS);
  });
});

describe('what stays readable', () => {
  it.each([
    'stream open resumed=true acks=false',
    'error=StreamError code=certificate-wrong-name condition=remote-server-not-found',
    'refused: Origin is not ours',
    'xep-0198 h=12 max=300, 3 waiting @ 14:02:11',
    'SQLITE_CONSTRAINT_UNIQUE in messages.origin_id',
    'urn:ietf:params:xml:ns:xmpp-stanzas',
  ])('%s', (line) => expect(redact(line, salt)).toBe(line));

  it('the host of a link', () => {
    expect(redact('PUT https://files.example.org:5281/a/b failed', salt)).toBe(
      'PUT https://files.example.org:5281/[…] failed',
    );
  });
});

describe('the tag of an address', () => {
  const tagIn = (text: string, by = salt): string | undefined =>
    /jid:([0-9a-f]{8})/.exec(redact(text, by))?.[1];

  it('is the same for the same contact in one run, however it is written', () => {
    const expected = tagIn('romeo@montague.example');
    for (const text of [
      'Romeo@Montague.Example',
      'romeo@montague.example/orchard',
      '(romeo@montague.example)',
      '"romeo@montague.example"',
      "from='romeo@montague.example/x'",
      'jid=romeo@montague.example',
      'from:romeo@montague.example',
      '[romeo@montague.example]',
      'romeo%40montague.example',
    ]) {
      expect([text, tagIn(text)]).toEqual([text, expected]);
    }
    expect(redactValue('jid', 'Romeo@montague.example/or chard', salt)).toBe(`jid:${expected}`);
  });

  it('is another for another contact, and another in the next run', () => {
    expect(tagIn('juliet@capulet.example')).not.toBe(tagIn('romeo@montague.example'));
    expect(tagIn('romeo@montague.example', 'next run')).not.toBe(tagIn('romeo@montague.example'));
  });
});
