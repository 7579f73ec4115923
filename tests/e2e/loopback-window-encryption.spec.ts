/**
 * Encryption in the window, against a scripted application: devices, who can read what, what could not be read,
 * own devices and the health page; no rule of accessibility is broken in any theme, size or direction. The
 * pictures are written where they are missing; CHATSECURE_UPDATE_SCREENSHOTS=1 renews them.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import type { FakeData } from './support/fake-backend.ts';
import { encryptedWorld, NOW } from './support/fake-encrypted-world.ts';
import { shoot } from './support/pictures.ts';
import { expect, test, type ScriptedWindow } from './support/window-test.ts';

test.use({ timezoneId: 'UTC', locale: 'en-GB' });
test.describe.configure({ timeout: 120_000 });

const open = async (
  openWindow: (data: FakeData) => Promise<ScriptedWindow>,
  page: ScriptedWindow['page'],
  data: FakeData = encryptedWorld(),
): Promise<ScriptedWindow> => {
  await page.clock.setFixedTime(NOW);
  return openWindow(data);
};

/** What axe finds, one line per element, and whether anything sticks out sideways. */
const faultsOf = async ({ page }: ScriptedWindow): Promise<readonly string[]> => {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  return [
    ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`)),
    ...(wide > 0 ? [`${wide} pixels too wide`] : []),
  ];
};

const expectSoundEverywhere = async (window: ScriptedWindow): Promise<void> => {
  const { page } = window;
  for (const width of [1160, 400]) {
    await page.setViewportSize({ width, height: 760 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await faultsOf(window), `${colorScheme}, ${width} pixels wide`).toEqual([]);
    }
  }
  expect(window.complaints).toEqual([]);
};

const nadia = async ({ ui }: ScriptedWindow): Promise<void> => ui.openChat('Nadia Okafor');

const encryptionSettings = async ({ page }: ScriptedWindow): Promise<void> => {
  await page.getByRole('button', { name: /^(Settings|الإعدادات)$/ }).click();
  await page.getByRole('button', { name: /^(Encryption|التشفير)$/ }).click();
  await expect(page.getByRole('listitem').filter({ hasText: /05c1d2e3/ })).toBeVisible();
};

test('the profile beside the chat', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await nadia(window);
  await page.getByRole('button', { name: 'Review', exact: true }).click();
  await expect(page.getByRole('complementary', { name: /Profile/ })).toBeFocused();
  await expect(page.getByText('Not trusted yet').last()).toBeVisible();
  await shoot(window, 'profile', ['light', 'dark']);
  await expectSoundEverywhere(window);
});

/** The dialog in which Nadia is verified, when its code is drawn. */
const openVerify = async ({ page }: ScriptedWindow): Promise<Locator> => {
  await page.getByRole('button', { name: /Show profile and devices/ }).click();
  await page.getByRole('complementary').getByRole('button', { name: 'Verify', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: /Verify/ });
  await expect(dialog.getByRole('img', { name: /Code with your address/ })).toBeVisible();
  return dialog;
};

const NADIAS_KEYS = {
  phone: '05f3a1c29d77e0b41c5a88f02b6d4e917a30c6d8e4419f22b8d05c1763aa90ef',
  laptop: '8a12bb4055d1e09cf07a3316c4e2895d00b7fa61d92c44183e8f6ab519cd70e2',
};

const giveLink = async ({ page }: ScriptedWindow, link: string): Promise<void> => {
  await page.getByLabel('Or their link').fill(link);
  await page.keyboard.press('Enter');
};

test('verifying somebody', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await nadia(window);
  await openVerify(window);
  await shoot(window, 'verify', ['light', 'dark', 'dark-narrow']);
  await expectSoundEverywhere(window);
});

test('what a code would verify, and what it has verified', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await nadia(window);
  await openVerify(window);
  const { phone, laptop } = NADIAS_KEYS;
  await giveLink(
    window,
    `xmpp:nadia@example.org?omemo-sid-101=${phone};omemo-sid-102=${laptop};omemo-sid-7=${'0d'.repeat(32)}`,
  );
  const verify = page.getByRole('button', { name: 'Verify 1 device' });
  await expect(verify).toBeVisible();
  await shoot(window, 'code-found', ['light', 'dark', 'light-narrow']);
  await expectSoundEverywhere(window);
  await verify.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('1 device is verified now.')).toBeVisible();
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Close' })).toBeFocused();
  expect(await faultsOf(window)).toEqual([]);
});

test('a code that contradicts what is known', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await nadia(window);
  await openVerify(window);
  await giveLink(window, `xmpp:nadia@example.org?omemo-sid-101=${NADIAS_KEYS.laptop}`);
  await expect(page.getByRole('alert')).toContainText('The keys contradict each other');
  await expect(page.getByRole('button', { name: /^Verify \d/ })).toHaveCount(0);
  await shoot(window, 'code-alarm', ['light', 'dark']);
  await expectSoundEverywhere(window);
});

test('the own code', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await encryptionSettings(window);
  await page.getByRole('button', { name: /^Your code: / }).click();
  await expect(page.getByRole('img', { name: /Code with your address/ })).toBeVisible();
  await shoot(window, 'own-code', ['light', 'dark']);
  await expectSoundEverywhere(window);
});

test('who can read a message', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await nadia(window);
  await page.getByRole('button', { name: 'Read. Who can read this' }).last().click();
  await expect(page.getByRole('dialog', { name: 'Who can read this' })).toBeVisible();
  await shoot(window, 'ledger', ['light', 'dark']);
  expect(await faultsOf(window)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('a message that could not be read', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await window.ui.openChat('Jonas');
  await page.getByRole('button', { name: 'Why?' }).click();
  await expect(page.getByText(/for a session that this computer does not have/)).toBeVisible();
  await shoot(window, 'undecryptable', ['light', 'dark']);
  await expectSoundEverywhere(window);
});

test('the own devices', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await encryptionSettings(window);
  await shoot(window, 'own-devices', ['light', 'dark']);
  await expectSoundEverywhere(window);
});

test('the health of the encryption', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await encryptionSettings(window);
  await page.getByRole('button', { name: /^Health: / }).click();
  await expect(page.getByText('Look').first()).toBeVisible();
  await shoot(window, 'health', ['light', 'dark']);
  await expectSoundEverywhere(window);
});

test('verifying somebody from right to left', async ({ openWindow, page }) => {
  const window = await open(openWindow, page, { ...encryptedWorld(), settings: { language: 'ar' } });
  await page
    .getByRole('button', { name: /Nadia Okafor/ })
    .first()
    .click();
  await page.locator('[data-opens="profile"]').click();
  await page.getByRole('complementary').getByRole('button', { name: 'تحقق', exact: true }).click();
  await expect(page.getByRole('dialog').getByRole('img', { name: /رمز/ })).toBeVisible();
  await shoot(window, 'verify', ['light-rtl']);
  await expectSoundEverywhere(window);
});

test('from right to left, and by keyboard alone', async ({ openWindow, page }) => {
  const window = await open(openWindow, page, { ...encryptedWorld(), settings: { language: 'ar' } });
  await page
    .getByRole('button', { name: /Nadia Okafor/ })
    .first()
    .click();
  const opener = page.locator('[data-opens="profile"]');
  await opener.focus();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary');
  await expect(panel).toBeFocused();
  const chat = await page.getByRole('feed').boundingBox();
  expect((await panel.boundingBox())?.x ?? Infinity).toBeLessThan(chat?.x ?? 0);
  await expectSoundEverywhere(window);
  await page.setViewportSize({ width: 1160, height: 760 });
  await panel.focus();
  await page.keyboard.press('Escape');
  await expect(panel).toBeHidden();
  await expect(opener).toBeFocused();
});
