// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HealthView } from '#shared/encryption.ts';
import type { DeviceId } from '#shared/ids.ts';
import { deviceKey, newDevice } from '#tests/e2e/support/fake-encryption.ts';
import { ada, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const NADIA = 'nadia@example.org';

describe('the own devices', () => {
  const own = [
    newDevice(11, { isThis: true, standing: 'verified' }),
    newDevice(12, { standing: 'undecided', isLater: true }),
  ];
  const mine = new Map([[deviceKey(ada, 'ada@example.org'), own]]);

  it('a new one is announced above everything, and leads to where it can be removed', async () => {
    const { backend } = await openNadia([message(1, 'Hello')], { data: { encryption: { devices: mine } } });
    expect(screen.getByText(/A new device is on your account .*ada@example.org/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Review devices' }));
    await settle();
    const section = screen.getByRole('region', { name: /Your devices/ });
    const [here, other] = within(section).getAllByRole('listitem');
    if (here === undefined || other === undefined) throw new Error('a device is missing');
    expect(here.textContent).toContain('This device');
    expect(within(here).queryByRole('switch')).toBeNull();
    expect(within(here).queryByRole('button', { name: /Remove/ })).toBeNull();
    fireEvent.click(within(other).getByRole('button', { name: /^Remove/ }));
    await settle();
    fireEvent.click(within(screen.getByRole('alertdialog')).getByRole('button', { name: 'Remove device' }));
    await settle();
    expect(backend.callsOf('encryption.removeDevice')).toEqual([{ accountId: ada, deviceId: 12 }]);
  });
});

describe('the health of the encryption', () => {
  const health: HealthView = {
    checkedAt: NOON,
    lines: [
      { isFine: true, fact: { kind: 'device-list', devices: 3, namesThis: true, access: 'open' } },
      {
        isFine: false,
        fact: { kind: 'bundle', isPresent: false, access: 'missing' },
        repair: { kind: 'publish' },
      },
      { isFine: true, fact: { kind: 'keys', preKeys: 100, signedAt: NOON } },
      {
        isFine: false,
        fact: { kind: 'device-without-keys', deviceId: 12 as DeviceId, label: 'Old tablet' },
        repair: { kind: 'remove-device', deviceId: 12 as DeviceId },
      },
      {
        isFine: false,
        fact: { kind: 'broken-session', jid: NADIA, deviceId: 1 as DeviceId, messages: 2 },
        repair: { kind: 'session', jid: NADIA, deviceId: 1 as DeviceId },
      },
      { isFine: true, fact: { kind: 'clock', aheadMs: -400 } },
    ],
  };

  const openHealth = async () => {
    const opened = await openNadia([message(1, 'Hello')], { data: { encryption: { health } } });
    fireEvent.click(screen.getByRole('button', { name: 'Settings' }));
    fireEvent.click(screen.getByRole('button', { name: 'Encryption' }));
    await settle();
    fireEvent.click(screen.getByRole('button', { name: /^Health: / }));
    await settle();
    return { ...opened, page: screen.getByRole('region', { name: /Encryption health, .*ada@example.org/ }) };
  };

  it('is a fact on each line, and where needed one action', async () => {
    const { page, backend } = await openHealth();
    const lines = within(page).getAllByRole('listitem');
    expect(lines.map(({ textContent }) => textContent)).toEqual([
      expect.stringMatching(/^Fine.*3 devices on the server/),
      expect.stringMatching(/^Look.*They are missing.*Repair$/),
      expect.stringMatching(/^Fine.*100 one-time keys left/),
      expect.stringMatching(/^Look.*Old tablet.* has no keys.*Remove device$/),
      expect.stringMatching(/^Look.*Nadia.*: broken session.*2 messages could not be read.*Repair$/),
      expect.stringMatching(/^Fine.*Within 1 second/),
    ]);
    fireEvent.click(within(page).getByRole('button', { name: 'Repair everything' }));
    await settle();
    expect(backend.callsOf('encryption.repair')).toEqual([{ accountId: ada, what: 'everything' }]);
    expect(page.textContent).toContain('Everything is as it should be.');
  });

  it('can be copied as a report in words, without a key in it', async () => {
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    const { page } = await openHealth();
    fireEvent.click(within(page).getByRole('button', { name: 'Copy report' }));
    const [text = ''] = write.mock.calls[0] ?? [];
    expect(text).toContain("[Look] This computer's keys on the server: They are missing");
    expect(text).toContain(`${NADIA}: broken session`);
    expect(text).not.toMatch(/[0-9a-f]{8} [0-9a-f]{8}/);
  });

  it('without a connection says so', async () => {
    const { page, backend } = await openHealth();
    backend.changeAccount(ada, { phase: 'waiting' });
    await settle();
    expect(page.textContent).toContain('This account is not connected');
  });
});
