// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newChat, type FakeData } from '#tests/e2e/support/fake-backend.ts';
import { listHistory } from '#tests/e2e/support/fake-history.ts';
import { ada, adasAccount, chatId, message, NOON } from './support/chat.ts';
import { closeWindows, openChat, openWindow, settle, type TestWindow } from './support/window.tsx';

beforeEach(() => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});
afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const world: FakeData = {
  accounts: [adasAccount],
  requests: [{ accountId: ada, jid: 'wren@example.com', name: 'Wren', text: '', at: NOON }],
  chats: [
    { ...newChat(chatId, ada, 'finder@example.net', 'finder@example.net'), standing: 'request', unread: 1 },
    newChat(2 as typeof chatId, ada, 'jonas@example.org', 'Jonas'),
  ],
  histories: new Map([[chatId, listHistory([message(1, 'I found your keys.')])]]),
};

const openRequest = async (options: Parameters<typeof openWindow>[1] = {}): Promise<TestWindow> => {
  const opened = await openWindow(world, options);
  fireEvent.click(screen.getByRole('button', { name: '2 requests' }));
  await settle();
  await openChat(/finder/);
  return opened;
};

const press = async (name: string): Promise<void> => {
  fireEvent.click(screen.getByRole('button', { name }));
  await settle();
};

describe('somebody unknown who writes', () => {
  it('stands in a list of their own, with those who ask to become a contact', async () => {
    await openWindow(world);
    expect(within(screen.getByRole('list', { name: 'List of chats' })).queryByText(/finder/)).toBeNull();
    await press('2 requests');
    const list = screen.getByRole('list', { name: 'Requests' });
    expect(list.textContent).toContain('Wants to write to you');
    expect(within(list).queryByText('Jonas')).toBeNull();
    expect(screen.getByRole('region', { name: 'Requests' }).textContent).toContain('Wren');
    await press('All');
    expect(within(screen.getByRole('list', { name: 'List of chats' })).getByText('Jonas')).toBeTruthy();
  });

  it('is announced to nobody', async () => {
    const { backend } = await openWindow(world);
    await act(async () => {
      backend.changeChat(chatId, { unread: 2 });
      await new Promise((resolve) => setImmediate(resolve));
    });
    await settle();
    expect(screen.getByRole('log').textContent).toBe('');
  });

  it('cannot be written to before they are accepted, then like anybody', async () => {
    const { backend } = await openRequest();
    expect(screen.queryByRole('textbox', { name: /Message to/ })).toBeNull();
    expect(screen.getByText(/finder@example\.net.* is not in your contacts/)).toBeTruthy();
    await press('Accept');
    expect(backend.callsOf('chats.accept')).toEqual([{ chatId }]);
    expect(screen.getByRole('textbox', { name: /Message to/ })).toBeTruthy();
    expect(screen.getByRole('list', { name: 'List of chats' }).textContent).toContain('finder');
  });

  it('is blocked after it was said what that does, and unblocked again', async () => {
    const { backend } = await openRequest();
    await press('Block…');
    expect(screen.getByRole('alertdialog').textContent).toContain('They are not told.');
    await press('Block');
    expect(backend.callsOf('contacts.block')).toEqual([{ accountId: ada, jid: 'finder@example.net' }]);
    expect(screen.getByText(/You have blocked .*finder/)).toBeTruthy();
    expect(screen.queryByRole('textbox', { name: /Message to/ })).toBeNull();
    await press('Unblock');
    expect(backend.callsOf('contacts.unblock')).toEqual([{ accountId: ada, jid: 'finder@example.net' }]);
  });

  it('is reported with the messages in question', async () => {
    const { backend } = await openRequest();
    await press('Block and report…');
    fireEvent.change(screen.getByRole('textbox', { name: 'In your own words' }), {
      target: { value: ' sells keys ' },
    });
    await press('Block');
    expect(backend.callsOf('contacts.block')).toEqual([
      {
        accountId: ada,
        jid: 'finder@example.net',
        report: { reason: 'spam', text: 'sells keys', messageIds: [1] },
      },
    ]);
    expect(screen.queryByRole('alertdialog')).toBeNull();
  });

  it('that could not be reported is said to be blocked alone', async () => {
    await openRequest({ overrides: { contacts: { block: () => ({ reported: false }) } } });
    await press('Block and report…');
    await press('Block');
    expect(screen.getByRole('dialog').textContent).toContain('your server takes no reports');
    await press('Close');
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});
