// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageState, MessageView } from '#shared/views.ts';
import { ada, articles, chatId, feed, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

beforeEach(() => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});
afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

describe('a message', () => {
  it.each<[MessageState, string]>([
    ['queued', 'Waiting for the connection'],
    ['sending', 'Sending'],
    ['sent', 'Sent, the server has not confirmed it yet'],
    ['acked', 'On the server'],
    ['delivered', 'Delivered'],
    ['read', 'Read'],
  ])('in state %s says "%s" to eye and ear', async (state, words) => {
    await openNadia([message(1, 'Hello', { state })]);
    const [article] = articles();
    expect(article?.textContent).toContain(words);
    expect(article?.querySelector(`[data-tip="${words}"]`)).toBeTruthy();
  });

  it('says whose it is and that it is not encrypted', async () => {
    await openNadia([message(1, 'Hello'), message(2, 'Hi', { state: 'sent' })]);
    expect(articles().map((article) => article.textContent)).toEqual([
      expect.stringMatching(/Nadia: Hello.*Not encrypted/),
      expect.stringMatching(/You: Hi.*Not encrypted.*Sent/),
    ]);
    expect(articles()[0]?.querySelector('[data-tip="Not encrypted"]')).toBeTruthy();
  });

  it('that failed says why, and is sent again with the same id or copied', async () => {
    const copied: string[] = [];
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation((text) => {
      copied.push(text);
      return Promise.resolve();
    });
    const { backend } = await openNadia([
      message(7, 'Lost', { state: 'failed', failure: 'remote-server-not-found' }),
    ]);
    expect(articles()[0]?.textContent).toContain('Not sent: the other server cannot be reached.');
    fireEvent.click(screen.getByRole('button', { name: 'Copy' }));
    fireEvent.click(screen.getByRole('button', { name: 'Send again' }));
    await settle();
    expect(copied).toEqual(['Lost']);
    expect(backend.callsOf('messages.resend')).toEqual([{ messageId: 7 }]);
    expect(articles()[0]?.textContent).toContain('Waiting for the connection');
    expect(screen.queryByRole('button', { name: 'Send again' })).toBeNull();
  });

  it('changes its state in place when main says so', async () => {
    const sent = message(1, 'Hello', { state: 'sent' });
    const { backend } = await openNadia([sent]);
    await act(async () => {
      backend.changeMessage(sent, { state: 'read' });
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(articles()[0]?.textContent).toContain('Read');
  });

  it('is text and nothing else, whatever it says', async () => {
    await openNadia([message(1, '<img src=x onerror=alert(1)><script>alert(2)</script>')]);
    expect(articles()[0]?.textContent).toContain('<img src=x onerror=alert(1)><script>alert(2)</script>');
    expect(feed().querySelector('img, script')).toBeNull();
  });

  it('opens its links in the system, never in the window', async () => {
    const { backend } = await openNadia([message(1, 'see https://example.org/a and http://plain.example')]);
    const link = screen.getByRole('link', { name: 'https://example.org/a' });
    expect(link.getAttribute('rel')).toContain('noopener');
    const click = new MouseEvent('click', { bubbles: true, cancelable: true });
    act(() => void link.dispatchEvent(click));
    expect(click.defaultPrevented).toBe(true);
    await settle();
    expect(backend.callsOf('app.openLink')).toEqual([{ url: 'https://example.org/a' }]);
    expect(screen.queryByRole('link', { name: /plain/ })).toBeNull();
  });

  it('that tells what somebody does names who does it', async () => {
    await openNadia([message(1, '/me waves'), message(2, '/me waves back', { state: 'sent' })]);
    expect(articles()[0]?.textContent).toContain('* Nadia waves');
    expect(articles()[1]?.textContent).toContain('* ada waves back');
  });

  it('finds its own direction', async () => {
    await openNadia([message(1, 'مرحبا')]);
    expect(screen.getByText('مرحبا').getAttribute('dir')).toBe('auto');
  });

  it('that is very long is folded, and unfolds', async () => {
    await openNadia([message(1, `${'long '.repeat(1000)}end of it`)]);
    expect(feed().textContent).not.toContain('end of it');
    fireEvent.click(screen.getByRole('button', { name: 'Show the whole message' }));
    expect(feed().textContent).toContain('end of it');
  });
});

describe('the timeline', () => {
  const unread = { unread: 2, firstUnreadId: 1 as MessageId };

  it('separates days and joins what one author says in a row', async () => {
    const yesterday = NOON - 86_400_000;
    await openNadia([
      message(1, 'one', { at: yesterday, sortAt: yesterday }),
      message(2, 'two'),
      message(3, 'three'),
    ]);
    const days = articles().map((article) => /^(.*)Nadia: /.exec(article.textContent)?.[1] ?? '');
    expect(days[0]).not.toBe('');
    expect(days[1]).not.toBe('');
    expect(days[2]).toBe('');
  });

  it('marks as read what is seen while the window has the focus, once', async () => {
    const { backend } = await openNadia([message(1, 'one'), message(2, 'two')], { chat: unread });
    expect(backend.callsOf('chats.markRead')).toEqual([{ chatId: 1, upTo: 2 }]);
    expect(screen.getByText('New messages')).toBeTruthy();
  });

  it('marks as read only what is newer than what it has marked', async () => {
    const [one, two] = [message(1, 'one'), message(2, 'two')];
    const { backend } = await openNadia([one, two], {
      chat: unread,
      options: { overrides: { chats: { markRead: () => undefined } } },
    });
    await act(async () => {
      backend.changeMessage(two, { body: 'two, corrected' });
      await new Promise((resolve) => setImmediate(resolve));
    });
    await settle();
    expect(screen.getByText('two, corrected')).toBeTruthy();
    expect(backend.callsOf('chats.markRead')).toHaveLength(1);
  });

  it('marks nothing as read while nobody looks, and puts the divider before what arrives then', async () => {
    vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    const { backend } = await openNadia([message(1, 'one')]);
    expect(screen.queryByText('New messages')).toBeNull();
    await act(async () => {
      backend.addMessage(chatId, { body: 'two', at: NOON + 60_000 });
      await new Promise((resolve) => setImmediate(resolve));
    });
    await settle();
    expect(backend.callsOf('chats.markRead')).toEqual([]);
    expect(articles()[1]?.textContent).toContain('New messages');
    vi.spyOn(document, 'hasFocus').mockReturnValue(true);
    act(() => void window.dispatchEvent(new Event('focus')));
    await settle();
    expect(backend.callsOf('chats.markRead')).toHaveLength(1);
    // It stays until the chat is left.
    expect(screen.getByText('New messages')).toBeTruthy();
  });

  it('tells screen readers politely all that arrives, the same words twice, elsewhere only from whom', async () => {
    const { backend } = await openNadia([message(1, 'one')]);
    const spoken = (): readonly string[] =>
      [...screen.getByRole('log').children].map(({ textContent }) =>
        textContent.replaceAll(/[\u2068\u2069]/g, ''),
      );
    expect(spoken()).toEqual([]);
    await act(async () => {
      backend.addMessage(chatId, { body: 'Hello?', at: NOON + 60_000 });
      backend.addMessage(chatId, { body: 'Hello?', at: NOON + 61_000 });
      backend.addMessage(chatId, { body: 'Yes?', state: 'sent', direction: 'out', at: NOON + 62_000 });
      backend.addMessage(chatId, {
        body: 'I sent you a secret',
        failure: 'not-decryptable',
        at: NOON + 63_000,
      });
      backend.changeChat(2 as ChatId, { unread: 1 });
      await new Promise((resolve) => setImmediate(resolve));
    });
    await settle();
    expect(spoken().toSorted()).toEqual([
      'Nadia: A message could not be decrypted',
      'Nadia: Hello?',
      'Nadia: Hello?',
      'New message from Jonas',
    ]);
  });

  it('says that it could not be loaded, and tries again', async () => {
    let broken = true;
    const page = (): { rows: MessageView[]; hasOlder: boolean; hasNewer: boolean } => {
      if (broken) throw new AppError('storage', 'for the log');
      return { rows: [message(1, 'back again')], hasOlder: false, hasNewer: false };
    };
    const { backend } = await openNadia([], { options: { overrides: { messages: { page } } } });
    expect(screen.getByRole('alert').textContent).toContain('cannot be read or written');
    broken = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(screen.getByText('back again')).toBeTruthy();
    expect(backend.callsOf('messages.page')).toHaveLength(2);
  });

  it('is walked through with the arrow keys, one stop for Tab', async () => {
    await openNadia([message(1, 'one'), message(2, 'two'), message(3, 'three')]);
    expect(articles().map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, 0]);
    act(() => articles()[2]?.focus());
    fireEvent.keyDown(articles()[2] as HTMLElement, { key: 'ArrowUp' });
    await settle();
    expect(document.activeElement).toBe(articles()[1]);
    expect(articles().map((article) => article.getAttribute('aria-posinset'))).toEqual(['1', '2', '3']);
  });
});

describe('what stands above the messages', () => {
  it('is the presence in words and the protection', async () => {
    await openNadia([]);
    const header = screen.getByRole('main').querySelector('header');
    expect(header?.textContent).toContain('Online on 2 devices');
    expect(header?.textContent).toContain('Not encrypted');
  });

  it('is why there is no connection, when it is tried again, and a way to do it now', async () => {
    const { backend } = await openNadia([], {
      account: {
        phase: 'waiting',
        error: {
          code: 'dns-failed',
          step: 'dns',
          advice: 'retry-later',
          host: 'example.org',
          condition: '\u202Ebad',
        },
        retryAt: Date.now() + 11_500,
      },
    });
    expect(screen.getByText(/No connection: The server was not found\./)).toBeTruthy();
    expect(screen.getByText(/Trying again in 1[12] seconds\./)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Details' }));
    expect(screen.getByText(/It stopped while looking up the server/)).toBeTruthy();
    expect(screen.getByText(/Answer of the server: .*bad/).textContent).not.toContain('\u202e');
    fireEvent.click(screen.getByRole('button', { name: 'Try now' }));
    await settle();
    expect(backend.callsOf('accounts.retryNow')).toEqual([{ accountId: ada }]);
  });

  it.each([
    ['offline', /This computer is offline/],
    ['connecting', /Connecting…/],
    ['disabled', /switched off/],
  ] as const)('says so when the account is %s', async (phase, words) => {
    await openNadia([], { account: { phase } });
    expect(screen.getByText(words)).toBeTruthy();
  });

  it('leads to the settings where only the user can help', async () => {
    const error = { code: 'auth-failed', step: 'auth', advice: 'needs-user' } as const;
    await openNadia([], { account: { phase: 'failed', error } });
    fireEvent.click(screen.getByRole('button', { name: 'Open account settings' }));
    expect(screen.getByRole('heading', { name: 'Accounts' })).toBeTruthy();
  });

  it('is nothing while all is well', async () => {
    await openNadia([]);
    expect(screen.queryByText(/connection/i)).toBeNull();
  });
});

describe('in Arabic', () => {
  it('the window runs from right to left and says everything in Arabic', async () => {
    await openNadia([message(1, 'مرحبا'), message(2, 'أهلا', { state: 'delivered' })], {
      options: { language: 'ar' },
    });
    expect(document.documentElement.dir).toBe('rtl');
    expect(document.documentElement.lang).toBe('ar');
    expect(articles()[1]?.textContent).toContain('وصلت');
    expect(screen.getByRole('textbox', { name: /رسالة إلى/ })).toBeTruthy();
  });
});
