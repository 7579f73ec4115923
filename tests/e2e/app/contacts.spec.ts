/** Who may see whom: requests, adding, renaming, removing, and links that ask for it. */
import { readRosterResult, rosterRequest } from '#main/xmpp/features/roster.ts';
import { expect, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'cleo@localhost';
let story: Story;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
});

test.afterAll(() => story.end());

test('a request waits for an answer, and shows no presence before it', async () => {
  const { window, page } = story;
  const wren = await story.peer('wren@localhost');
  await wren.befriend(OWN);
  await expect(window.button('1 request')).toBeVisible();
  await window.button('1 request').click();
  await expect(page.getByRole('region', { name: 'Requests' })).toContainText('wren@localhost');
  await expect(page.getByText('wants to see when you are online')).toBeVisible();
  expect(wren.heard.some((stanza) => stanza.is('presence') && stanza.attrs['type'] === 'subscribed')).toBe(
    false,
  );

  await page.getByRole('button', { name: /^Accept the request of .?wren@localhost/ }).click();
  await expect(page.getByText('No requests.')).toBeVisible();
  await window.button('All').click();
  await window.goTo('Contacts');
  await expect(window.contact('wren@localhost')).toContainText('Online');
  await expect(page.getByText('wants to see when you are online')).toHaveCount(0);
  await wren.expect(
    'our presence',
    (stanza) => stanza.is('presence') && stanza.attrs['from']?.startsWith(`${OWN}/`) === true,
  );
  await window.contact('wren@localhost').click();
  await expect(page.getByText("You see each other's presence.")).toBeVisible();
});

test('a declined request is gone, and the other side sees nothing', async () => {
  const { window, page } = story;
  const stranger = await story.peer('stranger@localhost');
  await stranger.befriend(OWN);
  await page.getByRole('button', { name: /^Decline the request of .?stranger@localhost/ }).click();
  await stranger.expect(
    'the refusal',
    (stanza) => stanza.is('presence') && stanza.attrs['type'] === 'unsubscribed',
  );
  await expect(page.getByText('wants to see when you are online')).toHaveCount(0);
  await expect(window.contact('stranger')).toHaveCount(0);
  expect(stranger.heard.some(({ attrs }) => attrs['from']?.startsWith(`${OWN}/`))).toBe(false);
});

test('somebody is added by address and name, and asked', async () => {
  const { window, page } = story;
  const kofi = await story.peer('kofi@localhost');
  await window.button('Add a contact').click();
  const dialog = page.getByRole('dialog', { name: 'Add a contact' });
  await dialog.getByLabel('XMPP address').fill('kofi');
  await window.button('Add', dialog).click();
  await expect(dialog.getByText('This is not an XMPP address.')).toBeVisible();
  await dialog.getByLabel('XMPP address').fill(' Kofi@LOCALHOST ');
  await dialog.getByLabel('Name').fill('Kofi Annan');
  await window.button('Add', dialog).click();
  await expect(dialog).toHaveCount(0);
  await expect(window.contact('Kofi Annan')).toContainText('Has not answered your request yet');

  await kofi.expect('the request', (stanza) => stanza.is('presence') && stanza.attrs['type'] === 'subscribe');
  await kofi.answerSubscription(OWN, true);
  await expect(window.contact('Kofi Annan')).toContainText('Online');
});

test('a new name is the name everywhere, and on the server', async ({ server }) => {
  const { window } = story;
  await window.renameContact('wren@localhost', 'Wren');
  await window.button('Write a message', window.conversation).click();
  await expect(window.composer).toBeFocused();
  await expect(window.conversation.getByRole('heading', { name: 'Wren' })).toBeVisible();
  await expect(window.chat('Wren')).toBeVisible();
  const tablet = await server.peer(OWN, 'tablet');
  const roster = readRosterResult(await tablet.request(rosterRequest(undefined)));
  expect(roster?.items.find(({ jid }) => jid === 'wren@localhost')?.name).toBe('Wren');
  await tablet.close();
});

test('an empty name brings the address back', async () => {
  const { window, page } = story;
  await window.goTo('Contacts');
  await window.contact('Kofi Annan').click();
  await window.button('Rename', window.conversation).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByLabel('Name')).toHaveValue('Kofi Annan');
  await dialog.getByLabel('Name').fill('');
  await window.button('Save', dialog).click();
  await expect(window.contact('kofi@localhost')).toBeVisible();
});

test('removing asks first, keeps the messages, and ends both subscriptions', async () => {
  const { window, page } = story;
  await window.goTo('Contacts');
  await window.contact('kofi@localhost').click();
  await window.button('Write a message', window.conversation).click();
  await window.say('One last word');
  await expect(window.message('One last word')).toContainText('On the server');

  await window.goTo('Contacts');
  await window.button('Remove', window.conversation).click();
  const dialog = page.getByRole('alertdialog', { name: /Remove .*kofi@localhost.* from your contacts\?/ });
  await expect(dialog).toContainText('The messages stay on this computer.');
  await expect(window.button('Cancel', dialog)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(window.contact('kofi@localhost')).toBeVisible();

  await window.button('Remove', window.conversation).click();
  await window.button('Remove', dialog).click();
  await expect(window.contact('kofi@localhost')).toHaveCount(0);
  await window.goTo('Chats');
  // It was open before, and takes the focus all the same.
  await window.openChat('kofi@localhost');
  await expect(window.message('One last word')).toBeVisible();
  await expect(window.conversation).toContainText('Not in your contacts');
});

test('a contact on another of the own devices comes and goes here as well', async ({ server }) => {
  const { window, page } = story;
  const phone = await server.peer(OWN, 'phone');
  await phone.befriend('mei@localhost', 'Mei from the phone');
  await window.goTo('Contacts');
  await expect(window.contact('Mei from the phone')).toBeVisible();
  await phone.close();
  await expect(page.getByRole('list', { name: 'List of contacts' }).getByRole('button')).toHaveCount(2);
  expect(story.complaints).toEqual([]);
});
