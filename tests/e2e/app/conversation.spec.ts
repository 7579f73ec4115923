/** Two people talk: what each sees of the other, of their own messages, and what outlives a crash. */
import { NS } from '#main/xmpp/stanza.ts';
import type { Peer } from '#tests/support/peer.ts';
import { until } from '#tests/support/until.ts';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'bea@localhost';
const NADIA = 'Nadia Okafor';
let story: Story;
let nadia: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  nadia = await story.friend(OWN, 'nadia@localhost', NADIA);
  await story.window.goTo('Chats');
});

test.afterAll(() => story.end());

test('the first words of somebody make a chat, which counts what is unread until it is read', async () => {
  const { window, page } = story;
  await nadia.say(OWN, 'Are you there?');
  await nadia.say(OWN, 'It is about Saturday.');
  await expect(window.chat(NADIA)).toContainText('It is about Saturday.');
  await expect(window.chat(NADIA)).toContainText('2 unread messages');
  await expect(page).toHaveTitle(/ChatSecure/);
  await window.openChat(NADIA);
  await expect(window.message('Are you there?')).toContainText('New messages');
  await expect(window.message('It is about Saturday.')).not.toContainText('New messages');
  await expect(window.chat(NADIA)).not.toContainText('unread');
});

test('an answer goes out, and its state is followed to the server', async () => {
  const { window } = story;
  await window.say('Yes, I am here.');
  await expect(window.message('Yes, I am here.')).toContainText('On the server');
  await nadia.expectText('Yes, I am here.');
  await expect(window.chat(NADIA)).toContainText('You: Yes, I am here.');
});

test('Shift+Enter makes a line, Enter sends, and blanks alone are no message', async () => {
  const { window } = story;
  await window.composer.fill('First line');
  await window.composer.press('Shift+Enter');
  await window.composer.pressSequentially('second line');
  await window.composer.press('Enter');
  await nadia.expectText('First line\nsecond line');
  await expect(window.composer).toHaveValue('');

  await window.composer.fill('  \n ');
  await expect(window.button('Send')).toBeDisabled();
  await window.composer.press('Enter');
  await expect(window.composer).toHaveValue('  \n ');
  await window.composer.fill('');
});

test('emoji, /me, links and markup are what they are, in both directions', async () => {
  const { window, page } = story;
  const markup = `<img src=x onerror="document.title='owned'"> <b>bold</b> &lt;i&gt; javascript:alert(1)`;
  for (const text of ['🎉👩‍👩‍👧', '/me packs the bags', markup]) await window.say(text);
  await window.say('See https://trains.example.org/today?from=a&to=b, and (https://example.org).');
  for (const text of ['🦔', '/me waves', `${markup} 2`, 'Or www.example.net!']) await nadia.say(OWN, text);
  await nadia.expectText(markup);
  await nadia.expectText('/me packs the bags');

  await expect(window.message('packs the bags')).toContainText('* bea packs the bags');
  await expect(window.message('waves')).toContainText(`* ${NADIA} waves`);
  await expect(window.message('🦔')).toBeVisible();
  await expect(window.message(markup)).toHaveCount(2);
  await expect(window.timeline.locator('img, b, i')).toHaveCount(0);
  await expect(page).not.toHaveTitle('owned');

  const links = window.timeline.getByRole('link');
  await expect(links).toHaveText([
    'https://trains.example.org/today?from=a&to=b',
    'https://example.org',
    'www.example.net',
  ]);
  await expect(links.nth(2)).toHaveAttribute('href', 'https://www.example.net/');
});

test('each side sees the other writing', async () => {
  const { window, page } = story;
  await nadia.type(OWN, 'composing');
  await expect(page.getByText(new RegExp(`${NADIA}.? is typing…`))).toBeVisible();
  await expect(window.chat(NADIA)).toContainText('typing…');
  await nadia.type(OWN, 'paused');
  await expect(page.getByText('is typing…')).toHaveCount(0);

  // Only who understands it is told (XEP-0085 section 5.1).
  await nadia.announce([NS.chatStates]);
  await expect(async () => {
    await window.composer.fill('');
    await window.composer.pressSequentially('Hm');
    expect(statesHeardBy(nadia)).toContain('composing');
  }).toPass();
  await window.composer.fill('');
  await until('Nadia to see that we stopped', () => statesHeardBy(nadia).at(-1) === 'paused');

  await window.goTo('Settings');
  await window.button('Chats and privacy').click();
  await page.getByRole('switch', { name: 'Show others when you are writing' }).click();
  await window.goTo('Chats');
  const known = statesHeardBy(nadia).length;
  await window.composer.pressSequentially('This is not seen before it is sent');
  await window.composer.press('Enter');
  await nadia.expectText('This is not seen before it is sent');
  expect(statesHeardBy(nadia).slice(known)).toEqual([]);
});

test('presence stands there in words: away, busy, several devices, gone', async ({ server }) => {
  const { window } = story;
  const header = window.conversation.getByRole('heading', { name: NADIA }).locator('..');
  await expect(header).toContainText('Online');
  await nadia.show('away', 'Back after lunch');
  await expect(header).toContainText('Away');
  await nadia.show('dnd', '');
  await expect(header).toContainText('Do not disturb');
  await nadia.show(undefined, '');
  const phone = await server.peer('nadia@localhost', 'phone');
  await expect(header).toContainText('Online on 2 devices');
  await phone.close();
  await expect(header).toHaveText(/Online$/);
  await nadia.close();
  await expect(header).toContainText('Offline');
  nadia = await story.peer('nadia@localhost', 'second');
  await expect(header).toContainText('Online');
});

test('what arrives while another chat is open is counted, and a line divides it from what was read', async () => {
  const { window } = story;
  const mei = await story.friend(OWN, 'mei@localhost', 'Mei Lin');
  await window.goTo('Chats');
  await mei.say(OWN, 'Chapter four?');
  await window.openChat('Mei Lin');
  for (const number of [1, 2, 3]) await nadia.say(OWN, `Unread ${number}`);
  await expect(window.chat(NADIA)).toContainText('3 unread messages');
  await window.button('Unread').click();
  await expect(window.chats.getByRole('button')).toContainText([NADIA, 'Mei Lin']);
  await window.button('All').click();

  await window.openChat(NADIA);
  await expect(window.message('Unread 1')).toContainText('New messages');
  await expect(window.message('Unread 1')).toBeInViewport();
  await expect(window.chat(NADIA)).not.toContainText('unread message');
  await window.openChat('Mei Lin');
  await window.openChat(NADIA);
  await expect(window.message('Unread 3')).toBeVisible();
  await expect(window.timeline).not.toContainText('New messages');
});

test('a message that comes back says why, and can be copied and sent again', async () => {
  const { window } = story;
  await window.startChat('later@localhost');
  await window.say('Is this your address?');
  const failed = window.message('Is this your address?');
  await expect(failed).toContainText('Not sent: the other side cannot receive it now.');
  await window.button('Copy', failed).click();
  await window.composer.press('ControlOrMeta+V');
  await expect(window.composer).toHaveValue('Is this your address?');
  await window.composer.fill('');

  const later = await story.peer('later@localhost');
  await window.button('Send again', failed).click();
  await expect(failed).toContainText('On the server');
  await expect(failed).not.toContainText('Not sent');
  await later.expectText('Is this your address?');
  expect(later.heard.filter((stanza) => stanza.getChildText('body') !== null)).toHaveLength(1);
});

test('a draft stays with its chat', async () => {
  const { window } = story;
  await window.openChat(NADIA);
  await window.composer.fill('I was about to say');
  await window.openChat('Mei Lin');
  await expect(window.composer).toHaveValue('');
  await expect(window.chat(NADIA)).toContainText('Draft: I was about to say');
  await window.openChat(NADIA);
  await expect(window.composer).toHaveValue('I was about to say');
});

test('after a crash everything is still there, the draft too', async () => {
  const { window: before } = story;
  await before.openChat('Mei Lin');
  await before.composer.fill('Half a sentence');
  await before.openChat(NADIA);
  await expect(before.chat('Mei Lin')).toContainText('Draft: Half a sentence');
  expect(story.complaints).toEqual([]);
  await story.stop('SIGKILL');

  await story.start();
  const { window } = story;
  await window.unlock(PASSPHRASE);
  await expect(window.online).toBeVisible();
  await expect(window.chat('Mei Lin')).toContainText('Draft: Half a sentence');
  await expect(window.chat(NADIA)).toContainText('Draft: I was about to say');
  await window.openChat(NADIA);
  await expect(window.composer).toHaveValue('I was about to say');
  for (const text of ['Unread 3', 'Yes, I am here.', 'It is about Saturday.', 'Are you there?']) {
    await window.message(text).scrollIntoViewIfNeeded();
    await expect(window.message(text)).toHaveCount(1);
  }
  await nadia.say(OWN, 'Still here?');
  await expect(window.message('Still here?')).toBeVisible();
  expect(story.complaints).toEqual([]);
});

const statesHeardBy = (peer: Peer): readonly string[] =>
  peer.heard.flatMap((stanza) =>
    stanza.is('message')
      ? stanza.getChildElements().flatMap((part) => (part.getNS() === NS.chatStates ? part.getName() : []))
      : [],
  );
