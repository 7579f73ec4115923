// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { readMessageText } from '#renderer/features/timeline/message-text.ts';
import { article, message, openNadia } from './support/chat.ts';
import { closeWindows } from './support/window.tsx';

afterEach(closeWindows);

describe('a styled message', () => {
  it('shows emphasis as such, with the directives still there', async () => {
    await openNadia([message(1, '*now* or _never_, ~not~ `later`')]);
    const row = article(0);
    expect(row.querySelector('strong')?.textContent).toBe('*now*');
    expect(row.querySelector('em')?.textContent).toBe('_never_');
    expect(row.querySelector('s')?.textContent).toBe('~not~');
    expect(row.querySelector('code')?.textContent).toBe('`later`');
    expect(row.textContent).toContain('*now* or _never_, ~not~ `later`');
  });

  it('shows quotations and preformatted text as blocks', async () => {
    await openNadia([message(1, '> She said\n> > hello\nand then\n```sh\nrm *this* _that_\n```')]);
    const row = article(0);
    expect(row.querySelector('blockquote')?.textContent).toBe('She said\nhello\n');
    expect(row.querySelector('blockquote blockquote')?.textContent).toBe('hello\n');
    expect(row.querySelector('pre')?.textContent).toBe('rm *this* _that_');
    expect(row.querySelector('pre strong')).toBeNull();
  });

  it('has links in what is plain and what is strong, and none in what is preformatted', async () => {
    await openNadia([
      message(1, '*https://example.org/a* and https://example.org/b_c_d but `https://example.org/e`'),
    ]);
    const links = screen.getAllByRole('link').map(({ textContent }) => textContent);
    expect(links.filter((text) => text.includes('example.org'))).toEqual([
      'https://example.org/a',
      'https://example.org/b_c_d',
    ]);
  });

  it('is still nothing but text, whatever it says', async () => {
    await openNadia([message(1, '*<img src=x onerror=alert(1)>*\n```<script>\nalert(2)\n</script>')]);
    expect(article(0).querySelector('img, script')).toBeNull();
    expect(article(0).textContent).toContain('<img src=x onerror=alert(1)>');
  });
});

it('without any style is not taken apart', () => {
  expect(readMessageText('2 * 3 > 5, snake_case and `').styled).toBeUndefined();
  expect(readMessageText('Hello').styled).toBeUndefined();
  expect(readMessageText('*Hello*').styled).toHaveLength(1);
});
