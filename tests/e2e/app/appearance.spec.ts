/** How the window looks and speaks: themes, languages and both directions of writing, wide and narrow. */
import type { Locator } from '@playwright/test';
import { expect, NARROW, PASSPHRASE, Story, test, WIDE } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'kira@localhost';
const DARK = 'rgb(18, 21, 26)';
const LIGHT = 'rgb(255, 255, 255)';
let story: Story;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  const lena = await story.friend(OWN, 'lena@localhost', 'Lena');
  await lena.say(OWN, 'Hello there');
  await story.window.goTo('Chats');
  await story.window.openChat('Lena');
  await story.window.say('Hello yourself');
});

test.afterAll(() => story.end());

const background = (): Promise<string> =>
  story.page.evaluate(() => getComputedStyle(document.body).backgroundColor);

const appearance = async (): Promise<void> => {
  await story.window.goTo('Settings');
  await story.window.button('Appearance').click();
};

/** Where something lies, in pixels from the left. */
const leftOf = async (part: Locator): Promise<number> => (await part.boundingBox())?.x ?? Number.NaN;

test('the theme follows the system until one is chosen', async () => {
  const { page } = story;
  expect(await background()).toBe(LIGHT);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(background).toBe(DARK);
  await appearance();
  await page.getByLabel('Theme').selectOption('Light');
  await expect.poll(background).toBe(LIGHT);
  await page.getByLabel('Theme').selectOption('Dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(background).toBe(DARK);
});

test('German: every text and every date, at once and after a restart', async () => {
  const { page } = story;
  await page.getByLabel('Language').selectOption('Deutsch');
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await story.stop();

  await story.start();
  // Before the profile is open nobody knows its settings.
  await story.window.unlock(PASSPHRASE);
  await expect(story.page.getByText(/^1 Konto online/)).toBeVisible();
  expect(await background()).toBe(DARK);
  await story.page.getByRole('list', { name: 'Liste der Chats' }).getByRole('button').click();
  await expect(story.page.getByRole('textbox', { name: /^Nachricht an .?Lena/ })).toBeFocused();
  await expect(story.page.getByText('Heute')).toBeVisible();
  await expect(story.page.getByRole('article').last()).toContainText('Auf dem Server');
});

test('Arabic: the window turns around, and names of others keep their own direction', async () => {
  const { page } = story;
  await page.getByRole('navigation').first().getByRole('button', { name: 'Einstellungen' }).click();
  await page.getByRole('button', { name: 'Darstellung' }).click();
  await page.getByLabel('Sprache').selectOption('العربية');
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  const rail = page.getByRole('navigation', { name: 'الحسابات والعروض' });
  expect(await leftOf(rail)).toBeGreaterThan(WIDE.width - 60);
  await rail.getByRole('button', { name: 'المحادثات' }).click();
  await page.getByRole('textbox', { name: /Lena/ }).waitFor();
  const bubble = (text: string): Locator =>
    page.getByRole('article').filter({ hasText: text }).locator('> div').first();
  expect(await leftOf(bubble('Hello yourself'))).toBeLessThan(await leftOf(bubble('Hello there')));
  expect(
    await bubble('Hello there')
      .locator('[dir=auto]')
      .evaluate((text) => getComputedStyle(text).direction),
  ).toBe('ltr');
});

test('back to English and to the system', async () => {
  const { page } = story;
  await page.getByRole('navigation').first().getByRole('button', { name: 'الإعدادات' }).click();
  await page.getByRole('main').getByRole('combobox').last().selectOption('en');
  await expect(page.locator('html')).toHaveAttribute('dir', 'ltr');
  await page.getByLabel('Theme').selectOption('Like the system');
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(background).toBe(LIGHT);
});

test('narrow: the list or the conversation, with a way back, and nothing sticks out', async () => {
  const { window, page } = story;
  await page.setViewportSize(NARROW);
  const staysInside = async (): Promise<void> => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(NARROW.width);
  };
  await staysInside();
  await window.goTo('Chats');
  await expect(window.composer).toBeVisible();
  await expect(window.chats).toBeHidden();
  await staysInside();
  await window.composer.fill('From a narrow window '.repeat(20));
  await staysInside();
  await window.composer.press('Enter');
  await expect(window.message('From a narrow window')).toBeInViewport();

  await window.button('Back to the chats').click();
  await expect(window.chats).toBeVisible();
  await expect(window.composer).toHaveCount(0);
  await staysInside();
  await window.goTo('Contacts');
  await window.contact('Lena').click();
  await expect(page.getByRole('heading', { name: 'Lena' })).toBeVisible();
  await expect(window.contact('Lena')).toBeHidden();
  await staysInside();
  await window.button('Back to the contacts').click();
  await expect(window.contact('Lena')).toBeVisible();
  await window.button('Add a contact').click();
  await expect(window.button('Add', page.getByRole('dialog'))).toBeInViewport();
  await staysInside();
  await page.keyboard.press('Escape');
  await page.setViewportSize(WIDE);
  expect(story.complaints).toEqual([]);
});

test('a German system speaks German from the first screen', async ({ browser, server }, info) => {
  test.skip(info.project.name === 'electron', "Electron's window takes the language of the computer");
  const german = await Story.begin({ browser, server }, info, { context: { locale: 'de-DE' } });
  try {
    await expect(german.page.getByRole('heading', { name: 'Wähle eine Passphrase' })).toBeVisible();
  } finally {
    await german.end();
  }
});
