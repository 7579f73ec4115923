import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeepLink } from '#shared/deep-link.ts';
import type { DeviceId } from '#shared/ids.ts';
import { bareJid, parseJid } from '#shared/jid.ts';
import { formatKeyLink, keysOf, parseKeyLink, type KeyClaim } from '#shared/key-link.ts';

const hex = (digit: string): string => digit.repeat(64);
const shown = (digit: string): string => Array.from({ length: 8 }, () => digit.repeat(8)).join(' ');
const claim = (deviceId: number, digit: string): KeyClaim => ({
  deviceId: deviceId as DeviceId,
  fingerprint: shown(digit),
});

const ann = { jid: 'ann@example.org', keys: [claim(1, 'a'), claim(2147483647, '0')] };

describe('a link with keys', () => {
  it('is written as Conversations and Dino read it', () => {
    expect(formatKeyLink(ann)).toBe(
      `xmpp:ann@example.org?omemo-sid-1=${hex('a')};omemo-sid-2147483647=${hex('0')}`,
    );
    expect(formatKeyLink({ jid: 'ann@example.org', keys: [] })).toBe('xmpp:ann@example.org');
  });

  it.each([
    ['of Conversations', `xmpp:ann@example.org?omemo-sid-1=${hex('a')};omemo-sid-2147483647=${hex('0')}`],
    [
      'with an action',
      `xmpp:ann@example.org?message;omemo-sid-1=${hex('A')};omemo-sid-2147483647=${hex('0')}`,
    ],
    [
      'with ampersands, as Zom has them',
      `xmpp:Ann@Example.org?subscribe&omemo-sid-1=${hex('a')}&omemo-sid-2147483647=${hex('0')}`,
    ],
    [
      'on the web, of Conversations',
      `https://conversations.im/i/ann@example.org?omemo-sid-1=${hex('a')}&omemo-sid-2147483647=${hex('0')}`,
    ],
    [
      'in an invitation of ChatSecure',
      `https://chatsecure.org/i/#${Buffer.from(
        `ann@example.org?otr=${'0123456789'.repeat(4)}&omemo-sid-1=${hex('a')}&omemo-sid-2147483647=${hex('0')}`,
      ).toString('base64url')}=`,
    ],
    [
      'between blanks of a copied line',
      `  xmpp:ann@example.org?omemo-sid-1=${hex('a')};omemo-sid-2147483647=${hex('0')}\n`,
    ],
  ])('%s is read', (_, text) => {
    expect(parseKeyLink(text)).toEqual(ann);
  });

  it('of an address alone names no key', () => {
    expect(parseKeyLink('xmpp:ann@example.org?message;body=omemo-sid-1')).toEqual({
      jid: 'ann@example.org',
      keys: [],
    });
    // The example that ChatSecure itself publishes.
    expect(
      parseKeyLink(
        'https://chatsecure.org/i/#YWxpY2VAZXhhbXBsZS5vcmc_b3RyPTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc=',
      ),
    ).toEqual({ jid: 'alice@example.org', keys: [] });
  });

  it.each([
    ['a key too short', `xmpp:ann@example.org?omemo-sid-1=${hex('a').slice(1)}`],
    ['a key too long', `xmpp:ann@example.org?omemo-sid-1=05${hex('a')}`],
    ['a key of other letters', `xmpp:ann@example.org?omemo-sid-1=${hex('g')}`],
    ['no key', 'xmpp:ann@example.org?message;omemo-sid-1'],
    ['device 0', `xmpp:ann@example.org?omemo-sid-0=${hex('a')}`],
    ['a number beyond the devices', `xmpp:ann@example.org?omemo-sid-2147483648=${hex('a')}`],
    ['a number in disguise', `xmpp:ann@example.org?omemo-sid-0x1=${hex('a')}`],
    ['no number', `xmpp:ann@example.org?omemo-sid-=${hex('a')}`],
    [
      'one key that is right and one that is not',
      `xmpp:ann@example.org?omemo-sid-1=${hex('a')};omemo-sid-2=zz`,
    ],
    ['two keys for one device', `xmpp:ann@example.org?omemo-sid-1=${hex('a')};omemo-sid-1=${hex('b')}`],
    [
      'more than 32 keys',
      formatKeyLink({ ...ann, keys: Array.from({ length: 33 }, (_, i) => claim(i + 1, 'a')) }),
    ],
    ['a page of the web', 'https://example.org/i/ann@example.org'],
    ['an invitation of binary', 'https://chatsecure.org/i/#AAECAwQ'],
    ['an invitation into another program', `https://chatsecure.org/i/#${btoa('javascript:alert(1)')}`],
    ['no address', `xmpp:?omemo-sid-1=${hex('a')}`],
    ['another scheme', `javascript:ann@example.org?omemo-sid-1=${hex('a')}`],
    ['no end', `xmpp:ann@example.org?message;body=${'x'.repeat(5000)}`],
    ['nothing', ''],
  ])('with %s is refused whole', (_, text) => {
    expect(parseKeyLink(text)).toBeUndefined();
  });

  it('says the same where the system hands it over', () => {
    const link = parseDeepLink(formatKeyLink(ann));
    expect(link).toMatchObject({ jid: ann.jid, action: 'message' });
    expect(link && keysOf(link)).toEqual(ann.keys);
    expect(parseDeepLink(`xmpp:a@b.org?omemo-sid-1=${hex('a')};omemo-sid-1=${hex('b')}`)).toBeUndefined();
  });
});

const address = fc
  .tuple(fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })), fc.domain())
  .map(([local, domain]) => parseJid(local === null ? domain : `${local}@${domain}`))
  .filter((jid) => jid !== undefined)
  // One that looks like an option of a command line is refused wherever links are read.
  .filter(({ local, domain }) => !(local === '' ? domain : local).startsWith('-'))
  .map(bareJid);

const claims = fc
  .uniqueArray(fc.integer({ min: 1, max: 2_147_483_647 }), { maxLength: 16 })
  .chain((ids) =>
    fc.tuple(
      fc.constant(ids),
      fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
        minLength: ids.length,
        maxLength: ids.length,
      }),
    ),
  )
  .map(([ids, keys]) =>
    ids.map((id, index) => ({
      deviceId: id as DeviceId,
      fingerprint: Buffer.from(keys[index] ?? [])
        .toString('hex')
        .replaceAll(/.{8}(?=.)/g, '$& '),
    })),
  );

describe('any link', () => {
  it('that is written is read as the same', () => {
    fc.assert(
      fc.property(address, claims, (jid, keys) => {
        const text = formatKeyLink({ jid, keys });
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        const read = parseKeyLink(text);
        expect(read?.jid).toBe(jid);
        expect(read?.keys.toSorted((a, b) => a.deviceId - b.deviceId)).toEqual(
          keys.toSorted((a, b) => a.deviceId - b.deviceId),
        );
      }),
    );
  });

  it('of any shape is refused, or read as what is sound, and never an exception', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('xmpp:', 'https://', '/i/#', '/i/', 'conversations.im', 'a@b.org', '?', ';', '&', '='),
      fc.constantFrom('omemo-sid-', '1', '-1', hex('a'), hex('B'), '%', '%00', '%3b', '__proto__', '#'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        for (const text of [pieces.join(''), `xmpp:a@b.org?${pieces.join('')}`]) {
          const link = parseKeyLink(text);
          if (link === undefined) continue;
          expect(parseJid(link.jid)).toBeDefined();
          for (const { deviceId, fingerprint } of link.keys) {
            expect(deviceId).toBeGreaterThan(0);
            expect(fingerprint).toMatch(/^[0-9a-f]{8}(?: [0-9a-f]{8}){7}$/);
          }
          expect(parseKeyLink(formatKeyLink(link))).toEqual(link);
        }
      }),
      { numRuns: 500 },
    );
  });
});
