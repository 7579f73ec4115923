/** The whole way without a mouse: from the first start to a conversation, every stop visible. */
import type { Peer } from '#tests/support/peer.ts';
import { Keyboard } from '../support/keyboard.ts';
import { expect, PASSPHRASE, PASSWORD, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'ines@localhost';
let story: Story;
let keys: Keyboard;
let nadia: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  keys = new Keyboard(story.page);
  await server.register(OWN);
  nadia = await story.peer('naima@localhost');
  await story.peer('omar@localhost');
});

test.afterAll(() => story.end());

test('makes the profile', async () => {
  await keys.expectFocus('Passphrase');
  await keys.type(PASSPHRASE);
  await keys.moveTo('Show password');
  await keys.press('Enter');
  await keys.expectFocus('Hide password');
  await expect(story.window.field('Passphrase')).toHaveAttribute('type', 'text');
  await keys.moveTo('Repeat the passphrase');
  await keys.type(PASSPHRASE);
  await keys.press('Enter');
  await expect(story.page.getByRole('heading', { name: 'Private chat, on any server you like' })).toBeVisible(
    { timeout: 15_000 },
  );
});

test('logs in, with a mistake on the way', async ({ server }) => {
  await keys.moveTo(/^Log in/);
  await keys.press('Enter');
  await keys.expectFocus('XMPP address');
  await keys.type(OWN);
  await keys.moveTo('Password');
  await keys.type('wrong');
  await keys.moveTo('Advanced: host, port, direct TLS');
  await keys.press('Space');
  await keys.moveTo('Host');
  await keys.type(server.prosody.host);
  await keys.moveTo('Port');
  await keys.type(String(server.prosody.port));
  await keys.moveTo('Log in');
  await keys.press('Enter');
  // The focus goes to what has to be mended.
  await keys.expectFocus('Password');
  await expect(story.window.field('Password')).toHaveAttribute('aria-invalid', 'true');
  await keys.press('ControlOrMeta+A');
  await keys.type(PASSWORD);
  await keys.press('Enter');
  await expect(story.window.online).toBeVisible();
});

test('starts a chat and sends a message', async () => {
  await keys.press('Control+N');
  const dialog = story.page.getByRole('dialog', { name: 'New chat' });
  await keys.expectFocus('Name or XMPP address');
  await keys.type(nadia.jid);
  await keys.press('Enter');
  await expect(dialog).toHaveCount(0);
  await keys.expectFocus(/^Message to .?naima@localhost/);
  await keys.type('Hello without a mouse');
  await keys.press('Shift+Enter');
  await keys.type('and a second line');
  await keys.press('Enter');
  await nadia.expectText('Hello without a mouse\nand a second line');
  await expect(story.window.message('Hello without')).toContainText('On the server');
});

test('a dialog keeps the focus inside, and gives it back', async () => {
  await keys.press('Control+N');
  const dialog = story.page.getByRole('dialog', { name: 'New chat' });
  await expect(dialog).toBeVisible();
  for (let step = 0; step < 8; step += 1) {
    await keys.press(step < 4 ? 'Tab' : 'Shift+Tab');
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    expect((await keys.focused()).visible).toBe(true);
  }
  await keys.press('Escape');
  await expect(dialog).toHaveCount(0);
  await keys.expectFocus(/^Message to/);
});

test('goes through the parts of the window, the messages and the chats', async () => {
  const { window } = story;
  await keys.press('Control+N');
  await keys.expectFocus('Name or XMPP address');
  await keys.type('omar@localhost');
  await keys.press('Enter');
  await keys.expectFocus(/^Message to .?omar@localhost/);

  await keys.press('Alt+ArrowDown');
  await keys.expectFocus(/^Message to .?naima@localhost/);
  await keys.press('Alt+ArrowUp');
  await keys.expectFocus(/^Message to .?omar@localhost/);

  await keys.press('Control+K');
  await keys.expectFocus('Search chats, contacts and messages');
  await keys.type('naima');
  await expect(window.chats.getByRole('button')).toHaveCount(1);
  await keys.press('ArrowDown');
  await keys.expectFocus(/naima@localhost/);
  await keys.press('Enter');
  await keys.expectFocus(/^Message to .?naima@localhost/);

  await keys.moveTo('Chats', 'F6');
  await keys.moveTo('Search chats, contacts and messages', 'F6');
  await keys.moveTo(/Hello without a mouse/, 'F6');
  await keys.moveTo(/^Message to/, 'F6');
  await keys.moveTo(/Hello without a mouse/, 'Shift+F6');
  await nadia.say(OWN, 'One more row');
  await expect(window.message('One more row')).toBeVisible();
  await keys.moveTo(/One more row/, 'ArrowDown');
  await keys.moveTo(/Hello without a mouse/, 'Home');
});

test('opens the menu of a chat, and leaves it', async () => {
  await keys.moveTo('More about this chat', 'Shift+Tab');
  await keys.press('Enter');
  const menu = story.page.getByRole('menu', { name: 'More about this chat' });
  await expect(menu.getByRole('menuitem', { name: 'Search in this chat' })).toBeFocused();
  await keys.press('ArrowDown');
  await expect(menu.getByRole('menuitem', { name: 'Jump to a date…' })).toBeFocused();
  await keys.press('Escape');
  await expect(menu).toHaveCount(0);
  await keys.expectFocus('More about this chat');
});

test('hears of a new message, in the open chat and elsewhere', async () => {
  const { window } = story;
  await nadia.say(OWN, 'Can you hear this?');
  await expect(window.announced).toHaveText(/naima@localhost.?: Can you hear this\?/);
  await keys.press('Control+K');
  await keys.type('omar');
  await keys.press('ArrowDown', 'Enter');
  await keys.expectFocus(/^Message to .?omar@localhost/);
  await nadia.say(OWN, 'And this?');
  await expect(window.announced).toHaveText(/New message from .?naima@localhost/);
  await expect(window.announced).not.toContainText('And this?');
});

test('Escape goes back step by step, and the focus is never lost', async () => {
  const { window } = story;
  await keys.press('Control+K');
  await keys.expectFocus('Search chats, contacts and messages');
  await keys.press('Escape');
  await expect(window.chats.getByRole('button')).toHaveCount(2);
  await keys.expectFocus(/^Message to .?omar@localhost/);
  await keys.press('Escape');
  await expect(window.composer).toHaveCount(0);
  await keys.expectFocus(/omar@localhost/);
  await keys.moveTo('Settings', 'Shift+Tab');
  await keys.press('Enter');
  await expect(story.page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await keys.moveTo('Connect this account');
  await keys.press('Space');
  await expect(story.page.getByText('Switched off')).toBeVisible();
  await keys.press('Space');
  await expect(story.page.getByRole('region', { name: OWN })).toContainText('Online');
  await keys.moveTo('Remove account');
  await keys.press('Enter');
  await keys.expectFocus('Cancel');
  await keys.press('Escape');
  await keys.expectFocus('Remove account');
  await keys.press('Escape');
  await expect(window.chats).toBeVisible();
  expect(story.complaints).toEqual([]);
});
