import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFallbacks } from '#main/xmpp/features/fallback.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { quote, replyContent, replyText } from '#main/xmpp/features/replies.ts';
import { childText, parseStanza, toXmlText, type Element } from '#main/xmpp/stanza.ts';

const quotable = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '\r', '\r\n', '>', '<', '&', '世', '🧛🏾', '\0', '\ud800'),
});
const written = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((text) => text.trim() !== '' && !/[\r\p{Cc}]/u.test(text));

/** What arrives: line ends are those of XML (1.0 section 2.11). */
const overTheWire = (message: Element): Element => parseStanza(message.toString().replace(/\r\n?/g, '\n'));

const reply = (quoted: string, body: string): Element =>
  overTheWire(
    textMessage({
      to: 'anna@example.com',
      id: 'r1',
      chatState: false,
      ...replyContent({ id: 'm1', author: 'anna@example.com', quoted, body }),
    }),
  );

describe('a reply with a quotation for other clients', () => {
  it('arrives as what was written, whatever was quoted', () => {
    fc.assert(
      fc.property(quotable, written, (quoted, body) => {
        const message = reply(quoted, body);
        expect(replyText(childText(message, 'body') ?? '', readFallbacks(message))).toBe(body);
      }),
    );
  });

  it('quotes every line and nothing else', () => {
    fc.assert(
      fc.property(quotable, (text) => {
        const lines = quote(text).split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.filter((line) => !line.startsWith('>'))).toEqual([]);
        expect(toXmlText(quote(text))).toBe(quote(text));
      }),
    );
  });

  it('quotes the beginning of a long text, cut between characters', () => {
    const quotation = quote('🧛'.repeat(5000));
    expect(quotation).toBe(`> ${'🧛'.repeat(1000)}…\n`);
    expect(quote('🧛'.repeat(1000))).toBe(`> ${'🧛'.repeat(1000)}\n`);
    expect(quote('a'.repeat(1001))).toBe(`> ${'a'.repeat(1000)}…\n`);
  });
});
