/**
 * Encryption in the window, against a scripted application: devices, who can read what, what could not be read,
 * own devices and the health page; no rule of accessibility is broken in any theme, size or direction. The
 * pictures are written where they are missing; CHATSECURE_UPDATE_SCREENSHOTS=1 renews them.
 */
import { AxeBuilder } from '@axe-core/playwright';
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

test('comparing a key', async ({ openWindow, page }) => {
  const window = await open(openWindow, page);
  await nadia(window);
  await page.getByRole('button', { name: 'Show profile and devices' }).click();
  await page.getByRole('complementary').getByRole('button', { name: 'Verify', exact: true }).click();
  await expect(page.getByRole('dialog', { name: /Verify/ })).toBeVisible();
  await shoot(window, 'verify', ['light', 'dark']);
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
