/** Several accounts in one window: online at once, switched off and on, and removed with everything they had. */
import { until } from '#tests/support/until.ts';
import type { Peer } from '#tests/support/peer.ts';
import type { Locator } from '@playwright/test';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const HOME = 'dora@localhost';
const WORK = 'd.work@sha256.test';
let story: Story;
let peer: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(HOME);
  await server.register(WORK);
  peer = await story.friend(HOME, 'both@localhost', 'Somebody at home');
  await story.window.goTo('Chats');
});

test.afterAll(() => story.end());

const section = (jid: string): Locator => story.page.getByRole('region', { name: jid });

test('a second account comes beside the first, and both are online', async ({ server }) => {
  const { window, page } = story;
  await window.openLogin();
  await window.logIn(server.login(WORK));
  await expect(window.online).toHaveText('2 accounts online, history encrypted on this computer');
  const rail = page.getByRole('list', { name: 'Accounts' });
  await expect(rail.getByRole('button')).toHaveCount(2);
  await expect(rail.getByRole('button', { name: new RegExp(`${HOME}.?: Online`) })).toBeVisible();
  await expect(rail.getByRole('button', { name: new RegExp(`${WORK}.?: Online`) })).toBeVisible();
});

test('each account has its own chats, and who writes is chosen', async () => {
  const { window, page } = story;
  await peer.say(HOME, 'For you at home');
  await window.openChat('Somebody at home');
  await expect(window.message('For you at home')).toBeVisible();

  const colleague = await story.peer('colleague@sha256.test');
  await window.button('New chat').first().click();
  const dialog = page.getByRole('dialog', { name: 'New chat' });
  await dialog.getByLabel('From').selectOption({ label: WORK });
  await dialog.getByLabel('Name or XMPP address').fill('colleague@sha256.test');
  await window.button('Start chat', dialog).click();
  await window.say('From my work account');
  const heard = await colleague.expectText('From my work account');
  expect(heard.attrs['from']).toMatch(new RegExp(`^${WORK}/`));
});

test('an account that is switched off leaves the server; its chats stay, and what is written waits', async () => {
  const { window, page } = story;
  expect(await sessionsOf(WORK)).toBe(1);
  await window.goTo('Settings');
  await section(WORK).getByRole('switch', { name: 'Connect this account' }).click();
  await expect(section(WORK)).toContainText('Switched off');
  await expect(section(HOME)).toContainText('Online');
  await until('the server to see it leave', async () => (await sessionsOf(WORK)) === 0);

  await window.goTo('Chats');
  await expect(window.online).toHaveText('1 account online, history encrypted on this computer');
  await window.chat('colleague@sha256.test').click();
  await expect(page.getByText('This account is switched off. What you write waits here.')).toBeVisible();
  await window.say('Written while switched off');
  await expect(window.message('Written while switched off')).toContainText('Waiting for the connection');

  await window.button('Switch on').click();
  await expect(window.message('Written while switched off')).toContainText('On the server');
  await expect(window.online).toHaveText('2 accounts online, history encrypted on this computer');
});

test('a password that has changed on the server is asked for, in place', async ({ server }) => {
  const { window, page } = story;
  await server.prosody.addUser(WORK, 'a new password');
  await server.prosody.shell(`c2s:close("${WORK}")`);
  await window.goTo('Chats');
  await window.chat('colleague@sha256.test').click();
  await expect(page.getByText('The server does not accept this password.')).toBeVisible({ timeout: 15_000 });
  await window.button('Open account settings').click();
  await expect(section(WORK)).toContainText('Needs your attention');
  await section(WORK).getByLabel('Password', { exact: true }).fill('a new password');
  await window.button('Save', section(WORK)).click();
  await expect(section(WORK)).toContainText('Online');
});

test('removing says exactly what goes and what stays, and then does that', async () => {
  const { window, page } = story;
  await window.button('Remove account', section(HOME)).click();
  const dialog = page.getByRole('alertdialog', { name: new RegExp(`Remove .?${HOME}.? from this computer`) });
  await expect(dialog).toContainText(
    'its chats with all messages and drafts, its contacts, and its password',
  );
  await expect(dialog).toContainText('The account on the server stays as it is');
  await expect(window.button('Cancel', dialog)).toBeFocused();
  await window.button('Cancel', dialog).click();
  await expect(section(HOME)).toBeVisible();

  await window.button('Remove account', section(HOME)).click();
  await window.button('Delete everything and remove', dialog).click();
  await expect(section(HOME)).toHaveCount(0);
  await until('the server to see it leave', async () => (await sessionsOf(HOME)) === 0);
  await window.goTo('Chats');
  await expect(window.chats.getByRole('button')).toHaveCount(1);
  await expect(window.chat('colleague@sha256.test')).toBeVisible();
});

test('after a restart it is still gone, and the other one is online', async () => {
  expect(story.complaints).toEqual([]);
  await story.stop();
  await story.start();
  const { window } = story;
  await window.unlock(PASSPHRASE);
  await expect(window.online).toHaveText('1 account online, history encrypted on this computer');
  await expect(window.chats.getByRole('button')).toHaveCount(1);
});

test('the last account removed leads back to the first screen', async () => {
  const { window, page } = story;
  await window.goTo('Settings');
  await window.button('Remove account', section(WORK)).click();
  await window.button('Delete everything and remove').click();
  await expect(page.getByRole('heading', { name: 'Private chat, on any server you like' })).toBeVisible();
  expect(story.complaints).toEqual([]);
});

/** How many clients of an account the server knows. */
const sessionsOf = async (jid: string): Promise<number> =>
  (await story.server.prosody.shell('c2s:show(nil, "jid")'))
    .split('\n')
    .filter((line) => line.startsWith(`${jid}/`)).length;
