import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepLinkFromArguments, parseDeepLink } from '#shared/deep-link.ts';

describe('an xmpp: link', () => {
  it('gives address, action and decoded parameters', () => {
    expect(parseDeepLink('xmpp:Ann@Example.org')).toEqual({
      jid: 'ann@example.org',
      action: 'message',
      parameters: {},
    });
    expect(parseDeepLink('XMPP:ann@example.org?message;subject=A%20B;body=one%0Atwo')).toEqual({
      jid: 'ann@example.org',
      action: 'message',
      parameters: { subject: 'A B', body: 'one\ntwo' },
    });
    expect(parseDeepLink('xmpp:room@muc.example.org/nick?join#part')).toEqual({
      jid: 'room@muc.example.org',
      action: 'join',
      parameters: {},
    });
    expect(parseDeepLink('xmpp:example.org?register;preauth=T0ken')).toMatchObject({
      jid: 'example.org',
      action: 'register',
      parameters: { preauth: 'T0ken' },
    });
    expect(parseDeepLink('xmpp:r%C3%B6mer@example.org?ROSTER;name=R%C3%B6mer')?.parameters).toEqual({
      name: 'Römer',
    });
  });

  it('with an unknown action only opens the chat', () => {
    expect(parseDeepLink('xmpp:ann@example.org?remove')).toMatchObject({ action: 'message' });
    expect(parseDeepLink('xmpp:ann@example.org?constructor;__proto__=x')).toBe(undefined);
  });

  it('keeps the first of repeated parameters, and none of them on a prototype', () => {
    const link = parseDeepLink('xmpp:ann@example.org?message;body=1;body=2;constructor=x');
    expect(link?.parameters).toEqual({ body: '1', constructor: 'x' });
    expect(Object.getPrototypeOf(link?.parameters)).toBe(Object.prototype);
  });

  it.each([
    '',
    'xmpp:',
    'xmpp:?message',
    'xmpp://example.org/path',
    'xmpp:--inspect=9229',
    'xmpp:-x@example.org',
    'xmpp:%2D-inspect',
    'xmpp:a b@example.org',
    'xmpp:a%20b@example.org',
    'xmpp:a@example.org\n',
    'xmpp:a\u202e@example.org',
    'xmpp:%00@example.org',
    'xmpp:a@example.org?message;body=%00',
    'xmpp:a@example.org?message;body=%1b[31m',
    'xmpp:%zz@example.org',
    'xmpp:a@example.org?message;body=%ff',
    'xmpp:a@@example.org',
    'http:a@example.org',
    'javascript:alert(1)',
  ])('like %j is refused', (text) => {
    expect(parseDeepLink(text)).toBe(undefined);
  });

  it('is not endless', () => {
    expect(parseDeepLink(`xmpp:${'a'.repeat(2000)}@example.org`)).toBe(undefined);
    expect(parseDeepLink(`xmpp:a@example.org?message;body=${'x'.repeat(5000)}`)).toBe(undefined);
    expect(parseDeepLink(`xmpp:a@example.org?message${';a=b'.repeat(33)}`)).toBe(undefined);
  });

  it('of any shape is refused or safe, and never an exception', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('@', '?', ';', '=', '%', '%00', '%0a', '/', '#', '-', 'a', '.org', '__proto__'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const link = parseDeepLink(`xmpp:${pieces.join('')}`);
        if (link === undefined) return;
        expect(link.jid).not.toMatch(/^-|[\s\p{Cc}]/u);
        for (const value of Object.values(link.parameters)) expect(value).not.toMatch(/[\0\u001b]/);
      }),
    );
  });

  it('is found anywhere among the arguments, the first good one', () => {
    expect(
      deepLinkFromArguments(['--flag', 'xmpp:--bad', 'file', 'xmpp:bo@example.org', 'xmpp:cy@example.org'])
        ?.jid,
    ).toBe('bo@example.org');
    expect(deepLinkFromArguments(['--flag', 'https://example.org'])).toBe(undefined);
  });
});
