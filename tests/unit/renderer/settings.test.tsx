// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FakeData } from '#tests/e2e/support/fake-backend.ts';
import { ada, adasAccount } from './support/chat.ts';
import { type, world } from './support/people.ts';
import { closeWindows, openWindow, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

describe('settings', () => {
  const openSettings = async (section: string, data: FakeData = world) => {
    const opened = await openWindow(data);
    fireEvent.click(screen.getByRole('button', { name: 'Settings' }));
    fireEvent.click(
      within(screen.getByRole('navigation', { name: /Sections/ })).getByRole('button', { name: section }),
    );
    await settle();
    return opened;
  };

  it('change theme and language at once', async () => {
    const { backend } = await openSettings('Appearance');
    fireEvent.change(screen.getByLabelText('Theme'), { target: { value: 'dark' } });
    await settle();
    expect(document.documentElement.dataset['theme']).toBe('dark');
    fireEvent.change(screen.getByLabelText('Language'), { target: { value: 'de' } });
    await settle();
    expect(backend.callsOf('settings.update')).toEqual([{ theme: 'dark' }, { language: 'de' }]);
    expect(screen.getByRole('heading', { name: 'Darstellung' })).toBeTruthy();
    expect(document.documentElement.lang).toBe('de');
    fireEvent.change(screen.getByLabelText('Farben'), { target: { value: 'system' } });
    await settle();
    expect(document.documentElement.dataset['theme']).toBeUndefined();
  });

  it('switch off that others see the writing', async () => {
    const { backend } = await openSettings('Chats and privacy');
    fireEvent.click(screen.getByRole('switch', { name: /Show others/ }));
    await settle();
    expect(backend.settings.sendTyping).toBe(false);
  });

  it('offer to hide since when nobody uses the computer, where the app knows', async () => {
    const { backend } = await openSettings('Chats and privacy', { ...world, host: 'electron' });
    fireEvent.click(screen.getByRole('switch', { name: /since when you are away/ }));
    fireEvent.click(screen.getByRole('switch', { name: /that you are away/ }));
    await settle();
    expect(backend.settings).toMatchObject({ sendIdle: false, awayWhenIdle: true });
    closeWindows();
    await openSettings('Chats and privacy');
    expect(screen.queryByRole('switch', { name: /away/ })).toBeNull();
  });

  it('disable an account, and remove it only after saying what is deleted', async () => {
    const { backend } = await openSettings('Accounts');
    fireEvent.click(screen.getByRole('switch', { name: 'Connect this account' }));
    await settle();
    expect(screen.getByText(/Switched off ·/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Remove account' }));
    await settle();
    const question = screen.getByRole('alertdialog');
    expect(question.textContent).toMatch(
      /its chats with all messages and drafts, its contacts, and its password/,
    );
    fireEvent.click(within(question).getByRole('button', { name: 'Cancel' }));
    await settle();
    expect(backend.callsOf('accounts.remove')).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: 'Remove account' }));
    await settle();
    fireEvent.click(screen.getByRole('button', { name: 'Delete everything and remove' }));
    await settle();
    expect(backend.callsOf('accounts.remove')).toEqual([{ accountId: ada }]);
    expect(screen.getByText('Private chat, on any server you like')).toBeTruthy();
  });

  it('ask for the new password where the server refuses the old one', async () => {
    const error = { code: 'auth-failed', step: 'auth', advice: 'needs-user' } as const;
    const { backend } = await openSettings('Accounts', {
      ...world,
      accounts: [{ ...adasAccount, phase: 'failed', error }],
    });
    expect(screen.getByText(/does not accept this password/)).toBeTruthy();
    type(screen.getByLabelText('Password'), 'new secret');
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await settle();
    expect(backend.callsOf('accounts.setPassword')).toEqual([{ accountId: ada, password: 'new secret' }]);
  });

  it('show a certificate that stands in the way, and trust its key', async () => {
    const certificate = {
      fingerprint256: `AA${':BB'.repeat(31)}`,
      spki: `${'B'.repeat(43)}=`,
      subject: 'CN=example.org',
      issuer: 'CN=self',
      validFrom: 0,
      validTo: 1,
    };
    const error = { code: 'certificate-changed', step: 'tls', advice: 'needs-user', certificate } as const;
    const { backend } = await openSettings('Accounts', {
      ...world,
      accounts: [{ ...adasAccount, phase: 'failed', error }],
    });
    expect(screen.getByRole('alert').textContent).toContain('another key than the one you trusted');
    fireEvent.click(screen.getByRole('button', { name: 'Trust this certificate only' }));
    await settle();
    expect(backend.callsOf('accounts.trustCertificate')).toEqual([
      { accountId: ada, spki: certificate.spki },
    ]);
  });

  it('say that channel binding is gone, and go on without it only at a press of the button', async () => {
    const error = { code: 'binding-lost', step: 'auth', advice: 'needs-user' } as const;
    const { backend } = await openSettings('Accounts', {
      ...world,
      accounts: [{ ...adasAccount, phase: 'failed', error }],
    });
    expect(screen.getByText(/does not prove any more that nobody is between you and it/)).toBeTruthy();
    expect(backend.callsOf('accounts.acceptUnbound')).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: 'Log in without this proof' }));
    await settle();
    expect(backend.callsOf('accounts.acceptUnbound')).toEqual([{ accountId: ada }]);
  });

  it.each([
    ['sendReceipts', 'Tell contacts when a message has arrived'],
    ['sendReadMarkers', 'Tell contacts when you have read a message'],
    ['sendTyping', 'Show others when you are writing'],
  ])('switch off %s alone', async (key, name) => {
    const { backend } = await openSettings('Chats and privacy', world);
    fireEvent.click(screen.getByRole('switch', { name }));
    await settle();
    expect(backend.callsOf('settings.update')).toEqual([{ [key]: false }]);
    expect(screen.getByRole<HTMLInputElement>('switch', { name }).checked).toBe(false);
  });

  it('offer the time for undo, and keep one that they do not offer', async () => {
    const { backend } = await openSettings('Chats and privacy', { ...world, settings: { undoSeconds: 7 } });
    const select = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Time to undo sending' });
    expect(select.selectedOptions[0]?.textContent).toBe('7 seconds');
    fireEvent.change(select, { target: { value: '10' } });
    await settle();
    expect(backend.callsOf('settings.update')).toEqual([{ undoSeconds: 10 }]);
  });
});
