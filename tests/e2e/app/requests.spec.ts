/** People nobody knows write: what they see of us, and what the user can decide. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import { markable } from '#main/xmpp/features/markers.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { receiptRequest } from '#main/xmpp/features/receipts.ts';
import { NS, type Element } from '#main/xmpp/stanza.ts';
import type { Peer } from '#tests/support/peer.ts';
import { until } from '#tests/support/until.ts';
import { expect, Story, test, TestServer } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'vera@localhost';
const REPORTING = 'urn:xmpp:reporting:1';

/** A server that takes reports (XEP-0377) and writes down what it is told. */
const REPORT_BOOK = `
module:add_feature("${REPORTING}");
module:hook("iq-set/self/urn:xmpp:blocking:block", function (event)
  local file = io.open(module:get_option_string("report_book"), "a");
  file:write(tostring(event.stanza), "\\n");
  file:close();
end, 10);
`;

let folder: string;
let server: TestServer;
let story: Story;

test.beforeAll(async ({ browser }, info) => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-reports-'));
  await writeFile(path.join(folder, 'mod_report_book.lua'), REPORT_BOOK);
  server = await TestServer.start({
    modules: ['report_book'],
    extraConfig: `plugin_paths = { "${folder}" }\nreport_book = "${path.join(folder, 'book')}"`,
  });
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
});

test.afterAll(async () => {
  await story.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Asks for everything that would tell the sender something. */
const nosy = (peer: Peer, body: string, id: string): Promise<void> =>
  peer.send(textMessage({ to: OWN, id, body, chatState: true, extensions: [receiptRequest(), markable()] }));

/** The row of somebody who waits for a decision. */
const waiting = (jid: string): Locator =>
  story.page.getByRole('list', { name: 'Requests' }).getByRole('button').filter({ hasText: jid });

const tells = (stanza: Element): boolean =>
  stanza.is('message') &&
  ['received', 'displayed', 'composing', 'paused', 'active'].some(
    (name) => stanza.getChild(name) !== undefined,
  );

test('a stranger stays in Requests, is not previewed, and learns nothing although it is read', async () => {
  const { window, page } = story;
  const mia = await story.peer('mia@localhost');
  await mia.announce([NS.chatStates]);
  await nosy(mia, 'Do you remember me from the harbour?', 'm1');
  await window.button('1 request').click();
  await expect(waiting('mia@localhost')).toContainText('Wants to write to you');
  await expect(waiting('mia@localhost')).not.toContainText('harbour');
  await expect(page).toHaveTitle('ChatSecure');

  await waiting('mia@localhost').click();
  await expect(window.message('Do you remember me')).toBeVisible();
  await expect(window.composer).toHaveCount(0);
  await expect(window.conversation).toContainText('They do not learn that you have read this');
  expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);
  await window.message('Do you remember me').locator('[data-content]').click({ button: 'right' });
  await expect(page.getByRole('menuitem')).toHaveText(['Copy text', 'Forward…', 'Delete…']);
  await page.keyboard.press('Escape');

  // What the server hands on after this has come after everything that we could have told her.
  await mia.say(OWN, 'Hello?');
  await expect(window.message('Hello?')).toBeVisible();
  expect(mia.heard.filter(tells)).toEqual([]);
  expect(mia.heard.some((stanza) => stanza.is('presence') && stanza.attrs['from']?.startsWith(OWN))).toBe(
    false,
  );
});

test('an accepted stranger is a chat like others, and can be answered', async () => {
  const { window } = story;
  await window.button('Accept').click();
  await expect(window.composer).toBeVisible();
  await window.button('All').click();
  await expect(window.chat('mia@localhost')).toContainText('Hello?');
  await window.say('From the harbour, yes!');
  await expect(window.message('From the harbour, yes!')).toContainText('On the server');
  await expect(window.button(/request/)).toHaveCount(0);
});

test('a stranger who is blocked is not told, and reaches nobody any more', async () => {
  const { window, page } = story;
  const pest = await story.peer('pest@localhost');
  await pest.say(OWN, 'Buy my watches');
  await window.button('1 request').click();
  await waiting('pest@localhost').click();
  await window.button('Block…', window.conversation).click();
  const dialog = page.getByRole('alertdialog', { name: /Block .?pest@localhost/ });
  await expect(dialog.getByLabel('Report to your server')).toHaveValue('none');
  await window.button('Block', dialog).click();
  await expect(window.conversation).toContainText('You have blocked');
  await nosy(pest, 'Cheap watches', 'p2');
  const answer = await pest.expect('the refusal', (stanza) => stanza.attrs['type'] === 'error');
  expect(answer.getChild('error')?.getChild('service-unavailable')).toBeDefined();
  await expect(window.timeline).not.toContainText('Cheap watches');
  expect(await book()).not.toContain(REPORTING);

  await window.button('Unblock').click();
  await pest.say(OWN, 'Sorry about that');
  await expect(window.message('Sorry about that')).toBeVisible();
});

test('a report tells the server who, why, and which messages, not what they say', async () => {
  const { window, page } = story;
  const spam = await story.peer('spam@localhost');
  await spam.say(OWN, 'You have won a million');
  await window.button('1 request').click();
  await waiting('spam@localhost').click();
  await expect(window.message('You have won')).toBeVisible();
  await window.button('Block and report…').click();
  const dialog = page.getByRole('alertdialog', { name: /Block .?spam@localhost/ });
  await expect(dialog.getByLabel('Report to your server')).toHaveValue('spam');
  await expect(dialog).toContainText('not what they say');
  await dialog.getByLabel('In your own words').fill('Every day another one');
  await window.button('Block', dialog).click();
  await expect(dialog).toHaveCount(0);
  await expect(window.conversation).toContainText('You have blocked');

  const told = await until('the server to have the report', async () => {
    const text = await book();
    return text.includes(REPORTING) && text;
  });
  expect(told).toContain('urn:xmpp:reporting:spam');
  expect(told).toContain('Every day another one');
  expect(told).toMatch(/<stanza-id[^>]* id='[^']+'/);
  expect(told).not.toContain('won a million');
  expect(story.complaints).toEqual([]);
});

/** What the server has written down. */
const book = (): Promise<string> => readFile(path.join(folder, 'book'), 'utf8').catch(() => '');
