import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { externalUrl } from '#shared/security-policy.ts';
import { readMessageText } from '#renderer/features/timeline/message-text.ts';
import { colourOf, displayName, initial } from '#renderer/ui/names.ts';
import { cleanText } from '#renderer/state/drafts.ts';

const links = (text: string): readonly string[] =>
  readMessageText(text).parts.flatMap((part) => (part.kind === 'link' ? [part.url] : []));
const whole = (text: string): string =>
  readMessageText(text, true)
    .parts.map((part) => part.text)
    .join('');

describe('links in a message', () => {
  it('are found where people write them', () => {
    expect(links('see https://example.org/a_(b)?q=1, and more.')).toEqual(['https://example.org/a_(b)?q=1']);
    expect(links('example.org/path')).toEqual(['https://example.org/path']);
    expect(links('mailto:ada@example.org')).toEqual(['mailto:ada@example.org']);
    expect(links('xmpp:room@chat.example.org?join.')).toEqual(['xmpp:room@chat.example.org?join']);
    expect(links('(https://example.org)')).toEqual(['https://example.org/']);
  });

  it.each([
    'http://example.org',
    'ftp://example.org/file',
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    '//example.org/x',
    'vbscript:x',
    'https://bank.example@evil.example/',
    'https://user:pass@evil.example/',
    'https://bank.example/\u2067gro.live',
    'https://exam\u200Bple.org/',
    'ada@example.org',
    'xmpp:',
    'mailto:?attach=/etc/passwd',
  ])('are not made of %j', (text) => {
    expect(links(text)).toEqual([]);
    expect(whole(text)).toBe(text);
  });

  it('read in the order in which they lead, whatever overrides stand between', () => {
    const [part] = readMessageText('https://bank.example/\u202Egro.live').parts;
    expect(part).toEqual({
      kind: 'link',
      text: 'https://bank.example/gro.live',
      url: 'https://bank.example/gro.live',
    });
  });

  it('show where a foreign name really leads', () => {
    expect(links('https://аррӏе.example/')).toEqual(['https://xn--80ak6aa92e.example/']);
  });

  it('never change or lose a character of any text, and only lead where main would go', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const { parts, action } = readMessageText(text, true);
        const plain = (action ? text.slice(4) : text).replaceAll(/[\u202d\u202e]/g, '');
        expect(parts.map((part) => part.text).join('')).toBe(plain);
        for (const part of parts) if (part.kind === 'link') expect(externalUrl(part.url)).toBe(part.url);
      }),
    );
  });

  it('do not keep the window busy in a hostile text', () => {
    for (const text of [
      'a.'.repeat(30_000),
      'https://'.repeat(7_000),
      '('.repeat(50_000),
      'xmpp:'.repeat(10_000),
    ]) {
      expect(whole(text)).toBe(text);
    }
    expect(links(`https://example.org ${'x'.repeat(70_000)}`)).toEqual(['https://example.org/']);
    expect(readMessageText(`https://example.org ${'x'.repeat(70_000)}`, true).parts).toHaveLength(1);
  });
});

describe('the text of a message', () => {
  it('keeps markup as the characters it is', () => {
    const text = '<img src=x onerror=alert(1)> &amp; <b>';
    expect(readMessageText(text).parts).toEqual([{ kind: 'text', text }]);
  });

  it('tells what somebody does (XEP-0245)', () => {
    expect(readMessageText('/me waves')).toMatchObject({ action: true, parts: [{ text: 'waves' }] });
    expect(readMessageText('/meow').action).toBe(false);
    expect(readMessageText(' /me waves').action).toBe(false);
  });

  it('counts a few emoji and nothing else', () => {
    expect(readMessageText('👍').emoji).toBe(1);
    expect(readMessageText('👨‍👩‍👧‍👦 🏳️‍🌈').emoji).toBe(2);
    expect(readMessageText('👍👍👍👍👍👍👍').emoji).toBe(0);
    expect(readMessageText('ok 👍').emoji).toBe(0);
    expect(readMessageText('123').emoji).toBe(0);
    expect(readMessageText('  ').emoji).toBe(0);
    expect(readMessageText('/me 👍').emoji).toBe(0);
  });

  it('folds what is too long, by characters and by lines, and shows it whole when asked', () => {
    const wide = `${'x'.repeat(1_999)}👍${'y'.repeat(100)}`;
    expect(readMessageText(wide)).toMatchObject({
      shortened: true,
      parts: [{ text: `${'x'.repeat(1_999)}…` }],
    });
    expect(whole(wide)).toBe(wide);
    const high = Array.from({ length: 90 }, (_, line) => `line ${line}`).join('\n');
    const folded = readMessageText(high);
    expect(folded.shortened).toBe(true);
    expect(folded.parts[0]?.text.split('\n')).toHaveLength(40);
    expect(readMessageText('short').shortened).toBe(false);
  });

  it('loses overrides of the direction', () => {
    expect(whole('\u202Ecod.exe\u202C')).toBe('cod.exe\u202C');
  });
});

describe('a name', () => {
  it('loses controls, directions and invisible characters', () => {
    expect(displayName('Mallory\u202Ecod.exe')).toBe('Mallory cod.exe');
    expect(displayName('a\u0000b\u200Bc\u2066d\u2069e\u{E0041}f')).toBe('a b c d e f');
    expect(displayName('  two \n\n lines ')).toBe('two lines');
  });

  it('keeps the joiners of scripts and emoji that need them', () => {
    expect(displayName('می\u200Cخواهم')).toBe('می\u200Cخواهم');
    expect(displayName('👨\u200D👩\u200D👧 family')).toBe('👨\u200D👩\u200D👧 family');
  });

  it('is never longer than a line of text, however long it was', () => {
    const name = displayName('x'.repeat(10_000));
    expect([...name].length).toBe(120);
    expect(name.endsWith('…')).toBe(true);
  });

  it('does not tower over its neighbours', () => {
    expect(displayName(`a${'\u0301'.repeat(500)}b`).length).toBeLessThan(8);
  });

  it('falls back to the address where nothing of it is left', () => {
    expect(displayName('\u200B\u202E', 'ada@example.org')).toBe('ada@example.org');
    expect(displayName('', '')).toBe('?');
    expect(displayName('\u200B', '\u200B')).toBe('?');
  });

  it('is clean for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const name = displayName(text);
        expect(name).not.toBe('');
        expect(name).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f]/u);
        expect(name.isWellFormed()).toBe(true);
        expect([...name].length).toBeLessThanOrEqual(120);
      }),
    );
  });

  it('has a first letter and a colour that do not change', () => {
    expect(initial('  (nadia)')).toBe('N');
    expect(initial('👩‍🚀 crew')).toBe('👩‍🚀');
    expect(initial('…')).toBe('…');
    expect(colourOf('ada@example.org')).toBe(colourOf('ada@example.org'));
    expect(
      new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => colourOf(`${name}@x.org`))).size,
    ).toBeGreaterThan(3);
  });
});

describe('a text to send', () => {
  it('always is what XML can carry', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = cleanText(text);
        expect(clean.isWellFormed()).toBe(true);
        expect(clean).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000d\u000e-\u001f\ufffe\uffff]/);
      }),
    );
  });
});
