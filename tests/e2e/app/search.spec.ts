/** Searching everything, in several languages, by keyboard and mouse, and finding one's way back. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import type { Peer } from '#tests/support/peer.ts';
import { writeOldArchive } from '#tests/support/old-archive.ts';
import { Keyboard } from '../support/keyboard.ts';
import { expect, NARROW, Story, test, WIDE } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 120_000 });
test.use({ timezoneId: 'UTC' });

const OWN = 'wilma@localhost';
const FRIEND = 'sven@localhost';
const OTHER = 'tala@localhost';
const DAY = 86_400_000;
let story: Story;
let keys: Keyboard;
let tala: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  await server.register(FRIEND);
  const now = Date.now();
  const special = new Map([
    [10, 'Wir treffen uns in der Straße am Fluss'],
    [20, 'نلتقي غدًا عند البحر'],
    [30, '我们明天见面吧'],
    [40, 'What a party 🎉 that was'],
  ]);
  const talk = Array.from({ length: 120 }, (_, index) => ({
    at: now - (130 - index) * DAY,
    id: `s${index}`,
    body: special.get(index) ?? `The lighthouse keeper writes line ${index}`,
    mine: index % 4 === 0,
  }));
  await writeOldArchive(server.prosody, 'wilma', FRIEND, talk);
  story = await Story.begin({ browser, server }, info);
  keys = new Keyboard(story.page);
  await story.logInAs(OWN);
  tala = await story.peer(OTHER);
  await tala.befriend(OWN, 'Wilma');
  await story.window.acceptRequest(OTHER);
  await story.window.goTo('Chats');
  await tala.say(OWN, 'A lighthouse in the other chat');
  await expect(story.window.chat(OTHER)).toContainText('A lighthouse');
});

test.afterAll(() => story.end());

const box = (): Locator => story.page.getByRole('textbox', { name: /^Search chats/ });
const hits = (): Locator => story.page.locator('[data-region=list] mark').locator('xpath=ancestor::button');
const look = (text: string): Promise<void> => box().fill(text);
const checkScreen = async (): Promise<void> => {
  const { violations } = await new AxeBuilder({ page: story.page }).setLegacyMode().analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
};

test('finds chats, contacts and messages while one types', async () => {
  const { page, window } = story;
  await window.openChat(FRIEND);
  await keys.press('Control+Shift+F');
  await keys.expectFocus(/^Search chats/);
  await keys.type('lighth');
  await expect(hits().first()).toContainText('A lighthouse in the other chat');
  await expect(page.locator('mark').first()).toHaveText('lighthouse');
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await checkScreen();
  await look('tala');
  await expect(window.chats.getByRole('button')).toHaveCount(1);
});

test('goes through the results by the arrows, to a message and back to where one was', async () => {
  const { window } = story;
  await window.composer.focus();
  await keys.press('Control+F');
  await expect(box()).toHaveValue(`in:${FRIEND} `);
  await keys.type('"line 33"');
  await expect(hits()).toHaveCount(1);
  await keys.press('ArrowDown');
  await keys.expectFocus(/line 33/);
  await keys.press('Enter');
  await expect(window.message('line 33')).toBeFocused();
  await expect(window.message('line 33')).toBeInViewport();
  await expect(window.button('Jump to the newest message')).toBeVisible();
  await keys.press('Control+F');
  await keys.press('Escape');
  await expect(window.message('line 33')).toBeFocused();
  await expect(box()).toHaveValue('');
  await window.toNewest();
});

test('shows more results where there are', async () => {
  const { window } = story;
  await look('lighthouse keeper');
  await expect(hits()).toHaveCount(30);
  await window.button('More results').click();
  await expect(hits()).toHaveCount(60);
  await keys.press('Escape');
});

test('understands what people write, whatever the script', async () => {
  for (const [query, found] of [
    ['strasse', 'Straße'],
    ['غدا', 'غدًا'],
    ['明天', '明天'],
    ['🎉', '🎉'],
  ] as const) {
    await look(query);
    await expect(hits()).toHaveCount(1);
    await expect(story.page.locator('mark')).toHaveText(found);
  }
  await look('');
});

test('offers operators, completes them, and says what is wrong with one', async () => {
  const { page, window } = story;
  await keys.press('Control+K');
  const hints = page.getByRole('group', { name: 'Narrow the search' });
  await expect(hints.getByRole('button')).toHaveCount(5);
  await hints.getByRole('button', { name: /^from:/ }).click();
  await expect(box()).toHaveValue('from:');
  await keys.type('tal');
  await expect(page.getByRole('list', { name: 'Suggestions' }).getByRole('button')).toHaveCount(1);
  await keys.press('Enter');
  await expect(box()).toHaveValue(`from:${OTHER} `);
  await expect(box()).toBeFocused();
  await keys.type('lighthouse');
  await expect(hits()).toHaveCount(1);
  await look('lighthouse before:soon');
  await expect(page.getByText(/is no date\. Write it as/)).toBeVisible();
  await checkScreen();
  await look(`lighthouse before:${new Date(Date.now() - 100 * DAY).toISOString().slice(0, 10)} from:me`);
  await expect(hits().first()).toContainText('You:');
  await look('nothing like this anywhere');
  await expect(page.getByText('Nothing found')).toBeVisible();
  await window.button('Clear the search', page.getByRole('status')).click();
  await expect(box()).toHaveValue('');
});

test('never shows what was deleted meanwhile', async () => {
  const { page, window } = story;
  await look('"line 44"');
  await expect(hits()).toHaveCount(1);
  await hits().first().click();
  await expect(window.message('line 44')).toBeFocused();
  await keys.press('Enter');
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await window.button('Delete on this computer', page.getByRole('alertdialog')).click();
  await expect(hits()).toHaveCount(0);
  await expect(page.getByText('Nothing found')).toBeVisible();
  await look('');
});

test('in a narrow window, from right to left, and in the dark', async () => {
  const { page, window } = story;
  await window.goTo('Settings');
  await page.getByRole('button', { name: 'Appearance' }).click();
  await page.getByLabel('Language').selectOption('ar');
  await page.keyboard.press('Escape');
  await page.setViewportSize(NARROW);
  await keys.press('Control+Shift+F');
  const arabic = page.getByRole('textbox', { name: /^ابحث/ });
  await expect(arabic).toBeFocused();
  await keys.type('lighthouse');
  await expect(hits().first()).toBeVisible();
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await checkScreen();
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  await hits().nth(3).click();
  await expect(
    page.getByRole('feed').getByRole('article').filter({ hasText: 'lighthouse' }).first(),
  ).toBeVisible();
  await expect(arabic).toBeHidden();
  // The search is left as it was found, and leads back.
  await keys.press('Control+K');
  await expect(arabic).toHaveValue('lighthouse');
  await keys.press('Escape');
  await expect(arabic).toBeHidden();
  await page.setViewportSize(WIDE);
  expect(story.complaints).toEqual([]);
});
