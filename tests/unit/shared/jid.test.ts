import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bareJid, formatJid, parseAccountJid, parseJid, toBare } from '#shared/jid.ts';

const parts = (text: string): readonly string[] | undefined => {
  const jid = parseJid(text);
  return jid === undefined ? undefined : [jid.local, jid.domain, jid.resource];
};

describe('RFC 7622 section 3.5, table 1: addresses', () => {
  it.each([
    ['juliet@example.com', ['juliet', 'example.com', '']],
    ['juliet@example.com/foo', ['juliet', 'example.com', 'foo']],
    ['juliet@example.com/foo bar', ['juliet', 'example.com', 'foo bar']],
    ['juliet@example.com/foo@bar', ['juliet', 'example.com', 'foo@bar']],
    ['foo\\20bar@example.com', ['foo\\20bar', 'example.com', '']],
    ['fussball@example.com', ['fussball', 'example.com', '']],
    ['fu\u00dfball@example.com', ['fu\u00dfball', 'example.com', '']],
    ['\u03c0@example.com', ['\u03c0', 'example.com', '']],
    ['\u03a3@example.com/foo', ['\u03c3', 'example.com', 'foo']],
    ['\u03c3@example.com/foo', ['\u03c3', 'example.com', 'foo']],
    ['\u03c2@example.com/foo', ['\u03c2', 'example.com', 'foo']],
    ['king@example.com/\u265a', ['king', 'example.com', '\u265a']],
    ['example.com', ['', 'example.com', '']],
    ['example.com/foobar', ['', 'example.com', 'foobar']],
    ['a.example.com/b@example.net', ['', 'a.example.com', 'b@example.net']],
  ])('%s', (text, expected) => expect(parts(text)).toEqual(expected));
});

describe('RFC 7622 section 3.5, table 2: no addresses', () => {
  it.each([
    ['"juliet"@example.com', 'quotation marks'],
    ['foo bar@example.com', 'a space in the local part'],
    ['<@example.com/>', 'an angle bracket'],
    ['juliet@', 'a local part without a domain'],
    ['/foobar', 'a resource without a domain'],
    ['juliet@example.com/', 'an empty resource'],
    ['@example.com', 'an empty local part'],
    ['', 'nothing'],
  ])('%j: %s', (text) => expect(parseJid(text)).toBeUndefined());

  // Rows 19, 21 and 22 (a blank at the start of a resource, U+2163, U+265A) are accepted on purpose: servers
  // with the older stringprep tables allow them, and refusing would lose what their owners write.
  it('is lenient where servers are', () => {
    expect(parts('\u265a@example.com')).toEqual(['\u265a', 'example.com', '']);
  });
});

describe('normalisation', () => {
  it.each([
    ['Juliet@EXAMPLE.com/Balcony', 'juliet@example.com/Balcony', 'case of all but the resource'],
    ['e\u0301tienne@example.com', '\u00e9tienne@example.com', 'composed characters'],
    ['juliet@b\u0075\u0308cher.example', 'juliet@b\u00fccher.example', 'composed characters of a domain'],
    ['\uff4a\uff55liet@example.com', 'juliet@example.com', 'wide characters'],
    ['juliet@example.com.', 'juliet@example.com', 'the dot of a full domain name'],
    ['\u212aarl@example.com', 'karl@example.com', 'the Kelvin sign'],
    ['juliet@[2001:DB8::1]', 'juliet@[2001:db8::1]', 'an IPv6 literal'],
    ['juliet@192.0.2.1', 'juliet@192.0.2.1', 'an IPv4 address'],
    ['juliet@xn--bcher-kva.example', 'juliet@xn--bcher-kva.example', 'an A-label stays'],
  ])('%s is %s (%s)', (text, expected) => {
    const jid = parseJid(text);
    expect(jid === undefined ? undefined : formatJid(jid)).toBe(expected);
  });

  it('is done once and for all, whatever was typed', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom(
          'a',
          'B',
          '.',
          '@',
          '/',
          ' ',
          '\u0130',
          '\u03a3',
          '\u0301',
          '\uff21',
          '\uff0e',
          '[',
          ']',
          ':',
          '-',
        ),
      }),
    );
    fc.assert(
      fc.property(unit, (text) => {
        const jid = parseJid(text);
        if (jid === undefined) return;
        expect(parseJid(formatJid(jid))).toEqual(jid);
        expect(toBare(bareJid(jid))).toBe(bareJid(jid));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('hostile addresses', () => {
  it.each([
    ['juliet\u0000@example.com', 'NUL'],
    ['juliet\n@example.com', 'a line break'],
    ['juliet\ud800@example.com', 'a lone surrogate'],
    ['juliet\u202e@example.com', 'an override of direction'],
    ['jul\u200biet@example.com', 'a zero-width space'],
    ['jul\u00adiet@example.com', 'a soft hyphen'],
    ['juliet\ufeff@example.com', 'a byte order mark'],
    ['\ufeffjuliet@example.com', 'a byte order mark in front'],
    ['juliet\ue000@example.com', 'a private character'],
    ['juliet\u3000@example.com', 'an ideographic space'],
    ['a\uff20b@example.com', 'a wide @, which becomes a plain one'],
    ['a\uff0fb@example.com', 'a wide slash'],
    ["o'hara@example.com", 'an apostrophe'],
    ['a&b@example.com', 'an ampersand'],
    ['a:b@example.com', 'a colon'],
    ['a<b@example.com', 'an angle bracket'],
    ['a@b@example.com', 'two @'],
    ['juliet@exam ple.com', 'a blank in the domain'],
    ['juliet@example.com:5222', 'a port'],
    ['juliet@exa[mple.com', 'a stray bracket'],
    ['juliet@[example.com]', 'brackets without an IPv6 address'],
    ['juliet@::1', 'an IPv6 address without brackets'],
    ['juliet@.example.com', 'an empty label in front'],
    ['juliet@example..com', 'an empty label inside'],
    ['juliet@example.com..', 'two dots at the end'],
    ['juliet@.', 'only a dot'],
    ['juliet@-example.com', 'a hyphen in front'],
    ['juliet@example-.com', 'a hyphen at an end'],
    [`juliet@${'a'.repeat(64)}.com`, 'a label of 64 characters'],
    ['juliet@exam\u200dple.com', 'a joiner in the domain'],
    ['juliet@example.com\u202e', 'an override of direction in the domain'],
    ['juliet@example.com/a\u0000b', 'NUL in the resource'],
    ['juliet@example.com/a\ud800', 'a lone surrogate in the resource'],
    ['juliet@example.com/\uffff', 'a noncharacter in the resource'],
  ])('%j is refused: %s', (text) => expect(parseJid(text)).toBeUndefined());

  it('counts bytes, not characters (section 3.3)', () => {
    expect(parseJid(`${'a'.repeat(1023)}@example.com`)).toBeDefined();
    expect(parseJid(`${'a'.repeat(1024)}@example.com`)).toBeUndefined();
    expect(parseJid(`${'\u00fc'.repeat(511)}@example.com`)).toBeDefined();
    expect(parseJid(`${'\u00fc'.repeat(512)}@example.com`)).toBeUndefined();
    expect(parseJid(`a@b/${'\u{1f600}'.repeat(255)}`)).toBeDefined();
    expect(parseJid(`a@b/${'\u{1f600}'.repeat(256)}`)).toBeUndefined();
    expect(parseJid(`a@${'b.'.repeat(511)}c`)).toBeDefined();
    expect(parseJid(`a@${'b.'.repeat(512)}c`)).toBeUndefined();
  });

  it('does not mistake an address in a resource for its sender', () => {
    expect(toBare('mallory@evil.example/romeo@montague.example')).toBe('mallory@evil.example');
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void parseJid(text)));
  });
});

describe("a user's own address", () => {
  it('may be typed with blanks around it', () => {
    expect(parseAccountJid('  Juliet@Example.com\n')).toBe('juliet@example.com');
  });

  it.each(['example.com', 'juliet@example.com/balcony', 'juliet', '@example.com', ''])(
    'is not %j',
    (text) => {
      const jid = parseAccountJid(text);
      // A single word is a domain, and a domain is nobody's account.
      expect(jid).toBeUndefined();
    },
  );
});
