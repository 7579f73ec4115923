/** Two of these applications verify each other in their windows, on a real server: by a picture, a screenshot and a link. */
import { writeFile } from 'node:fs/promises';
import type { Locator } from '@playwright/test';
import { expect, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 120_000 });

const VERENA = 'verena@localhost';
const VIKTOR = 'viktor@localhost';

let verena: Story;
let viktor: Story;

test.beforeAll(async ({ browser, server }, info) => {
  verena = await Story.begin({ browser, server }, info);
  await verena.logInAs(VERENA);
  viktor = await Story.begin({ browser, server }, info);
  await viktor.logInAs(VIKTOR);
  await verena.window.startChat(VIKTOR);
  await viktor.window.startChat(VERENA);
});

test.afterAll(async () => {
  await verena.end();
  await viktor.end();
});

/** The dialog of the open chat, with the own code. */
const openVerify = async ({ page }: Story): Promise<Locator> => {
  await expect(page.getByPlaceholder('Message, encrypted with OMEMO')).toBeVisible();
  const profile = page.getByRole('complementary', { name: /Profile/ });
  if (!(await profile.isVisible())) await page.getByRole('button', { name: /Show profile/ }).click();
  await profile.getByRole('button', { name: 'Verify', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: /Verify/ });
  await expect(dialog.getByRole('img', { name: /Code with your address/ })).toBeVisible();
  return dialog;
};

const chooser = (dialog: Locator): Locator => dialog.locator('input[type=file]');
const head = ({ page }: Story): Locator => page.getByRole('main').locator('header');

test('pictures that are none, or would fill the memory, are refused in words', async () => {
  const dialog = await openVerify(verena);
  const give = async (name: string, data: Uint8Array | string, words: RegExp): Promise<void> => {
    const file = test.info().outputPath(name);
    await writeFile(file, data);
    await chooser(dialog).setInputFiles(file);
    await expect(dialog.getByRole('alert')).toContainText(words);
  };
  await give('code.png', '<svg xmlns="http://www.w3.org/2000/svg"/>', /no picture that can be read/);
  // A header that promises sixteen gigabytes, and nothing behind it.
  const bomb = Buffer.from('89504e470d0a1a0a0000000d494844520000ffff0000ffff0806000000', 'hex');
  await give('large.png', bomb, /too large/);
  await give(
    'broken.png',
    Buffer.from(bomb.toString('hex').replaceAll('0000ffff', '00000040'), 'hex'),
    /no picture/,
  );
  const bare = await verena.page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } });
  await give('bare.png', bare, /No code was found/);
  await verena.page.keyboard.press('Escape');
});

test('a picture that one of them has saved verifies them with the other', async () => {
  const shown = await openVerify(viktor);
  const [download] = await Promise.all([
    viktor.page.waitForEvent('download'),
    shown.getByRole('button', { name: 'Save picture' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`${VIKTOR}.png`);
  const dialog = await openVerify(verena);
  await chooser(dialog).setInputFiles(await download.path());
  await expect(dialog.getByText('Same key')).toBeVisible();
  // Nothing has changed by looking.
  await expect(head(verena)).not.toContainText('verified');
  await dialog.getByRole('button', { name: 'Verify 1 device' }).click();
  await expect(dialog.getByText('1 device is verified now.')).toBeVisible();
  await verena.page.keyboard.press('Escape');
  await expect(head(verena)).toContainText('OMEMO, verified');
  await viktor.page.keyboard.press('Escape');
});

test('the code on a screenshot of a dark window is read, and the own one is no other’s', async () => {
  await viktor.page.emulateMedia({ colorScheme: 'dark' });
  const dialog = await openVerify(viktor);
  const screenshot = test.info().outputPath('screenshot.png');
  await viktor.page.screenshot({ path: screenshot });
  await chooser(dialog).setInputFiles(screenshot);
  await expect(dialog.getByRole('note')).toContainText(/another address than that of .*verena/);
  await expect(dialog.getByText(VIKTOR)).toBeVisible();
  await expect(dialog.getByRole('button', { name: /^Verify/ })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Back' }).click();
});

test('a link that was copied and pasted verifies the other way', async () => {
  const dialog = viktor.page.getByRole('dialog', { name: /Verify/ });
  await verena.window.goTo('Settings');
  await verena.page.getByRole('button', { name: 'Encryption', exact: true }).click();
  await verena.page.getByRole('button', { name: /^Your code: / }).click();
  await verena.page.getByRole('button', { name: 'Copy link' }).click();
  await dialog.getByLabel('Or their link').focus();
  await viktor.page.keyboard.press('Control+V');
  await expect(dialog.getByText('Same key')).toBeVisible();
  await dialog.getByRole('button', { name: 'Verify 1 device' }).click();
  await expect(dialog.getByText('1 device is verified now.')).toBeVisible();
  await viktor.page.keyboard.press('Escape');
  await expect(head(viktor)).toContainText('OMEMO, verified');
  expect([...verena.complaints, ...viktor.complaints]).toEqual([]);
});
