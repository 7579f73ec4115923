/** A history of months that is on the server alone: read back, jumped into by day and by quote, offline, to its beginning. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator } from '@playwright/test';
import { writeOldArchive } from '#tests/support/old-archive.ts';
import { expect, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 120_000 });
test.use({ timezoneId: 'UTC' });

const OWN = 'pia@localhost';
const FRIEND = 'quentin@localhost';
const NOTES = 700;
const HOUR = 3_600_000;
const FIRST = Date.now() - NOTES * 6 * HOUR;
let story: Story;

const at = (note: number): number => FIRST + note * 6 * HOUR;
const dayOf = (note: number): string => new Date(at(note)).toISOString().slice(0, 10);
/** The first one of its day. */
const firstOfDay = (note: number): number => {
  let first = note;
  while (first > 0 && dayOf(first - 1) === dayOf(note)) first -= 1;
  return first;
};

test.beforeAll(async ({ browser, server }, info) => {
  await server.register(FRIEND);
  const notes = Array.from({ length: NOTES }, (_, note) => ({
    ...{ at: at(note), id: `n${note}`, body: `note ${note}.`, mine: note % 3 === 0 },
    // What is answered is older than all that comes with the login.
    ...(note === NOTES - 2 ? { answers: 'n390' } : {}),
    ...(note === NOTES - 3 ? { answers: 'nowhere' } : {}),
  }));
  await writeOldArchive(server.prosody, 'pia', FRIEND, notes);
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
});

test.afterAll(() => story.end());

const note = (index: number): Locator =>
  story.window.timeline.getByRole('article').filter({ hasText: new RegExp(`note ${index}\\.\\d\\d:`) });
const scroller = (): Locator => story.window.timeline.locator('../..');

const jumpTo = async (day: string): Promise<void> => {
  const { window, page } = story;
  await window.button('More about this chat').click();
  await page.getByRole('menuitem', { name: 'Jump to a date…' }).click();
  await page.getByLabel('Day').fill(day);
  await window.button('Jump', page.getByRole('dialog')).click();
};

test('a jump to a day fetches it from the server, and one press leads back', async () => {
  const { window, page } = story;
  await window.openChat(FRIEND);
  // It begins with what is unread, and everything is.
  await window.toNewest();
  await expect(note(NOTES - 1)).toBeInViewport();

  await jumpTo(dayOf(100));
  await expect(page.getByRole('dialog')).toHaveCount(0);
  const first = firstOfDay(100);
  await expect(note(first)).toBeInViewport();
  await expect(note(first)).toBeFocused();
  // What came before it is fetched as soon as somebody could scroll there, and moves nothing.
  await expect(note(first - 1)).toBeAttached();
  await expect(note(first)).toBeInViewport();

  await window.toNewest();
  await expect(note(NOTES - 1)).toBeInViewport();
});

test('a day is chosen at its separator too', async () => {
  const { page, window } = story;
  await window.timeline
    .getByRole('button', { name: /^(Yesterday|Today)$/ })
    .first()
    .click();
  await expect(page.getByRole('dialog', { name: 'Jump to a date' })).toBeVisible();
  expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);
  await page.keyboard.press('Escape');
});

test('a quote leads to its message on the server', async () => {
  const { window } = story;
  await window.button(/Reply to/, note(NOTES - 2)).click();
  await expect(note(390)).toBeFocused();
  await expect(note(390)).toBeInViewport();
  await window.toNewest();
});

test('without a connection it says what is missing, and the connection brings it by itself', async () => {
  const { window, page } = story;
  await window.goTo('Settings');
  await page.getByRole('switch', { name: 'Connect this account' }).click();
  await expect(page.getByText('Switched off')).toBeVisible();
  await window.goTo('Chats');

  await jumpTo(dayOf(250));
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toContainText('This day is not on this computer yet');
  expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);

  const missing = window.conversation.getByRole('alert').filter({ hasText: 'Older messages' });
  await expect(async () => {
    await scroller().evaluate((element) => (element.scrollTop = 0));
    await expect(missing).toBeInViewport({ timeout: 500 });
  }).toPass();
  await expect(missing).toContainText('You are offline');
  const before = await topRow();
  await window.button('Switch on').click();
  await expect(missing).toHaveCount(0);
  // What has come in above has not moved what is read.
  await expect(note(before.note - 1)).toBeAttached();
  expect(Math.abs((await topOf(before.note)) - before.top)).toBeLessThan(6);
});

test('reading on from a day goes over no gap', async () => {
  await jumpTo(dayOf(20));
  await expect(note(firstOfDay(20))).toBeFocused();
  await readThrough(700, NOTES - 1);
});

test('the beginning of the history says so', async () => {
  const { window, page } = story;
  await expect(async () => {
    await scroller().evaluate((element) => (element.scrollTop = 0));
    await expect(note(0)).toBeInViewport({ timeout: 1000 });
  }).toPass();
  await expect(page.getByText(/^This is the beginning of your history with/)).toBeVisible();
  expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);
  await window.toNewest();
  await window.button(/Reply to/, note(NOTES - 3)).click();
  await expect(note(NOTES - 3).getByRole('alert')).toContainText('This message was not found');
  expect(story.complaints).toEqual([]);
});

/** Where a note stands below the upper end of what is seen: that moves itself when the banner goes. */
const topOf = async (index: number): Promise<number> => {
  const [row, area] = [await note(index).boundingBox(), await scroller().boundingBox()];
  return (row?.y ?? 0) - (area?.y ?? 0);
};

/** The first row that is seen. */
const topRow = (): Promise<{ readonly note: number; readonly top: number }> =>
  scroller().evaluate((element) => {
    const { top } = element.getBoundingClientRect();
    const row = [...element.querySelectorAll('article')].find(
      (one) => one.getBoundingClientRect().top >= top,
    );
    if (row === undefined) throw new Error('no row is seen');
    return {
      note: Number(/note (\d+)\.\d\d:/.exec(row.textContent)?.[1]),
      top: row.getBoundingClientRect().top - top,
    };
  });

/** Scrolls by steps until a note is drawn; at every step each note is followed by the next one. */
const readThrough = async (step: number, until: number): Promise<void> => {
  const breaks: (readonly number[])[] = [];
  let last = -1;
  await expect(async () => {
    const drawn = await scroller().evaluate((element, by) => {
      element.scrollTop += by;
      return [...element.querySelectorAll('article')].map(({ textContent }) =>
        Number(/note (\d+)\.\d\d:/.exec(textContent)?.[1]),
      );
    }, step);
    if (drawn.some((index, row) => row > 0 && index !== (drawn[row - 1] ?? 0) + 1)) breaks.push(drawn);
    last = Math.max(last, ...drawn);
    expect(last).toBe(until);
  }).toPass({ intervals: [30], timeout: 90_000 });
  expect(breaks).toEqual([]);
};
