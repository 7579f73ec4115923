// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ChatProtectionView } from '#shared/encryption.ts';
import type { DeviceId, MessageId } from '#shared/ids.ts';
import { deviceKey, fingerprintOf, newDevice } from '#tests/e2e/support/fake-encryption.ts';
import type { FakeEncryptionData } from '#tests/e2e/support/fake-encryption.ts';
import { ada, article, chatId, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const NADIA = 'nadia@example.org';
const phone = newDevice(1, { label: 'Phone', standing: 'verified', lastHeard: NOON });
const laptop = newDevice(2, { standing: 'first-use' });
const fresh = newDevice(3, { standing: 'undecided', isLater: true });
const gone = newDevice(4, { standing: 'removed', label: 'Old tablet' });

const encrypted: Partial<ChatProtectionView> = { next: 'omemo', outlook: 'encrypted' };

const world = (change: FakeEncryptionData = {}): { encryption: FakeEncryptionData } => ({
  encryption: {
    devices: new Map([[deviceKey(ada, NADIA), [gone, phone, laptop, fresh]]]),
    protections: new Map([[chatId, encrypted]]),
    ...change,
  },
});

const openProfile = async (change?: FakeEncryptionData) => {
  const opened = await openNadia([message(1, 'Hello')], { data: world(change) });
  fireEvent.click(screen.getByRole('button', { name: 'Show profile and devices' }));
  await settle();
  return { ...opened, panel: screen.getByRole('complementary', { name: /Profile of .*Nadia/ }) };
};

const device = (panel: HTMLElement, name: RegExp): HTMLElement =>
  within(panel).getByRole('listitem', { name });

describe('the profile beside a chat', () => {
  it('shows each device with its key and what it is to us, those that are gone at the end', async () => {
    const { panel } = await openProfile();
    const cards = within(panel).getAllByRole('listitem');
    expect(cards.map((card) => card.textContent)).toEqual([
      expect.stringMatching(/Phone.*Verified/),
      expect.stringMatching(/Device, first seen.*First use/),
      expect.stringMatching(/New device.*Not trusted yet/),
      expect.stringMatching(/Old tablet.*Removed/),
    ]);
    expect(device(panel, /Phone/).querySelector('code')?.textContent.trim()).toBe(phone.fingerprint);
  });

  it('has a switch for each device that is there, which says what it does', async () => {
    const { panel, backend } = await openProfile();
    expect(within(device(panel, /Old tablet/)).queryByRole('switch')).toBeNull();
    fireEvent.click(within(device(panel, /New device/)).getByRole('switch', { name: /^Trust / }));
    await settle();
    expect(backend.callsOf('encryption.setTrust')).toEqual([
      { accountId: ada, jid: NADIA, deviceId: 3, fingerprint: fresh.fingerprint, trusted: true },
    ]);
    // The announced change draws it anew.
    expect(within(panel).getAllByRole('switch', { checked: true })).toHaveLength(3);
  });

  it('compares a key with its owner, the one that waits first', async () => {
    const { panel, backend } = await openProfile();
    fireEvent.click(within(panel).getByRole('button', { name: 'Verify' }));
    await settle();
    const dialog = screen.getByRole('dialog', { name: /Verify .*Nadia/ });
    expect(dialog.querySelector('code')?.textContent.trim()).toBe(fresh.fingerprint);
    fireEvent.click(within(dialog).getByRole('button', { name: 'They match' }));
    await settle();
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(backend.callsOf('encryption.compare')).toEqual([
      { accountId: ada, jid: NADIA, deviceId: 3, fingerprint: fresh.fingerprint, matches: true },
    ]);
    expect(within(panel).getAllByText('Verified')).toHaveLength(2);
  });

  it('takes away the trust from a key that differs', async () => {
    const { panel } = await openProfile();
    fireEvent.click(within(device(panel, /first seen/)).getByRole('button', { name: /^Verify: / }));
    await settle();
    fireEvent.click(screen.getByRole('button', { name: 'They differ' }));
    await settle();
    expect(within(panel).getByText('Not trusted')).toBeTruthy();
  });

  it('shares a key with whose it is', async () => {
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    const { panel } = await openProfile();
    fireEvent.click(within(device(panel, /Phone/)).getByRole('button', { name: /^Share: / }));
    expect(write).toHaveBeenCalledWith(`${NADIA}: OMEMO ${phone.fingerprint}`);
  });

  it('offers no switch for a device with another key, only the choice between the two', async () => {
    const offered = fingerprintOf('deadbeef');
    const changed = newDevice(9, { standing: 'key-changed', offeredFingerprint: offered });
    const { panel, backend } = await openProfile({ devices: new Map([[deviceKey(ada, NADIA), [changed]]]) });
    expect(within(panel).queryByRole('switch')).toBeNull();
    fireEvent.click(within(panel).getByRole('button', { name: 'Take the new key' }));
    await settle();
    expect(backend.callsOf('encryption.decideKey')).toEqual([
      { accountId: ada, jid: NADIA, deviceId: 9, fingerprint: offered, accept: true },
    ]);
  });

  it('gives a device a name', async () => {
    const { panel } = await openProfile();
    fireEvent.click(within(device(panel, /first seen/)).getByRole('button', { name: /^Name: / }));
    await settle();
    fireEvent.change(screen.getByRole('textbox', { name: 'Name' }), { target: { value: 'Work laptop' } });
    fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await settle();
    expect(device(panel, /Work laptop/)).toBeTruthy();
  });

  it('cannot be reordered or hidden by a hostile name', async () => {
    const { panel } = await openProfile({
      devices: new Map([[deviceKey(ada, NADIA), [newDevice(1, { label: '\u202Edeifirev' })]]]),
    });
    expect(panel.textContent).not.toContain('\u202e');
  });

  it('goes by Escape and gives the focus back', async () => {
    const { panel } = await openProfile();
    fireEvent.keyDown(panel, { key: 'Escape' });
    await settle();
    expect(screen.queryByRole('complementary')).toBeNull();
    expect(document.activeElement?.getAttribute('data-opens')).toBe('profile');
  });
});

const head = (): HTMLElement => {
  const found = screen.getByRole('main').querySelector('header');
  if (found === null) throw new Error('there is no head');
  return found;
};

describe('how the next message goes out', () => {
  const states: readonly (readonly [Partial<ChatProtectionView>, pill: string, box: string])[] = [
    [{ next: 'omemo', outlook: 'verified' }, 'OMEMO, verified', 'Message, encrypted with OMEMO'],
    [encrypted, 'OMEMO', 'Message, encrypted with OMEMO'],
    [{ next: 'omemo', outlook: 'no-trusted-device' }, 'No trusted device', 'Message, would not be sent'],
    [{ next: 'omemo', outlook: 'no-device' }, 'No OMEMO device', 'Message, would not be sent'],
    [{ choice: 'none', outlook: 'plain' }, 'Not encrypted', 'Message, not encrypted'],
    [{}, 'Not encrypted', 'Message, not encrypted'],
    [
      { next: 'unsettled', outlook: 'unasked' },
      'Encrypted if possible',
      'Message, encrypted if they have OMEMO',
    ],
  ];

  it.each(states)('%o is said in the head, the box and its button', async (state, pill, box) => {
    await openNadia([message(1, 'Hello')], { data: world({ protections: new Map([[chatId, state]]) }) });
    expect(within(head()).getByText(pill)).toBeTruthy();
    expect(screen.getByPlaceholderText(box)).toBeTruthy();
    expect(screen.getByRole('button', { name: `${pill}. Change the encryption of this chat` })).toBeTruthy();
  });

  it('is not said before it is known', async () => {
    const never = new Promise<never>(() => undefined);
    await openNadia([message(1, 'Hello')], {
      options: { overrides: { encryption: { protection: () => never } } },
    });
    expect(head().textContent).not.toMatch(/OMEMO|encrypted/i);
    expect(screen.getByPlaceholderText('Message')).toBeTruthy();
  });

  it('loses its encryption only after a warning, which stays as it is by default', async () => {
    const { backend } = await openNadia([message(1, 'Hello')], { data: world() });
    const choose = async (): Promise<HTMLElement> => {
      fireEvent.click(screen.getByRole('button', { name: /Change the encryption/ }));
      await settle();
      fireEvent.click(screen.getByRole('menuitem', { name: 'Not encrypted' }));
      await settle();
      return screen.getByRole('alertdialog', { name: /without encryption/ });
    };
    fireEvent.click(within(await choose()).getByRole('button', { name: 'Stay as it is' }));
    await settle();
    expect(backend.callsOf('encryption.setProtection')).toEqual([]);
    fireEvent.click(within(await choose()).getByRole('button', { name: 'Write without encryption' }));
    await settle();
    expect(backend.callsOf('encryption.setProtection')).toEqual([{ chatId, choice: 'none' }]);
    expect(screen.getByPlaceholderText('Message, not encrypted')).toBeTruthy();
  });
});

describe('devices in the timeline', () => {
  const notice = { deviceId: 3 as DeviceId, kind: 'added', standing: 'undecided' } as const;

  it('a new one stands where it came, with the way to decide about it', async () => {
    const notices = [{ ...notice, at: NOON + 1500 }];
    await openNadia([message(1, 'Before'), message(2, 'After')], {
      data: world({ protections: new Map([[chatId, { ...encrypted, notices }]]) }),
    });
    expect(article(0).textContent).not.toContain('added a device');
    expect(article(1).textContent).toMatch(/Nadia.* added a device\..*Not trusted yet.*Review.*After/);
    fireEvent.click(screen.getByRole('button', { name: 'Review' }));
    await settle();
    expect(screen.getByRole('complementary', { name: /Profile/ })).toBeTruthy();
  });

  it('what came after the last message stands behind it; what was decided needs no review', async () => {
    const notices = [{ ...notice, standing: 'trusted' as const, at: NOON + 60_000 }];
    await openNadia([message(1, 'Before')], {
      data: world({ protections: new Map([[chatId, { ...encrypted, notices }]]) }),
    });
    expect(article(0).textContent).toMatch(/Before.*added a device\..*Trusted/);
    expect(screen.queryByRole('button', { name: 'Review' })).toBeNull();
  });

  it('a message that nobody could have read leads to the devices and can be sent again', async () => {
    await openNadia(
      [message(1, 'Hello', { state: 'failed', failure: 'no-trusted-device', protection: 'omemo' })],
      { data: world() },
    );
    expect(article(0).textContent).toContain('Not sent: no trusted device.');
    expect(within(article(0)).getByRole('button', { name: 'Send again' })).toBeTruthy();
    fireEvent.click(within(article(0)).getByRole('button', { name: 'Review devices' }));
    await settle();
    expect(screen.getByRole('complementary', { name: /Profile/ })).toBeTruthy();
  });
});

it('a message about which nobody could be asked says so, and encryption can be given up in its place', async () => {
  await openNadia(
    [message(1, 'Hello', { state: 'failed', failure: 'devices-unknown', protection: 'unsettled' })],
    { data: world() },
  );
  const row = article(0);
  expect(row.textContent).toContain('Not sent: nobody could say whether the other side has OMEMO.');
  expect(row.textContent).toContain('they have not been asked yet');
  expect(within(row).getByRole('button', { name: 'Send again' })).toBeTruthy();
  fireEvent.click(within(row).getByRole('button', { name: 'Without encryption…' }));
  await settle();
  expect(screen.getByRole('alertdialog', { name: /without encryption/ })).toBeTruthy();
});

describe('who can read a message', () => {
  const recipients = [
    { deviceId: 7 as DeviceId, isOwn: true, label: 'Tablet', outcome: 'encrypted' },
    { deviceId: 1 as DeviceId, isOwn: false, label: 'Phone', outcome: 'encrypted' },
    { deviceId: 3 as DeviceId, isOwn: false, label: '', outcome: 'undecided' },
    { deviceId: 5 as DeviceId, isOwn: false, label: '', outcome: 'unreachable' },
  ] as const;

  it('opens from its state: the devices that can, those that were left out and why', async () => {
    await openNadia([message(1, 'Hello', { state: 'read', protection: 'omemo' })], {
      data: world({ recipients: new Map([[1 as MessageId, { recipients }]]) }),
    });
    fireEvent.click(screen.getByRole('button', { name: 'Read. Who can read this' }));
    await settle();
    const ledger = screen.getByRole('dialog', { name: 'Who can read this' });
    const lines = within(ledger).getAllByRole('listitem');
    expect(lines.map(({ textContent }) => textContent.replaceAll(/[\u2066-\u2069]/g, ''))).toEqual([
      'Nadia, PhoneEncrypted for',
      'Nadia, device 2Left out: not trusted yet',
      'Nadia, device 3Left out: no keys to be had',
      'You, TabletEncrypted for',
    ]);
    expect(ledger.textContent).toMatch(/Nadia.* has read it/);
  });

  it('is not offered for what was not encrypted', async () => {
    await openNadia([message(1, 'Hello', { state: 'read' })], { data: world() });
    expect(screen.queryByRole('button', { name: /Who can read/ })).toBeNull();
  });
});

describe('a message that could not be read', () => {
  const unread = message(1, '', { failure: 'not-decryptable', protection: 'omemo' });

  it('says why, and is repaired by one button', async () => {
    const { backend } = await openNadia([unread], {
      data: world({
        unreadable: new Map([
          [1 as MessageId, { reason: 'no-key', deviceId: 1 as DeviceId, canRepair: true }],
        ]),
      }),
    });
    fireEvent.click(screen.getByRole('button', { name: 'Why?' }));
    expect(article(0).textContent).toContain('for a session that this computer does not have');
    fireEvent.click(screen.getByRole('button', { name: 'Repair now' }));
    await settle();
    expect(backend.callsOf('encryption.repairMessage')).toEqual([{ messageId: 1 }]);
    expect(article(0).textContent).toContain('A new session has begun');
    expect(screen.queryByRole('button', { name: 'Repair now' })).toBeNull();
  });

  it('of ones own is said to come from another device, which waits for the user', async () => {
    const own = { ...unread, direction: 'out', state: 'acked', body: 'for other apps' } as const;
    const unreadable = { reason: 'not-for-this-device', deviceId: 12 as DeviceId, canRepair: true } as const;
    await openNadia([own], { data: world({ unreadable: new Map([[1 as MessageId, unreadable]]) }) });
    expect(article(0).textContent).toContain('You wrote it on another of your devices');
    fireEvent.click(screen.getByRole('button', { name: 'Why?' }));
    expect(article(0).textContent).toContain('does not trust this computer yet');
    expect(screen.queryByRole('button', { name: 'Repair now' })).toBeNull();
  });

  it('offers no repair where none is possible', async () => {
    await openNadia([unread], { data: world() });
    expect(screen.getByRole('button', { name: 'Why?' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Repair now' })).toBeNull();
  });
});
