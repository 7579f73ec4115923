// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/errors.ts';
import type { ChatId } from '#shared/ids.ts';
import { newChat } from '#tests/e2e/support/fake-backend.ts';
import { ada, adasAccount } from './support/chat.ts';
import { names, type, world } from './support/people.ts';
import { closeWindows, openChat, openWindow, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const key = async (name: string, init: object = {}): Promise<void> => {
  fireEvent.keyDown(document.activeElement ?? document.body, { key: name, ...init });
  await act(() => new Promise<void>((resolve) => requestAnimationFrame(() => resolve())));
  await settle();
};

const rows = (): readonly string[] =>
  within(screen.getByRole('list', { name: 'List of chats' }))
    .getAllByRole('button')
    .map((row) => names.find((name) => row.textContent.includes(name)) ?? '?');

describe('before the profile is open', () => {
  it('asks for the passphrase and says when it is wrong', async () => {
    await openWindow({ ...world, lock: { state: 'enter-passphrase' } });
    type(screen.getByLabelText('Passphrase'), 'wrong');
    fireEvent.click(screen.getByRole('button', { name: 'Open' }));
    await settle();
    expect(screen.getByText(/This is not the passphrase/)).toBeTruthy();
    type(screen.getByLabelText('Passphrase'), 'correct horse battery staple');
    fireEvent.click(screen.getByRole('button', { name: 'Open' }));
    await settle();
    expect(screen.getByRole('heading', { name: 'Chats' })).toBeTruthy();
  });

  it('makes a passphrase only when it is strong and typed twice the same', async () => {
    const { backend } = await openWindow({
      ...world,
      lock: { state: 'create-passphrase', reason: 'no service' },
    });
    expect(screen.getByText(/no keychain that ChatSecure can use \(.*no service.*\)/)).toBeTruthy();
    expect(screen.getByText(/Nobody can restore it/)).toBeTruthy();
    const submit = (): void => {
      fireEvent.click(screen.getByRole('button', { name: 'Create and open' }));
    };
    type(screen.getByLabelText('Passphrase'), 'password');
    expect(screen.getByRole('meter').getAttribute('aria-valuetext')).toBe('Easy to guess');
    submit();
    expect(screen.getByText('This is too easy to guess. Make it longer.')).toBeTruthy();
    type(screen.getByLabelText('Passphrase'), 'correct horse battery staple unusual');
    expect(screen.getByRole('meter').getAttribute('aria-valuetext')).toBe('Strong');
    submit();
    expect(screen.getByText('The two are not the same.')).toBeTruthy();
    type(screen.getByLabelText('Repeat the passphrase'), 'correct horse battery staple unusual');
    submit();
    await settle();
    expect(backend.callsOf('app.unlock')).toEqual([{ passphrase: 'correct horse battery staple unusual' }]);
    expect(screen.getByRole('heading', { name: 'Chats' })).toBeTruthy();
  });

  it('waits for a locked keychain', async () => {
    const { backend } = await openWindow({ ...world, lock: { state: 'keychain-locked' } });
    expect(screen.getByText(/Unlock it, then try again/)).toBeTruthy();
    backend.lock = undefined;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(screen.getByRole('heading', { name: 'Chats' })).toBeTruthy();
  });

  it('says what is wrong with a profile that nothing opens', async () => {
    await openWindow({ lock: { state: 'broken', code: 'database-newer', detail: 'schema 9' } });
    expect(screen.getByRole('alert').textContent).toContain(
      'newer version of ChatSecure. Install that version.',
    );
    expect(screen.getByText(/schema 9/)).toBeTruthy();
  });

  it('follows when main announces that the profile was opened elsewhere', async () => {
    const { backend } = await openWindow({ ...world, lock: { state: 'enter-passphrase' } });
    backend.lock = undefined;
    backend.emit('app.changed', {});
    await settle();
    expect(screen.getByRole('heading', { name: 'Chats' })).toBeTruthy();
  });

  it('says when main does not answer as it should, and tries again', async () => {
    let broken = true;
    const { backend } = await openWindow(world, {
      overrides: {
        app: {
          snapshot: () => {
            if (broken) throw new AppError('storage', 'for the log');
            return backend.snapshot();
          },
        },
      },
    });
    expect(screen.getByRole('alert').textContent).toContain('cannot be read or written');
    broken = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(screen.getByRole('heading', { name: 'Chats' })).toBeTruthy();
  });
});

describe('the list of chats', () => {
  it('says everything about a chat in words', async () => {
    await openWindow(world);
    expect(rows()).toEqual(['Nadia', 'Jonas', 'Mei', 'Sam']);
    expect(screen.getByRole('button', { name: /Mei.*Online.*3 unread messages/ })).toBeTruthy();
  });

  it('is filtered by name and by unread, and says when nothing is left', async () => {
    await openWindow(world);
    const search = screen.getByRole('textbox', { name: 'Search chats, contacts and messages' });
    type(search, 'jon');
    expect(rows()).toEqual(['Jonas']);
    type(search, 'nobody');
    await vi.waitFor(() => expect(screen.getByText('Nothing found')).toBeTruthy());
    fireEvent.click(screen.getAllByRole('button', { name: 'Clear the search' })[0] ?? search);
    fireEvent.click(screen.getByRole('button', { name: 'Unread' }));
    expect(rows()).toEqual(['Mei']);
  });

  it('says of a last message that cannot be decrypted just that', async () => {
    const last = { preview: '', direction: 'in', state: 'received', undecryptable: true } as const;
    await openWindow({ ...world, chats: world.chats?.map((chat) => ({ ...chat, last })) ?? [] });
    expect(screen.getByRole('button', { name: /Nadia.*A message could not be decrypted/ })).toBeTruthy();
  });

  it('shows names without what could mislead', async () => {
    const chats = [newChat(1 as ChatId, ada, 'm@example.org', `Bank\u202E\u0000 ${'x'.repeat(10_000)}`)];
    await openWindow({ accounts: [adasAccount], chats });
    const list = screen.getByRole('list', { name: 'List of chats' }).textContent;
    expect(list).not.toMatch(/[\u202e\u0000]/);
    expect(list.length).toBeLessThan(300);
  });
});

describe('the keyboard', () => {
  it('finds the search by Ctrl+K and goes on into the list', async () => {
    await openWindow(world);
    await key('k', { ctrlKey: true });
    expect(document.activeElement).toBe(screen.getByRole('textbox', { name: /Search chats/ }));
    await key('ArrowDown');
    expect(document.activeElement?.textContent).toContain('Nadia');
    await key('End');
    expect(document.activeElement?.textContent).toContain('Sam');
    await key('ArrowUp');
    expect(document.activeElement?.textContent).toContain('Mei');
  });

  it('goes through the chats by Alt and arrows and stops at the ends', async () => {
    const { app } = await openWindow(world);
    const open = (): number | undefined => app.ui.getState().chatId;
    await key('ArrowDown', { altKey: true });
    expect(open()).toBe(1);
    await key('ArrowDown', { altKey: true });
    expect(open()).toBe(2);
    await key('Tab', { ctrlKey: true });
    expect(open()).toBe(3);
    await key('Tab', { ctrlKey: true, shiftKey: true });
    await key('ArrowUp', { altKey: true });
    await key('ArrowUp', { altKey: true });
    expect(open()).toBe(1);
  });

  it('starts a chat by Ctrl+N, and Escape closes the dialog, then the chat', async () => {
    const { app } = await openWindow(world);
    await openChat(/Jonas/);
    await key('n', { ctrlKey: true });
    expect(screen.getByRole('dialog', { name: 'New chat' })).toBeTruthy();
    // A dialog keeps the keys of the window away.
    fireEvent.keyDown(document.body, { key: 'ArrowDown', altKey: true });
    await settle();
    expect(app.ui.getState().chatId).toBe(2);
    await key('Escape');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(app.ui.getState().chatId).toBe(2);
    await key('Escape');
    expect(app.ui.getState().chatId).toBeUndefined();
    // Back where it was opened from.
    expect(document.activeElement?.textContent).toContain('Jonas');
  });

  it('cycles through the parts of the window by F6, both ways', async () => {
    vi.spyOn(HTMLElement.prototype, 'getClientRects').mockReturnValue([{}] as unknown as DOMRectList);
    await openWindow(world);
    await openChat(/Jonas/);
    const part = (): string | undefined =>
      document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region'];
    const seen: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await key('F6');
      seen.push(part());
    }
    expect(seen).toEqual(['rail', 'list', 'messages', 'composer']);
    await key('F6', { shiftKey: true });
    expect(part()).toBe('messages');
  });

  it('can skip to the conversation and to the message box', async () => {
    await openWindow(world);
    await openChat(/Jonas/);
    fireEvent.click(screen.getByRole('link', { name: 'Skip to the conversation' }));
    expect(document.activeElement).toBe(screen.getByRole('main'));
    fireEvent.click(screen.getByRole('link', { name: 'Skip to the message box' }));
    expect(document.activeElement).toBe(screen.getByRole('textbox', { name: /Message to/ }));
  });
});

describe('when something goes wrong', () => {
  it('a command without a place of its own says so in the corner, once, until it is dismissed', async () => {
    await openWindow(world, {
      overrides: {
        contacts: {
          answerRequest: () => {
            throw new AppError('offline', 'for the log');
          },
        },
      },
    });
    fireEvent.click(screen.getByRole('button', { name: /^Contacts/ }));
    const [accept] = screen.getAllByRole('button', { name: /^Accept/ });
    for (let turn = 0; turn < 2; turn += 1) {
      if (accept !== undefined) fireEvent.click(accept);
      await settle();
    }
    const notices = screen.getByRole('region', { name: 'Messages of the app' });
    expect(notices.textContent).toBe(
      'This computer is offline. Check your network. What you write waits here.',
    );
    fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
    expect(notices.textContent).toBe('');
  });

  it('the window says that it lost the app, and is as before when it is back', async () => {
    const { disconnect, app, backend } = await openWindow(world);
    const states: boolean[] = [];
    app.session.subscribe(({ link }) => states.push(link === 'lost'));
    act(() => disconnect());
    expect(screen.getByText(/This window lost its connection to ChatSecure/)).toBeTruthy();
    await act(() => vi.waitFor(() => expect(app.session.getState().link).toBe('open')));
    await settle();
    expect(screen.queryByText(/lost its connection/)).toBeNull();
    expect(backend.callsOf('app.snapshot')).toHaveLength(2);
    expect(states).toContain(true);
  });
});

describe('whether somebody looks', () => {
  it('is told at the start, whenever it changes, and to a host that is back', async () => {
    const { backend, disconnect, app } = await openWindow(world);
    const look = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    act(() => void document.dispatchEvent(new Event('visibilitychange')));
    await settle();
    look.mockReturnValue('visible');
    act(() => disconnect());
    await act(() => vi.waitFor(() => expect(app.session.getState().link).toBe('open')));
    await settle();
    expect(backend.callsOf('app.setVisibility')).toEqual([
      { visible: true },
      { visible: false },
      { visible: true },
    ]);
  });
});
