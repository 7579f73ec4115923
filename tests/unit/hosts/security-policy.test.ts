import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentSecurityPolicy, externalUrl, responseHeaders } from '#shared/security-policy.ts';

describe('the policy', () => {
  it.each(['electron', 'loopback'] as const)(
    'of the %s window names no foreign source and nothing unsafe',
    (host) => {
      const policy = contentSecurityPolicy(host);
      expect(policy).not.toMatch(/unsafe-|https?:|wss?:|data:|\*/);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
      expect(responseHeaders(host)['content-security-policy']).toBe(policy);
    },
  );

  it('gives the Electron window no network at all, the loopback one its own server', () => {
    expect(contentSecurityPolicy('electron')).toContain("connect-src 'none'");
    expect(contentSecurityPolicy('loopback')).toContain("connect-src 'self'");
  });
});

describe('a link that leaves the application', () => {
  it.each([
    ['https://xmpp.org/rfcs/rfc6120.html#top', 'https://xmpp.org/rfcs/rfc6120.html#top'],
    ['HTTPS://EXAMPLE.org', 'https://example.org/'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
    ['mailto:ann@example.org', 'mailto:ann@example.org'],
    [
      'mailto:ann@example.org?subject=Hi&body=There&cc=bo@example.org',
      'mailto:ann@example.org?subject=Hi&body=There&cc=bo@example.org',
    ],
    ['xmpp:ann@example.org?message;body=x', 'xmpp:ann@example.org?message;body=x'],
  ])('%s goes as %s', (text, url) => {
    expect(externalUrl(text)).toBe(url);
  });

  it.each([
    'http://example.org/',
    'https://user@example.org/',
    'https://user:password@example.org/',
    'https://',
    'https:///',
    'ftp://example.org/',
    'file:///etc/passwd',
    'FILE:///C:/Windows/System32/calc.exe',
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    ' https://example.org/',
    'https://example.org/ --flag',
    'https://example.org\\@evil.example/',
    'https://example.org/"&calc',
    'https://example.org/`id`',
    'https://example.org/\u202egnp.exe',
    'smb://server/share',
    'ms-msdt:/id',
    'vbscript:x',
    'data:text/html,x',
    'blob:https://example.org/1',
    'app://bundle/index.html',
    'view-source:https://example.org/',
    'mailto:ann@example.org?attach=/etc/passwd',
    'mailto:ann@example.org?subject=x&Attachment=/etc/passwd',
    'mailto:ann@example.org?%61ttach=/etc/passwd',
    'mailto:ann@example.org?subject=x#y',
    'mailto:ann@example.org%0D%0ABcc:eve@example.org',
    'xmpp:--inspect',
    'xmpp://example.org/',
    '-https://example.org',
    'mailto:',
    'mailto:?to=ann@example.org',
    'mailto:ann@example.org?subject=x?attach=y',
    '',
  ])('%j stays', (text) => {
    expect(externalUrl(text)).toBe(undefined);
  });

  it('is not endless', () => {
    expect(externalUrl(`https://example.org/${'x'.repeat(5000)}`)).toBe(undefined);
  });

  it('never begins like an option and never holds a blank, a quote or a control, whatever came in', () => {
    const text = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.string().map((rest) => `https://${rest}`),
      fc.string().map((rest) => `mailto:${rest}`),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (hostile) => {
        const url = externalUrl(hostile);
        if (url !== undefined) expect(url).toMatch(/^(?:https|mailto|xmpp):[^\s\p{Cc}"\\<>`]+$/u);
      }),
    );
  });
});
