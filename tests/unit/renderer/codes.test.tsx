// @vitest-environment happy-dom
/** Verifying by codes and links, and noticing devices that wait, over a scripted application. */
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ReadySnapshot } from '#shared/api/app.ts';
import { defaultSettings } from '#shared/default-settings.ts';
import type { DeviceId } from '#shared/ids.ts';
import { formatKeyLink, type KeyClaim } from '#shared/key-link.ts';
import { newChat } from '#tests/e2e/support/fake-backend.ts';
import { deviceKey, fingerprintOf, newDevice } from '#tests/e2e/support/fake-encryption.ts';
import type { FakeEncryptionData } from '#tests/e2e/support/fake-encryption.ts';
import { ada, adasAccount, chatId, message, openNadia } from './support/chat.ts';
import { closeWindows, openWindow, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const NADIA = 'nadia@example.org';
const ADA = 'ada@example.org';
const phone = newDevice(1, { label: 'Phone', standing: 'first-use' });
const laptop = newDevice(2, { label: 'Laptop', standing: 'undecided', isLater: true });
const here = newDevice(11, { isThis: true, standing: 'verified' });

const encryption: FakeEncryptionData = {
  devices: new Map([
    [deviceKey(ada, NADIA), [phone, laptop]],
    [deviceKey(ada, ADA), [here]],
  ]),
  protections: new Map([[chatId, { next: 'omemo', outlook: 'encrypted', waiting: 1 }]]),
};

const keyOf = ({ deviceId, fingerprint = '' }: { deviceId: DeviceId; fingerprint?: string }): KeyClaim => ({
  deviceId,
  fingerprint,
});
const linkOf = (jid: string, ...keys: readonly KeyClaim[]): string => formatKeyLink({ jid, keys });

const openVerify = async () => {
  const opened = await openNadia([message(1, 'Hello')], { data: { encryption } });
  fireEvent.click(screen.getByRole('button', { name: 'Show profile and devices, 1 device waits for you' }));
  await settle();
  fireEvent.click(screen.getByRole('button', { name: 'Verify' }));
  await settle();
  return { ...opened, dialog: screen.getByRole('dialog', { name: /Verify .*Nadia/ }) };
};

const give = async (link: string): Promise<void> => {
  fireEvent.change(screen.getByRole('textbox', { name: 'Or their link' }), { target: { value: link } });
  fireEvent.click(screen.getByRole('button', { name: 'Read' }));
  await settle();
};

const findings = (dialog: HTMLElement): readonly string[] =>
  within(dialog)
    .getAllByRole('listitem')
    .map(({ textContent }) => textContent.replaceAll(/[0-9a-f]{8} /g, ''));

describe('the own code', () => {
  it('is drawn with its border, and its link can be copied', async () => {
    const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    const { dialog } = await openVerify();
    const code = await within(dialog).findByRole('img', { name: /Code with your address and keys, .*ada@/ });
    expect(code.querySelector('rect')?.getAttribute('fill')).toBe('#fff');
    expect(code.querySelector('path')?.getAttribute('fill')).toBe('#000');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Copy link' }));
    expect(write).toHaveBeenCalledWith(linkOf(ADA, keyOf(here)));
  });

  it('is not there before this computer has keys', async () => {
    await openNadia([message(1, 'Hello')], {
      data: { encryption: { devices: new Map([[deviceKey(ada, NADIA), [phone]]]) } },
    });
    fireEvent.click(screen.getByRole('button', { name: 'Show profile and devices' }));
    await settle();
    fireEvent.click(screen.getByRole('button', { name: 'Verify' }));
    await settle();
    expect(screen.queryByRole('img', { name: /Code with/ })).toBeNull();
    expect(screen.getByRole('dialog').textContent).toContain('this computer makes its keys');
  });
});

describe('somebody all of whose devices are verified', () => {
  it('can still be shown the own code, without a key to compare', async () => {
    const verified = { ...phone, standing: 'verified' as const };
    await openNadia([message(1, 'Hello')], {
      data: {
        encryption: {
          devices: new Map([
            [deviceKey(ada, NADIA), [verified]],
            [deviceKey(ada, ADA), [here]],
          ]),
        },
      },
    });
    fireEvent.click(screen.getByRole('button', { name: 'Show profile and devices' }));
    await settle();
    fireEvent.click(screen.getByRole('button', { name: 'Verify' }));
    await settle();
    expect(await screen.findByRole('img', { name: /Code with your address/ })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'They match' })).toBeNull();
  });
});

describe('a code of somebody else', () => {
  it('shows what it would verify, asks where it comes from, and tells what it has verified', async () => {
    const { dialog, backend } = await openVerify();
    const keys = [keyOf(phone), keyOf(newDevice(9))];
    await give(linkOf(NADIA, ...keys));
    expect(findings(dialog)).toEqual([
      expect.stringMatching(/^Phone.*Same key/),
      expect.stringMatching(/^Device 9.*Not known here/),
      expect.stringMatching(/^Laptop.*Not trusted yet/),
    ]);
    expect(dialog.textContent).toContain('from its owner in person');
    expect(backend.callsOf('encryption.verifyKeys')).toEqual([]);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Verify 1 device' }));
    await settle();
    expect(backend.callsOf('encryption.verifyKeys')).toEqual([
      { accountId: ada, link: { jid: NADIA, keys } },
    ]);
    expect(within(dialog).getByText('1 device is verified now.')).toBeTruthy();
    expect(findings(dialog)[0]).toMatch(/^Phone.*Verified/);
    expect(within(dialog).queryByRole('button', { name: /^Verify/ })).toBeNull();
  });

  it('is taken from a paste anywhere, and other texts are not', async () => {
    const { dialog } = await openVerify();
    const paste = async (text: string): Promise<boolean> => {
      const event = new Event('paste', { bubbles: true, cancelable: true });
      Object.assign(event, { clipboardData: { files: [], getData: () => text } });
      document.body.dispatchEvent(event);
      await settle();
      return event.defaultPrevented;
    };
    expect(await paste('See you at the station')).toBe(false);
    expect(screen.queryByRole('alert')).toBeNull();
    expect(await paste(linkOf(NADIA, keyOf(phone)))).toBe(true);
    expect(findings(dialog)[0]).toMatch(/^Phone.*Same key/);
  });

  it('with another key than the known one is an alarm with both keys, and verifies nothing', async () => {
    const { dialog, backend } = await openVerify();
    const forged = fingerprintOf('deadbeef');
    await give(linkOf(NADIA, keyOf(laptop), { ...keyOf(phone), fingerprint: forged }));
    expect(within(dialog).getByRole('alert').textContent).toContain('The keys contradict each other');
    const card = within(dialog).getByRole('listitem', { name: 'Phone' });
    expect([...card.querySelectorAll('code')].map(({ textContent }) => textContent.trim())).toEqual([
      forged,
      phone.fingerprint,
    ]);
    expect(within(dialog).queryByRole('button', { name: /^Verify/ })).toBeNull();
    expect(backend.callsOf('encryption.verifyKeys')).toEqual([]);
  });

  it('of another address than the one in the chat is said to be that', async () => {
    const { dialog } = await openVerify();
    await give(linkOf('jonas@example.net', keyOf(phone)));
    expect(within(dialog).getByRole('note').textContent).toMatch(/another address than that of .*Nadia/);
    expect(within(dialog).queryByRole('button', { name: /^Verify/ })).toBeNull();
    fireEvent.click(within(dialog).getByRole('button', { name: 'Back' }));
    await settle();
    expect(within(dialog).getByRole('button', { name: 'They match' })).toBeTruthy();
  });

  it.each([
    ['', /This is no link with the keys of somebody/],
    ['xmpp:nadia@example.org?omemo-sid-1=zz', /This is no link with the keys of somebody/],
    ['https://example.org/', /This is no link with the keys of somebody/],
  ])('like %j is no code', async (text, words) => {
    const { backend } = await openVerify();
    await give(text);
    expect(screen.getByRole('alert').textContent).toMatch(words);
    expect(backend.callsOf('encryption.examineKeys')).toEqual([]);
  });

  it('without keys says that it has none', async () => {
    const { dialog } = await openVerify();
    await give('xmpp:nadia@example.org');
    expect(dialog.textContent).toContain('no keys that could be compared');
  });

  it('that is no picture is refused with what can be read', async () => {
    await openVerify();
    const chooser = document.querySelector<HTMLInputElement>('input[type=file]');
    if (chooser === null) throw new Error('there is no way to choose a file');
    const svg = new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], 'code.png', { type: 'image/png' });
    fireEvent.change(chooser, { target: { files: [svg] } });
    await settle();
    expect(screen.getByRole('alert').textContent).toContain('PNG, JPEG and WebP');
  });
});

describe('a link with keys from another program', () => {
  const open = () =>
    openWindow(
      { encryption },
      {
        overrides: {
          app: {
            snapshot: (): ReadySnapshot => ({
              ...{ ready: true, host: 'loopback', version: '1', keyProtection: 'keychain' },
              accounts: [adasAccount],
              ...{ contacts: [], requests: [], chats: [], settings: { ...defaultSettings, language: 'en' } },
              link: {
                ...{ jid: NADIA, action: 'message' },
                parameters: { 'omemo-sid-1': (phone.fingerprint ?? '').replaceAll(' ', '') },
              },
            }),
          },
        },
      },
    );

  it('asks nobody for anything, and changes nothing, before the user wants it', async () => {
    const { backend } = await open();
    const dialog = screen.getByRole('dialog', { name: 'Open a link' });
    expect(dialog.textContent).toContain('verify the devices of this address');
    expect(dialog.textContent).toContain(NADIA);
    expect(backend.callsOf('encryption.examineKeys')).toEqual([]);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Look at its keys' }));
    await settle();
    const looked = screen.getByRole('dialog', { name: 'Verify devices by a link' });
    const link = { jid: NADIA, keys: [keyOf(phone)] };
    expect(backend.callsOf('encryption.examineKeys')).toEqual([{ accountId: ada, link, fetch: true }]);
    expect(backend.callsOf('encryption.verifyKeys')).toEqual([]);
    fireEvent.click(within(looked).getByRole('button', { name: 'Verify 1 device' }));
    await settle();
    expect(within(looked).getByText('1 device is verified now.')).toBeTruthy();
  });
});

describe('a device that waits', () => {
  const row = async (unread: number): Promise<HTMLElement> => {
    const chat = newChat(chatId, ada, NADIA, 'Nadia');
    await openWindow({
      accounts: [adasAccount],
      chats: [
        {
          ...chat,
          unread,
          deviceWaits: true,
          last: { preview: 'See you', direction: 'in', state: 'received' },
        },
      ],
    });
    return screen.getByRole('button', { name: /^Nadia/ });
  };

  it('is said in the list of chats', async () => {
    expect((await row(0)).textContent).toMatch(/New device: check before you write/);
  });

  it('is told to those who do not see the list, once', async () => {
    const { backend } = await openNadia([message(1, 'Hello')]);
    const chat = newChat(chatId, ada, NADIA, 'Nadia');
    for (const rev of [10, 11]) {
      backend.emit('chats.upserted', { rows: [{ ...chat, deviceWaits: true, rev }] });
      await settle();
    }
    expect(screen.getByRole('log').textContent.match(/New device: check/g)).toHaveLength(1);
    expect(screen.getByRole('log').textContent).toContain('Nadia');
  });

  it('hides nothing that is unread', async () => {
    expect((await row(2)).textContent).toMatch(/See you.*New device: check before you write.*2 unread/);
  });
});
