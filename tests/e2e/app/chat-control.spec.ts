/** What the user decides about whole chats, and about what the server keeps and lets through. */
import AxeBuilder from '@axe-core/playwright';
import { xml } from '#main/xmpp/stanza.ts';
import type { Peer } from '#tests/support/peer.ts';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'olga@localhost';
let story: Story;
let pat: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  pat = await story.friend(OWN, 'pat@localhost', 'Pat');
  await story.window.goTo('Chats');
});

test.afterAll(() => story.end());

const menu = async (entry: string): Promise<void> => {
  const { window, page } = story;
  await window.button('More about this chat').click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
};

const violations = async (): Promise<readonly string[]> =>
  (await new AxeBuilder({ page: story.page }).setLegacyMode().analyze()).violations.map(({ id }) => id);

test('clearing the history says what goes and what stays, and goes for good', async () => {
  const { window, page } = story;
  await pat.say(OWN, 'The old address was Harbour Street 4');
  await window.openChat('Pat');
  await window.say('Thank you');
  await expect(window.message('Thank you')).toContainText('On the server');

  await menu('Clear history…');
  const dialog = page.getByRole('alertdialog', { name: /Clear the history with .?Pat/ });
  await expect(dialog).toContainText('They cannot be brought back.');
  await expect(dialog).toContainText('This computer does not fetch it from the server again.');
  await expect(window.button('Cancel', dialog)).toBeFocused();
  expect(await violations()).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(window.message('Thank you')).toBeVisible();

  await menu('Clear history…');
  await window.button('Delete all messages', dialog).click();
  await expect(window.message('Thank you')).toHaveCount(0);
  await expect(window.chat('Pat')).not.toContainText('Thank you');

  // The server's archive still has it; a new start fetches nothing of it.
  await story.stop();
  await story.start();
  await story.window.unlock(PASSPHRASE);
  await expect(story.window.online).toBeVisible();
  await pat.say(OWN, 'And the new one?');
  await story.window.openChat('Pat');
  await expect(story.window.message('And the new one?')).toBeVisible();
  await expect(story.window.message('Harbour Street')).toHaveCount(0);
});

test('a deleted chat leaves the list, and is back, empty, when something new comes', async () => {
  const { window, page } = story;
  await window.composer.fill('Half a sentence');
  await menu('Delete chat…');
  const dialog = page.getByRole('alertdialog', { name: /Delete the chat with .?Pat/ });
  await expect(dialog).toContainText('What still waits to be sent is not sent.');
  await window.button('Delete the chat', dialog).click();
  await expect(window.chat('Pat')).toHaveCount(0);
  await expect(page.getByText('Pick a chat, or start a new one.')).toBeVisible();
  await window.goTo('Contacts');
  await expect(window.contact('Pat')).toBeVisible();
  await window.goTo('Chats');

  await pat.say(OWN, 'Still there?');
  await window.openChat('Pat');
  await expect(window.message('Still there?')).toBeVisible();
  await expect(window.timeline.getByRole('article')).toHaveCount(1);
  await expect(window.composer).toHaveValue('');
});

test('how long messages are kept: by the settings, by a number of days, or not at all', async () => {
  const { window, page } = story;
  await menu('Keep messages…');
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  const keep = dialog.getByLabel('Keep messages');
  await expect(keep).toHaveValue('default');
  await expect(dialog).toContainText('Nothing is deleted by itself.');
  await keep.selectOption('Another number of days…');
  await dialog.getByLabel('Days').fill('zwei');
  await dialog.getByLabel('Days').press('Enter');
  await expect(dialog).toContainText('Enter a number of days from 1 to 36500.');
  await dialog.getByLabel('Days').fill('14');
  await expect(dialog).toContainText('What is older than 14 days is deleted');
  await expect(dialog.getByRole('alert')).toContainText('They cannot be brought back.');
  expect(await violations()).toEqual([]);
  await window.button('Save and delete older messages', dialog).click();
  await expect(dialog).toHaveCount(0);

  await menu('Keep messages…');
  await expect(keep).toHaveValue('14');
  await keep.selectOption('Do not keep');
  await expect(dialog).toContainText('What has been read is deleted some minutes later.');
  await window.button('Save and delete older messages', dialog).click();
  // A slip of the finger could still be taken back for some seconds; then what was read is gone.
  await expect(window.message('Still there?')).toHaveCount(0, { timeout: 30_000 });

  await menu('Keep messages…');
  await keep.selectOption({ label: 'As in the settings: Forever' });
  await window.button('Save', dialog).click();
  await expect(dialog).toHaveCount(0);
});

test('the settings say how long all other chats keep theirs', async () => {
  const { window, page } = story;
  await window.goTo('Settings');
  await window.button('Chats and privacy').click();
  await window.button('Keep messages: Forever. Change it').click();
  const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
  await dialog.getByLabel('Keep messages').selectOption('90 days');
  await expect(dialog.getByRole('alert')).toContainText('in every chat without a rule of its own');
  await window.button('Save and delete older messages', dialog).click();
  await expect(window.button('Keep messages: 90 days. Change it')).toBeVisible();
  await window.goTo('Chats');
  await window.openChat('Pat');
  await menu('Keep messages…');
  await expect(dialog.getByLabel('Keep messages')).toContainText('As in the settings: 90 days');
  await page.keyboard.press('Escape');
});

test('what the server keeps is asked of the server, and changed there', async ({ server }) => {
  const { window, page } = story;
  await window.goTo('Settings');
  await window.button('Accounts').click();
  await window.button('What the server keeps').click();
  const archive = page.getByLabel('Archive messages');
  await expect(archive).toHaveValue('always');
  await archive.selectOption('With contacts only');
  await expect(page.getByText('Of others, a device that is off may miss some.')).toBeVisible();
  const phone = await server.peer(OWN, 'phone');
  const prefs = async (): Promise<unknown> =>
    (await phone.request(xml('iq', { type: 'get' }, xml('prefs', { xmlns: 'urn:xmpp:mam:2' })))).getChild(
      'prefs',
    )?.attrs['default'];
  expect(await prefs()).toBe('roster');
  await archive.selectOption('None');
  await expect(page.getByText('The server keeps no copy.')).toBeVisible();
  expect(await prefs()).toBe('never');
  await archive.selectOption('All');
  await expect(page.getByText('all your devices have the whole history')).toBeVisible();
  expect(await violations()).toEqual([]);
  await phone.close();
});

test('the list of the blocked: block by address, unblock, and hear from other devices', async ({
  server,
}) => {
  const { window, page } = story;
  await window.button('Blocked').click();
  const list = page.getByRole('region', { name: /^Blocked by .?olga@localhost/ });
  await expect(list).toContainText('Nobody is blocked.');
  await window.field('Address to block').fill('not an address');
  await window.button('Block…', list).click();
  await expect(list).toContainText('This is not an XMPP address.');
  await window.field('Address to block').fill(' Spam.Example ');
  await window.button('Block…', list).click();
  const dialog = page.getByRole('alertdialog', { name: /Block .?spam\.example/ });
  await window.button('Block', dialog).click();
  await expect(dialog).toHaveCount(0);
  await expect(list.getByRole('listitem')).toHaveText([/spam\.example/]);
  expect(await violations()).toEqual([]);

  const phone = await server.peer(OWN, 'phone-2');
  const block = (name: string): ReturnType<Peer['request']> =>
    phone.request(
      xml(
        'iq',
        { type: 'set' },
        xml(name, { xmlns: 'urn:xmpp:blocking' }, xml('item', { jid: 'pat@localhost' })),
      ),
    );
  await block('block');
  await expect(list.getByRole('listitem')).toHaveText([/Pat/, /spam\.example/]);
  await window.goTo('Chats');
  await window.chat('Pat').click();
  await expect(window.conversation).toContainText('You have blocked');

  await window.goTo('Settings');
  await page.getByRole('button', { name: /^Unblock .?Pat/ }).click();
  await expect(list.getByRole('listitem')).toHaveText([/spam\.example/]);
  await page.getByRole('button', { name: /^Unblock .?spam/ }).click();
  await expect(list).toContainText('Nobody is blocked.');
  await phone.close();
  await window.goTo('Chats');
  await window.openChat('Pat');
  await pat.say(OWN, 'Here I am again');
  await expect(window.message('Here I am again')).toBeVisible();
  expect(story.complaints).toEqual([]);
});
