/**
 * Pictures of the real application, for the README and for whoever changes how it looks. They are the same in
 * every run on one machine: people, talk, clock, certificate and sizes are given. Written where they are missing;
 * CHATSECURE_UPDATE_SCREENSHOTS=1 renews them all.
 */
import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import type { Browser, TestInfo } from '@playwright/test';
import type { Peer } from '#tests/support/peer.ts';
import { createFilledProfile } from '../support/filled-profile.ts';
import {
  ADA,
  crowd,
  HOSTS,
  introduceCrowd,
  NOW,
  openDoor,
  people,
  populate,
  UNKNOWN,
  writeTalk,
} from '../support/picture-world.ts';
import { shoot as picture, type Look } from '../support/pictures.ts';
import { expect, PASSPHRASE, PASSWORD, Story, test, TestServer } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 120_000 });

let pictures: TestServer;
let door: Server;
let peers: readonly Peer[] = [];
let story: Story;

test.beforeAll(async () => {
  pictures = await TestServer.start({ hosts: HOSTS });
  peers = await populate(pictures);
  door = await openDoor(pictures);
});

test.afterAll(async () => {
  for (const peer of peers) await peer.close();
  door.close();
  await pictures.stop();
});

test.afterEach(() => story.end());

/** Starts the application at the moment of the pictures, with a profile or without. */
const begin = async (browser: Browser, info: TestInfo, profileDir?: string): Promise<Story> => {
  const clock = path.resolve(import.meta.dirname, '../support/pinned-clock.ts');
  const env = { NODE_OPTIONS: `--import=${clock}`, CHATSECURE_TEST_NOW: String(NOW) };
  const context = { timezoneId: 'UTC', locale: 'en-GB' };
  const begun = await Story.begin(
    { browser, server: pictures },
    info,
    profileDir === undefined ? { env, context } : { env, context, profileDir },
  );
  await begun.page.clock.setFixedTime(NOW);
  await begun.page.reload();
  return begun;
};

const filled = async (browser: Browser, info: TestInfo, who: typeof people): Promise<Story> => {
  let written = Promise.resolve();
  const profileDir = await createFilledProfile(PASSPHRASE, (database, store) => {
    written = writeTalk(
      database,
      store,
      { host: pictures.prosody.host, port: (door.address() as AddressInfo).port },
      who,
    );
  });
  await written;
  const begun = await begin(browser, info, profileDir);
  await begun.window.unlock(PASSPHRASE);
  await expect(begun.window.online).toHaveText(/^2 accounts online/);
  return begun;
};

/** Of the story that runs. */
const shoot = (screen: string, ...looks: readonly Look[]): Promise<void> => picture(story, screen, looks);

test('the first start and logging in', async ({ browser }, info) => {
  story = await begin(browser, info);
  const { window, page } = story;
  await window.createProfile(PASSPHRASE);
  await shoot('first-start', 'light', 'dark', 'light-narrow');
  await window.openLogin();
  await window.field('XMPP address').fill(ADA);
  await window.field('Password').fill(PASSWORD);
  await shoot('login', 'light', 'dark');
  await window.logIn(pictures.login(UNKNOWN));
  await expect(page.getByText('not signed by a known authority')).toBeVisible();
  await window.button('Advanced: host, port, direct TLS').click();
  await shoot('login-certificate', 'light', 'dark');
});

test('a conversation, contacts and settings', async ({ browser }, info) => {
  story = await filled(browser, info, people);
  const { window, page } = story;
  await expect(window.chat('Nadia Okafor')).toContainText('Online on 2 devices');
  await expect(window.button('1 request')).toBeVisible();
  await peers.find(({ jid }) => jid === 'jonas@example.net')?.type(ADA, 'composing');
  await expect(window.chat('Jonas')).toContainText('typing…');
  await window.openChat('Nadia Okafor');
  await expect(window.message('See you at the station')).toBeVisible();
  await shoot('chat', 'light', 'dark', 'light-narrow', 'dark-narrow');

  await window.openChat('Kofi');
  await expect(window.message('a map of the whole way')).toContainText('Not sent');
  await shoot('chat-failed', 'light', 'dark');

  await window.goTo('Contacts');
  await window.contact('Mei Lin').click();
  await shoot('contacts', 'light', 'dark');
  await window.goTo('Settings');
  await shoot('settings', 'light', 'dark');

  await window.button('Appearance').click();
  await page.getByLabel('Language').selectOption('العربية');
  await shoot('settings', 'light-rtl');
  await page.getByRole('navigation').first().getByRole('button', { name: 'المحادثات' }).click();
  await page
    .getByRole('list', { name: 'قائمة المحادثات' })
    .getByRole('button')
    .filter({ hasText: 'Nadia' })
    .click();
  await expect(page.getByRole('article').filter({ hasText: 'See you at the station' })).toBeVisible();
  await shoot('chat', 'light-rtl', 'dark-rtl');
});

test('no connection', async ({ browser }, info) => {
  story = await filled(browser, info, people);
  const { window, page } = story;
  await window.openChat('Nadia Okafor');
  await pictures.prosody.shell(`c2s:close("${ADA}", "maintenance", "system-shutdown")`);
  await expect(window.banner).toContainText('The server is being restarted.');
  await window.say('I am on the platform');
  await expect(window.message('I am on the platform')).toContainText('Waiting for the connection');
  // Both clocks stand still: this is how long it is until the next attempt, and then how long it shall be.
  const seconds = Number(/in (\d+) seconds/.exec((await window.banner.textContent()) ?? '')?.[1]);
  await page.clock.setFixedTime(NOW + (seconds - 12) * 1000);
  await expect(window.banner).toContainText('Trying again in 12 seconds.');
  await shoot('chat-offline', 'light', 'dark');
});

test('a long list of chats', async ({ browser }, info) => {
  await introduceCrowd(pictures);
  story = await filled(browser, info, [...people, ...crowd]);
  const { window } = story;
  await expect(window.chat('Nadia Okafor')).toContainText('Online on 2 devices');
  await window.chats.locator('..').evaluate((list) => (list.scrollTop = 420));
  await expect(window.chat('Bruno Berg')).toBeVisible();
  await shoot('chat-list-many', 'light', 'dark', 'light-narrow');
  expect(story.complaints).toEqual([]);
});
