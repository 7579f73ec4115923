/** Encryption between two of these applications on a real server, as the window shows it and lets it be decided. */
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { expect, PASSWORD, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 90_000 });

const OWN = 'erin@localhost';
const KIM = 'kim@localhost';

let story: Story;
const apps: TestApp[] = [];

/** A device of Kim, with this application on it. */
const device = async (): Promise<TestApp> => {
  const { prosody } = story.server;
  const app = await startApp({ extraCa: prosody.ca });
  apps.push(app);
  await logIn(app, prosody, KIM, PASSWORD);
  return app;
};

const kim = (): TestApp => {
  const [first] = apps;
  if (first === undefined) throw new Error('Kim is not there');
  return first;
};

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  await server.register(KIM);
  const app = await device();
  const account = app.window.account(KIM);
  if (account === undefined) throw new Error('Kim has no account');
  await app.window.api.contacts.add({ accountId: account.id, jid: OWN, name: 'Erin' });
  await story.window.acceptRequest(KIM);
  await story.window.renameContact(KIM, 'Kim');
  await story.window.goTo('Contacts');
  await story.page.getByRole('button', { name: /^Kim/ }).first().click();
  await story.page.getByRole('button', { name: 'Write a message' }).click();
});

test.afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await story.end();
});

const received = (body: string) => kim().window.message(body, (message) => message.body === body);

test('the first message is encrypted, and says who can read it', async () => {
  const { page, window } = story;
  await expect(page.getByPlaceholder('Message, encrypted with OMEMO')).toBeVisible();
  await window.say('Nobody else reads this');
  expect(await received('Nobody else reads this')).toMatchObject({ protection: 'omemo' });
  await page.getByRole('button', { name: /Who can read this/ }).click();
  const ledger = page.getByRole('dialog', { name: 'Who can read this' });
  await expect(ledger.getByRole('listitem')).toHaveText([/Kim.*Encrypted for/]);
  await page.keyboard.press('Escape');
});

test('without a trusted device nothing is sent, until there is one again', async () => {
  const { page, window } = story;
  await page.getByRole('button', { name: 'Show profile and devices' }).click();
  const panel = page.getByRole('complementary', { name: /Profile/ });
  await panel.getByRole('switch').click();
  await expect(page.getByPlaceholder('Message, would not be sent')).toBeVisible();
  await window.say('Who is there?');
  await expect(window.message('Who is there?')).toContainText('Not sent: no trusted device.');
  await panel.getByRole('switch').click();
  await expect(page.getByPlaceholder('Message, encrypted with OMEMO')).toBeVisible();
  await window.message('Who is there?').getByRole('button', { name: 'Send again' }).click();
  expect(await received('Who is there?')).toMatchObject({ protection: 'omemo' });
});

test('a key that was compared makes the chat verified', async () => {
  const { page } = story;
  const panel = page.getByRole('complementary', { name: /Profile/ });
  await panel.getByRole('button', { name: 'Verify', exact: true }).click();
  const account = kim().window.account(KIM);
  if (account === undefined) throw new Error('Kim has no account');
  const own = await kim().window.api.encryption.devices({ accountId: account.id, jid: KIM });
  const shown = await page.getByRole('dialog').locator('code').textContent();
  expect(shown?.trim()).toBe(own.devices[0]?.fingerprint);
  await page.getByRole('button', { name: 'They match' }).click();
  await expect(page.getByRole('main').locator('header')).toContainText('OMEMO, verified');
});

test('a device that comes later is told of in the timeline, and left out until it is trusted', async () => {
  const { page, window } = story;
  await device();
  await expect(page.getByRole('note')).toContainText(/Kim.* added a device\..*Not trusted yet/);
  await expect(window.chat('Kim')).toContainText('New device: check before you write');
  await window.say('Only the first one reads this');
  await window
    .message('Only the first one reads this')
    .getByRole('button', { name: /Who can read this/ })
    .click();
  await expect(page.getByRole('dialog').getByRole('listitem')).toHaveText([
    /Encrypted for|Left out: not trusted yet/,
    /Encrypted for|Left out: not trusted yet/,
  ]);
  await expect(page.getByRole('dialog').getByText('Left out: not trusted yet')).toHaveCount(1);
  await page.keyboard.press('Escape');
});

test('writing without encryption takes a warning, and is what the box says then', async () => {
  const { page, window } = story;
  // Beside it, the box has room for what is written only.
  await page.getByRole('main').getByRole('button', { name: 'Close the profile' }).click();
  await page.getByRole('button', { name: /Change the encryption of this chat/ }).click();
  await page.getByRole('menuitem', { name: 'Not encrypted' }).click();
  await page.getByRole('button', { name: 'Write without encryption' }).click();
  await expect(page.getByPlaceholder('Message, not encrypted')).toBeVisible();
  await window.say('The whole world may know');
  expect(await received('The whole world may know')).toMatchObject({ protection: 'none' });
});

test('the settings show this computer, and that its encryption is well', async () => {
  const { page } = story;
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Encryption', exact: true }).click();
  await expect(page.getByRole('listitem', { name: 'This computer' })).toContainText('This device');
  await page.getByRole('button', { name: /^Health: / }).click();
  await expect(page.getByText('Everything is as it should be.')).toBeVisible();
  expect(story.complaints).toEqual([]);
});
