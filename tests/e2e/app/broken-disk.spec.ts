/** A disk that is full, and a file that is damaged: what the window says, and that nothing is lost by it. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Peer } from '#tests/support/peer.ts';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'theodora@localhost';
const FRIEND = 'emilio@localhost';
const disk = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-disk-'));
const ballast = path.join(disk, 'ballast');
const database = path.join(disk, 'profile', 'chatsecure.db');
let story: Story;
let emil: Peer;
let isMounted = false;

const run = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;

/** Takes all room that is left. */
const fillDisk = (): void => {
  for (let size = 65_536; size >= 1;) {
    try {
      appendFileSync(ballast, Buffer.alloc(size));
    } catch {
      size >>= 1;
    }
  }
};

const long = (name: string): string => `${name} ${'x'.repeat(4_000)}`;

test.beforeAll(async ({ browser, server }, info) => {
  isMounted = process.platform === 'linux' && run('mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk);
  test.skip(!isMounted, 'only root can make a small disk');
  story = await Story.begin({ browser, server }, info, { profileDir: path.join(disk, 'profile') });
  await story.logInAs(OWN);
  emil = await story.friend(OWN, FRIEND, 'Emil');
  await story.window.startChat(FRIEND);
  await story.window.say('Before');
});

test.afterAll(async () => {
  if (isMounted) {
    rmSync(ballast, { force: true });
    await story.end();
    run('umount', disk);
  }
  rmSync(disk, { recursive: true, force: true });
});

test('a full disk: the reason stands where the connection is shown, and at what was not sent', async () => {
  const { window } = story;
  fillDisk();
  for (let index = 0; index < 30; index++) await emil.say(OWN, long(`Meanwhile ${index}`));
  await expect(window.banner).toContainText('The disk is full.');

  const alert = window.conversation.getByRole('alert').filter({ hasText: 'The disk is full.' });
  for (let index = 0; index < 200 && (await alert.count()) === 0; index++) {
    await window.composer.fill(long(`Own ${index}`));
    await window.composer.press('Enter');
    await expect(async () => {
      expect((await alert.count()) > 0 || (await window.composer.inputValue()) === '').toBe(true);
    }).toPass();
  }
  await expect(alert).toContainText('Free some space, then try again.');
  // What was written is still there.
  await expect(window.composer).toHaveValue(/^Own \d+ x/);
});

test('there is room again: everything is there, once', async () => {
  const { window } = story;
  rmSync(ballast);
  await window.tryNow();
  await window.composer.press('Enter');
  await expect(window.composer).toHaveValue('');
  // Upwards from the end, as far as the first one: only what can be seen is drawn.
  await story.page.getByRole('feed').hover();
  for (const index of [29, 15, 0]) {
    await expect(async () => {
      await story.page.mouse.wheel(0, -1_000);
      await expect(window.message(`Meanwhile ${index} x`)).toHaveCount(1, { timeout: 100 });
    }).toPass();
  }
  await emil.expect('the last one', (one) => /^Own \d+ x/.test(one.getChildText('body') ?? ''));
  await expect(window.banner).toHaveCount(0);
  await expect(window.online).toBeVisible();
});

test('a damaged file: the reason, what to do, and not a byte is changed', async () => {
  await story.stop();
  const bytes = readFileSync(database);
  bytes.fill(0x55, 100, 2_000);
  writeFileSync(database, bytes);
  await story.start();
  const { page } = story;
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.getByLabel('Passphrase', { exact: true }).press('Enter');
  await expect(page.getByText('The file with your history is damaged.')).toBeVisible();
  await expect(
    page.getByText('Bring back a backup of the profile folder. Nothing was deleted.'),
  ).toBeVisible();
  expect(readFileSync(database).equals(bytes)).toBe(true);
});
