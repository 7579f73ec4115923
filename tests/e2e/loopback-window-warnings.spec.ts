/**
 * What the window says where something might leave unprotected: a first message to somebody whom nobody has asked
 * yet, and a server that does not bind logins any more. Against a scripted application; with pictures, which are
 * written where they are missing.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { accountIdOf, type FakeData } from './support/fake-backend.ts';
import { encryptedWorld, NOW } from './support/fake-encrypted-world.ts';
import { listHistory } from './support/fake-history.ts';
import { shoot } from './support/pictures.ts';
import { expect, test, type ScriptedWindow } from './support/window-test.ts';

test.use({ timezoneId: 'UTC', locale: 'en-GB' });
test.describe.configure({ timeout: 120_000 });

const MINUTE = 60_000;

/** Sam, whom nobody has asked for devices. */
const unaskedWorld = (): FakeData => {
  const world = encryptedWorld();
  const chat = world.chats?.find(({ name }) => name === 'Sam Whitfield');
  if (chat === undefined) throw new Error('nobody');
  const said = (id: number, body: string, minutesAgo: number, change: Partial<MessageView>): MessageView => ({
    ...{ id: id as MessageId, chatId: chat.id, direction: 'out', body, rev: 1, protection: 'unsettled' },
    ...{ at: NOW - minutesAgo * MINUTE, sortAt: NOW - minutesAgo * MINUTE, state: 'queued', ...change },
  });
  const messages = [
    said(901, 'Hello Sam, Nadia gave me your address', 40, { state: 'failed', failure: 'devices-unknown' }),
    said(902, 'Are you coming on Sunday?', 3, {}),
  ];
  return {
    ...world,
    histories: new Map([[chat.id, listHistory(messages)]]),
    encryption: {
      ...world.encryption,
      protections: new Map([[chat.id, { next: 'unsettled', outlook: 'unasked' }]]),
    },
  };
};

const expectSound = async ({ page, complaints }: ScriptedWindow): Promise<void> => {
  for (const width of [1160, 400]) {
    await page.setViewportSize({ width, height: 760 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    }
  }
  expect(complaints).toEqual([]);
};

test('a first message says that it waits for an answer, and one without an answer what can be done', async ({
  openWindow,
  page,
}) => {
  await page.clock.setFixedTime(NOW);
  const window = await openWindow(unaskedWorld());
  await window.ui.openChat('Sam Whitfield');
  await expect(page.getByPlaceholder('Message, encrypted if they have OMEMO')).toBeVisible();
  await expect(page.getByText('Not sent: nobody could say whether the other side has OMEMO.')).toBeVisible();
  await shoot(window, 'first-message', ['light', 'dark', 'light-narrow']);
  await page.getByRole('button', { name: 'Without encryption…' }).click();
  await expect(page.getByRole('alertdialog', { name: /without encryption/ })).toBeVisible();
  await page.keyboard.press('Escape');
  await expectSound(window);
});

test('a server that binds logins no more is said with the account, with what can be done', async ({
  openWindow,
  page,
}) => {
  await page.clock.setFixedTime(NOW);
  const world = encryptedWorld();
  const error = {
    code: 'binding-lost',
    step: 'auth',
    advice: 'needs-user',
    host: 'xmpp.example.org',
  } as const;
  const accounts = (world.accounts ?? []).map((account) => ({ ...account, phase: 'failed' as const, error }));
  const window = await openWindow({ ...world, accounts });
  await page.getByRole('button', { name: 'Settings' }).click();
  const proof = page.getByRole('button', { name: 'Log in without this proof' });
  await expect(proof).toBeVisible();
  await shoot(window, 'binding-lost', ['light', 'dark', 'dark-narrow']);
  await expectSound(window);
  await proof.click();
  expect(window.app.backend.callsOf('accounts.acceptUnbound')).toEqual([{ accountId: accountIdOf(1) }]);
});
