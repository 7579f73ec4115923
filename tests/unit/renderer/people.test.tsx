// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Snapshot } from '#shared/api/app.ts';
import { defaultSettings } from '#shared/default-settings.ts';
import { AppError } from '#shared/errors.ts';
import { contactKey } from '#renderer/state/people.ts';
import { newContact } from '#tests/e2e/support/fake-backend.ts';
import { ada, adasAccount } from './support/chat.ts';
import { type, world } from './support/people.ts';
import { closeWindows, openWindow, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

describe('the list of contacts', () => {
  it('has one stop for Tab, at the one who is open, however far away in a long list', async () => {
    const contacts = Array.from({ length: 200 }, (_, index) =>
      newContact(ada, `c${1000 + index}@example.org`),
    );
    const { app } = await openWindow({ accounts: [adasAccount], contacts });
    act(() => app.ui.setState({ contact: contactKey(ada, 'c1150@example.org') }));
    fireEvent.click(screen.getByRole('button', { name: 'Contacts' }));
    await settle();
    const rows = within(screen.getByRole('list', { name: 'List of contacts' })).getAllByRole('button');
    expect(rows.length).toBeLessThan(60);
    const stops = rows.filter(({ tabIndex }) => tabIndex === 0);
    expect(stops.map(({ textContent }) => textContent)).toEqual([expect.stringContaining('c1150')]);
  });
});

describe('a new chat', () => {
  const openDialog = async () => {
    const opened = await openWindow(world);
    fireEvent.click(
      within(screen.getByRole('region', { name: 'Chats' })).getByRole('button', { name: 'New chat' }),
    );
    await settle();
    return { ...opened, box: screen.getByRole('textbox', { name: 'Name or XMPP address' }) };
  };

  it('is opened with a contact', async () => {
    const { box, backend } = await openDialog();
    type(box, 'jon');
    fireEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: /Jonas/ }));
    await settle();
    expect(backend.callsOf('chats.open')).toEqual([{ accountId: ada, jid: 'jonas@example.org' }]);
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(screen.getByRole('textbox', { name: /Message to .*Jonas/ })).toBeTruthy();
  });

  it('is opened with any address', async () => {
    const { box } = await openDialog();
    type(box, 'New@Example.com');
    fireEvent.click(screen.getByRole('button', { name: /Write to .*new@example\.com/ }));
    await settle();
    expect(screen.getByRole('textbox', { name: /Message to .*new@example\.com/ })).toBeTruthy();
  });

  it('says what an address looks like', async () => {
    const { box, backend } = await openDialog();
    type(box, 'not an address');
    fireEvent.click(screen.getByRole('button', { name: 'Start chat' }));
    await settle();
    expect(screen.getByText(/This is not an XMPP address/)).toBeTruthy();
    expect(backend.callsOf('chats.open')).toEqual([]);
  });
});

describe('contacts', () => {
  it('show who asks, with the address, and answer', async () => {
    const { backend } = await openWindow(world);
    fireEvent.click(screen.getByRole('button', { name: 'Contacts, 2 requests' }));
    const requests = screen.getByRole('region', { name: 'Requests' });
    expect(requests.textContent).toContain('Wren niarg');
    expect(requests.textContent).toContain('wren@example.com');
    fireEvent.click(screen.getByRole('button', { name: /Accept the request of .*Wren/ }));
    fireEvent.click(screen.getByRole('button', { name: /Decline the request of .*x@example\.net/ }));
    await settle();
    expect(backend.callsOf('contacts.answerRequest')).toEqual([
      { accountId: ada, jid: 'wren@example.com', accept: true },
      { accountId: ada, jid: 'x@example.net', accept: false },
    ]);
    expect(screen.queryByRole('region', { name: 'Requests' })).toBeNull();
  });

  it('are added, renamed and, after a question, removed', async () => {
    const { backend } = await openWindow(world);
    fireEvent.click(screen.getByRole('button', { name: /^Contacts/ }));
    fireEvent.click(screen.getByRole('button', { name: 'Add a contact' }));
    await settle();
    type(screen.getByLabelText('XMPP address'), 'kofi@example.org');
    type(screen.getByLabelText('Name'), 'Kofi');
    fireEvent.click(screen.getByRole('button', { name: 'Add' }));
    await settle();
    expect(backend.callsOf('contacts.add')).toEqual([
      { accountId: ada, jid: 'kofi@example.org', name: 'Kofi' },
    ]);

    fireEvent.click(screen.getByRole('button', { name: /^Kofi/ }));
    await settle();
    expect(screen.getByText(/wait for the answer/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Rename' }));
    await settle();
    type(screen.getByLabelText('Name'), 'Kofi A.');
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await settle();
    expect(backend.callsOf('contacts.rename')).toEqual([
      { accountId: ada, jid: 'kofi@example.org', name: 'Kofi A.' },
    ]);

    fireEvent.click(screen.getByRole('button', { name: 'Remove' }));
    await settle();
    const question = screen.getByRole('alertdialog');
    expect(question.textContent).toContain('The messages stay on this computer.');
    fireEvent.click(within(question).getByRole('button', { name: 'Remove' }));
    await settle();
    expect(backend.callsOf('contacts.remove')).toEqual([{ accountId: ada, jid: 'kofi@example.org' }]);
    expect(screen.queryByRole('button', { name: /^Kofi/ })).toBeNull();
  });

  it('keep the dialog open with the reason when adding fails', async () => {
    await openWindow(world, {
      overrides: {
        contacts: {
          add: () => {
            throw new AppError('offline', 'for the log');
          },
        },
      },
    });
    fireEvent.click(screen.getByRole('button', { name: /^Contacts/ }));
    fireEvent.click(screen.getByRole('button', { name: 'Add a contact' }));
    await settle();
    type(screen.getByLabelText('XMPP address'), 'kofi@example.org');
    fireEvent.click(screen.getByRole('button', { name: 'Add' }));
    await settle();
    expect(screen.getByRole('dialog').textContent).toContain('This computer is offline.');
  });
});

describe('an xmpp: link from another program', () => {
  const withLink = async (
    action: 'message' | 'subscribe' | 'join',
    parameters: Record<string, string> = {},
  ) => {
    const opened = await openWindow(world, {
      overrides: {
        chats: {},
        app: { snapshot: () => ({ ...snapshotOf(), link: { jid: 'kofi@example.org', action, parameters } }) },
      },
    });
    return opened;
  };
  const snapshotOf = (): Snapshot => ({
    ready: true,
    host: 'loopback',
    version: '1',
    keyProtection: 'keychain',
    accounts: [adasAccount],
    contacts: [],
    requests: [],
    chats: [],
    settings: { ...defaultSettings, language: 'en' },
  });

  const harmless = new Set(['app.snapshot', 'app.setVisibility', 'encryption.devices']);

  it('is shown and does nothing by itself', async () => {
    const { backend } = await withLink('message', { body: '<b>send money</b>' });
    const dialog = screen.getByRole('dialog', { name: 'Open a link' });
    expect(dialog.textContent).toContain('kofi@example.org');
    expect(dialog.textContent).toContain('<b>send money</b>');
    expect(new Set(backend.calls.map(({ method }) => method))).toEqual(harmless);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    await settle();
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(new Set(backend.calls.map(({ method }) => method))).toEqual(harmless);
  });

  it('opens the chat with its text as a draft, never as a message', async () => {
    const { backend } = await withLink('message', { body: 'Hello there' });
    fireEvent.click(screen.getByRole('button', { name: 'Write a message' }));
    await settle();
    expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: /Message to/ }).value).toBe(
      'Hello there',
    );
    expect(backend.callsOf('messages.send')).toEqual([]);
  });

  it('asks before it adds a contact', async () => {
    const { backend } = await withLink('subscribe');
    fireEvent.click(screen.getByRole('button', { name: 'Add' }));
    await settle();
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'XMPP address' }).value).toBe(
      'kofi@example.org',
    );
    expect(backend.callsOf('contacts.add')).toEqual([]);
  });

  it('says what cannot be done yet', async () => {
    await withLink('join');
    expect(screen.getByRole('dialog').textContent).toContain('Rooms come with a later version.');
  });
});
