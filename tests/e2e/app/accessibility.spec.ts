/** Every screen, in light, dark and from right to left, held against the rules of WCAG 2.2 AA by axe. */
import AxeBuilder from '@axe-core/playwright';
import { expect, NARROW, PASSPHRASE, Story, test, WIDE } from '../support/story.ts';

// Some fifty looks by axe take their time on a busy machine.
test.describe.configure({ mode: 'serial', timeout: 120_000 });

const OWN = 'judy@localhost';
let story: Story;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
});

test.afterAll(() => story.end());

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds: the rule, and where. */
const violations = async (axe: AxeBuilder): Promise<readonly string[]> =>
  // There are no frames here; without them axe needs no second page for each look.
  (await axe.setLegacyMode().analyze()).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  );

/** The screen as it stands: all rules in the light theme, and in the dark one what colours can break. */
const checkScreen = async (name: string): Promise<void> => {
  const { page } = story;
  expect.soft(await violations(new AxeBuilder({ page }).withTags(RULES)), `${name}, light`).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  expect
    .soft(await violations(new AxeBuilder({ page }).withRules(['color-contrast'])), `${name}, dark`)
    .toEqual([]);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
};

test('choosing a passphrase, also a weak one', async () => {
  const { window } = story;
  await checkScreen('passphrase');
  await window.field('Passphrase').fill('weak');
  await window.button('Create and open').click();
  await checkScreen('passphrase with an error');
  await window.createProfile(PASSPHRASE);
});

test('the three ways in, and logging in with errors', async ({ server }) => {
  const { window } = story;
  await checkScreen('first start');
  await window.openLogin();
  await checkScreen('login');
  await window.logIn({ jid: 'x', password: '', port: 0 });
  await checkScreen('login with errors at fields');
  await server.register('judy@selfsigned.test');
  await window.logIn(server.login('judy@selfsigned.test'));
  await window.button('View').click();
  await checkScreen('login with a certificate');
  await server.register(OWN);
  await window.logIn(server.login(OWN));
  await expect(window.online).toBeVisible();
});

test('the window without anything in it', async () => {
  const { window } = story;
  await checkScreen('no chats');
  await window.goTo('Contacts');
  await checkScreen('no contacts');
});

test('requests, contacts and their dialogs', async () => {
  const { window, page } = story;
  const kim = await story.friend(OWN, 'kimberly@localhost', 'Kim');
  await kim.show('away', 'Back soon');
  const lou = await story.peer('lou@localhost');
  await lou.befriend(OWN);
  await expect(page.getByText('wants to see when you are online')).toBeVisible();
  await window.contact('Kim').click();
  await checkScreen('contacts');
  await window.button('Remove', window.conversation).click();
  await checkScreen('removing a contact');
  await page.keyboard.press('Escape');
  await window.button('Add a contact').click();
  await checkScreen('adding a contact');
  await page.keyboard.press('Escape');
});

test('a conversation with everything that one can have', async () => {
  const { window, page } = story;
  const kim = await story.peer('kimberly@localhost', 'other');
  await kim.say(OWN, 'Hello https://example.org 🎉');
  await kim.say(OWN, '🎉');
  await kim.say(OWN, 'long '.repeat(800));
  await window.goTo('Chats');
  await checkScreen('a list with unread messages');
  await window.openChat('Kim');
  await window.say('/me answers');
  await window.say('An answer');
  await expect(window.message('An answer')).toContainText('On the server');
  await kim.type(OWN, 'composing');
  await checkScreen('chat');
  await window.composer.fill('x'.repeat(50_001));
  await checkScreen('too long a text');
  await window.composer.fill('');
  await window.button('More about this chat').click();
  await checkScreen('menu');
  await page.keyboard.press('Escape');
  await window.startChat('nobody@localhost');
  await window.say('Who are you?');
  await expect(window.message('Who are you?')).toContainText('Not sent');
  await checkScreen('a message that was not sent');
  await window.button('New chat').first().click();
  await checkScreen('new chat');
  await page.keyboard.press('Escape');
  await page.getByLabel('Search chats, contacts and messages').fill('nothing like this');
  await checkScreen('search without a result');
  await page.keyboard.press('Escape');
});

test('every part of the settings', async () => {
  const { window, page } = story;
  await window.goTo('Settings');
  for (const section of ['Accounts', 'Chats and privacy', 'Appearance', 'Keyboard', 'About']) {
    await page
      .getByRole('navigation', { name: 'Sections of the settings' })
      .getByRole('button', { name: section })
      .click();
    await checkScreen(`settings, ${section}`);
  }
  await page
    .getByRole('navigation', { name: 'Sections of the settings' })
    .getByRole('button', { name: 'Accounts' })
    .click();
  await window.button('Change the password').click();
  await checkScreen('changing the password');
  await window.button('Remove account').click();
  await checkScreen('removing an account');
  await page.keyboard.press('Escape');
});

test('without a connection', async ({ server }) => {
  const { window } = story;
  await server.prosody.halt('SIGKILL');
  await window.goTo('Chats');
  await expect(window.banner).toContainText('No connection');
  await window.button('Details', window.banner).click();
  await window.say('It waits');
  await checkScreen('no connection');
  await window.goTo('Settings');
  await checkScreen('settings without a connection');
  await server.prosody.start();
});

test('from right to left, wide and narrow', async () => {
  const { page } = story;
  await page
    .getByRole('navigation', { name: 'Sections of the settings' })
    .getByRole('button', { name: 'Appearance' })
    .click();
  await page.getByLabel('Language', { exact: true }).selectOption({ label: 'العربية' });
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await checkScreen('settings in Arabic');
  for (const key of ['المحادثات', 'جهات الاتصال']) {
    await page.getByRole('navigation').first().getByRole('button', { name: key }).click();
    await checkScreen(`${key} in Arabic`);
  }
  await page.getByRole('navigation').first().getByRole('button', { name: 'المحادثات' }).click();
  await page.setViewportSize(NARROW);
  await checkScreen('a narrow chat in Arabic');
  await page.setViewportSize(WIDE);
  expect(story.complaints).toEqual([]);
});
