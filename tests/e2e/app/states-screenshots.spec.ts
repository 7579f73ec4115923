/**
 * Every state that a message can be in, made for real by two people and a network that fails; and a picture of
 * all of them, the same in every run on one machine.
 */
import path from 'node:path';
import { replace } from '#main/xmpp/features/correction.ts';
import { hint } from '#main/xmpp/features/hints.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { reactionsMessage } from '#main/xmpp/features/reactions.ts';
import { receiptMessage } from '#main/xmpp/features/receipts.ts';
import { replyContent } from '#main/xmpp/features/replies.ts';
import { retractionMessage } from '#main/xmpp/features/retraction.ts';
import { NS, xml } from '#main/xmpp/stanza.ts';
import { startFaultProxy, type FaultProxy } from '#tests/support/fault-proxy.ts';
import type { Peer } from '#tests/support/peer.ts';
import { shoot } from '../support/pictures.ts';
import { NOW } from '../support/picture-world.ts';
import { expect, PASSPHRASE, PASSWORD, Story, test, TestServer } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 120_000 });

const OWN = 'ada@example.org';
const MARKERS = 'urn:xmpp:chat-markers:0';
const TALL = { width: 1160, height: 1640 };

let server: TestServer;
let proxy: FaultProxy;
let story: Story;
let nadia: Peer;

test.beforeAll(async ({ browser }, info) => {
  server = await TestServer.start({ hosts: [{ name: 'example.org' }] });
  proxy = await startFaultProxy(server.prosody.port);
  const clock = path.resolve(import.meta.dirname, '../support/pinned-clock.ts');
  const env = { NODE_OPTIONS: `--import=${clock}`, CHATSECURE_TEST_NOW: String(NOW) };
  const context = { timezoneId: 'UTC', locale: 'en-GB' };
  story = await Story.begin({ browser, server }, info, { env, context });
  await story.page.clock.setFixedTime(NOW);
  await story.page.reload();
  await server.register(OWN);
  await story.window.createProfile(PASSPHRASE);
  await story.window.openLogin();
  await story.window.logIn({ jid: OWN, password: PASSWORD, host: '127.0.0.1', port: proxy.port });
  await expect(story.window.online).toBeVisible();
  nadia = await story.friend(OWN, 'nadia@example.org', 'Nadia Okafor');
  await story.window.goTo('Chats');
});

test.afterAll(async () => {
  await story.end();
  await proxy.stop();
  await server.stop();
});

/** Chooses an entry of a message's menu. */
const act = async (text: string, entry: string): Promise<void> => {
  const { window, page } = story;
  const content = window.message(text).first().locator('[data-content]');
  await content.click({ button: 'right', position: { x: 8, y: 8 } });
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
};

/** Says something that reaches Nadia. @returns the id under which she knows it */
const reaches = async (text: string): Promise<string> => {
  await story.window.say(text);
  // A quotation may stand in front.
  const heard = await nadia.expect(text, (stanza) => stanza.getChildText('body')?.endsWith(text) === true);
  return heard.attrs['id'] ?? '';
};

const hers = (id: string, body: string, extensions: Parameters<typeof textMessage>[0]['extensions'] = []) =>
  nadia.send(textMessage({ to: OWN, id, body, chatState: false, extensions }));

test('what the other side did: corrected, taken back, answered, reacted, and what cannot be read', async () => {
  const { window } = story;
  await hers('n1', 'The ferry leaves at nien');
  await hers('n2', 'Wrong chat, sorry');
  await window.openChat('Nadia Okafor');
  await hers('n1b', 'The ferry leaves at nine', [replace('n1')]);
  await expect(window.message('The ferry leaves at nine')).toContainText('edited');
  await nadia.send(retractionMessage({ to: OWN, id: 'n2r', type: 'chat', retracts: 'n2' }));
  await expect(window.message('This message was taken back')).toBeVisible();
  await hers('n3', 'I sent you an OMEMO encrypted message', [
    xml(
      'encrypted',
      { xmlns: 'eu.siacs.conversations.axolotl' },
      xml('header', { sid: '27183' }, xml('iv', {}, 'bm90IGZvciB1cw==')),
      xml('payload', {}, 'bm90IGZvciB1cyBlaXRoZXI='),
    ),
  ]);
  await expect(window.message('A message could not be decrypted')).toBeVisible();

  const id = await reaches('I bring the map');
  const { body, extensions } = replyContent({
    ...{ id, author: OWN, quoted: 'I bring the map', body: 'And I the compass' },
  });
  await hers('n4', body, extensions);
  await expect(window.message('And I the compass')).toContainText('I bring the map');
  await nadia.send(reactionsMessage({ to: OWN, id: 'n5', type: 'chat', about: id, emojis: ['👍', '🧭'] }));
  await window.button('👍, 1 person').click();
  await expect(window.button('👍, 2 people')).toBeVisible();
});

test('what we did: edited with all versions kept, answered, taken back', async () => {
  const { window, page } = story;
  await reaches('See you in the harbor');
  await act('See you in the harbor', 'Edit');
  await page.getByRole('textbox', { name: /^Edit your message to/ }).fill('See you at the harbour');
  await page.keyboard.press('Enter');
  await expect(window.message('See you at the harbour')).toContainText('edited');
  await nadia.expectText('See you at the harbour');
  await act('The ferry leaves', 'Reply');
  await reaches('Early, but good');
  await reaches('My old number is 555 0100');
  await act('My old number', 'Delete…');
  await window.button('Delete for everyone').click();
  await expect(window.message('You took this message back')).toBeVisible();
});

test('how far a message has come: read, delivered, on the server, not sent', async () => {
  const { window } = story;
  // Nobody else may say that it was read: her own client does.
  const read = await reaches('Do you have both tickets?');
  await nadia.send(
    xml(
      'message',
      { type: 'chat', to: OWN, id: 'n6' },
      xml('displayed', { xmlns: MARKERS, id: read }),
      hint('no-store'),
    ),
  );
  await expect(window.message('Do you have both tickets?')).toContainText('Read');
  const received = await reaches('And the sandwiches?');
  await nadia.send(receiptMessage({ to: OWN, id: 'n7', type: 'chat', received }));
  await expect(window.message('And the sandwiches?')).toContainText('Delivered');
  await reaches('Then we have everything');
  await expect(window.message('Then we have everything')).toContainText('On the server');

  const id = await reaches('A drawing of the whole coast');
  // RFC 6121 section 8.5.2.1.1: an error reaches the resource that it is for, never a bare address.
  const { from } = (await nadia.expectText('A drawing of the whole coast')).attrs;
  await nadia.send(
    xml(
      'message',
      { type: 'error', to: from, id },
      xml('error', { type: 'modify' }, xml('policy-violation', { xmlns: NS.stanzas })),
    ),
  );
  const failed = window.message('A drawing of the whole coast');
  await expect(failed).toContainText('Not sent:');
  for (const next of ['Send again', 'Copy', 'Delete…'])
    await expect(window.button(next, failed)).toBeVisible();
});

test('what is not on the server: scheduled, sent without an answer, waiting, and held for undo', async () => {
  const { window, page } = story;
  await page.clock.setFixedTime(NOW);
  await window.composer.fill('Good morning! Are you awake?');
  await window.button('Send later…').click();
  const dialog = page.getByRole('dialog', { name: 'Send later' });
  await dialog.getByLabel('Goes out at').fill('2027-05-04T07:00');
  await window.button('Schedule', dialog).click();
  await expect(window.message('Good morning!')).toContainText('Scheduled');

  proxy.swallow();
  await window.say('Here comes the tunnel');
  // A server with acknowledgements has it when it says so, not before (XEP-0198).
  await expect(window.message('Here comes the tunnel')).toContainText(
    'Sent, the server has not confirmed it',
  );
  await shoot(story, 'states-sent', ['light', 'dark']);
  await window.goTo('Settings');
  await page.getByRole('switch', { name: 'Connect this account' }).click();
  await window.button('Chats and privacy').click();
  await window.goTo('Chats');
  await expect(window.banner).toContainText('This account is switched off.');
  await window.say('I am on the train');
  await expect(window.message('I am on the train')).toContainText('Waiting for the connection');

  await window.goTo('Settings');
  await page.getByLabel('Time to undo sending').selectOption('30 seconds');
  await window.goTo('Chats');
  await window.say('Or on the next one');
  await expect(page.getByText('It goes out in 30 seconds.')).toBeVisible();
});

test('all of them at once, in a picture', async () => {
  const { window, page } = story;
  await page.setViewportSize(TALL);
  await expect(window.message('The ferry leaves at nine').first()).toBeInViewport();
  await expect(window.message('Or on the next one')).toBeInViewport();
  await shoot(story, 'states', ['light', 'dark'], TALL);
  expect(story.complaints).toEqual([]);
});

test('after all that every message arrives once', async () => {
  const { window, page } = story;
  await window.button('Send now').first().click();
  proxy.heal();
  await window.goTo('Settings');
  await window.button('Accounts').click();
  await page.getByRole('switch', { name: 'Connect this account' }).click();
  await window.goTo('Chats');
  for (const text of ['Here comes the tunnel', 'I am on the train', 'Or on the next one']) {
    await nadia.expectText(text);
    await expect(window.message(text)).toContainText('On the server');
    expect(nadia.heard.filter((stanza) => stanza.getChildText('body') === text)).toHaveLength(1);
  }
});
