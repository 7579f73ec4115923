/** A chat of 100,000 messages: scrolled, read and left like any other. */
import type { Locator } from '@playwright/test';
import { fillStore } from '#tests/support/fill-store.ts';
import { createFilledProfile } from '../support/filled-profile.ts';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

// Frames are slow on a busy machine.
test.describe.configure({ mode: 'serial', timeout: 120_000 });

const MESSAGES = 100_000;
/** Minute by minute, so the last day of the history is this one. */
const FIRST = Date.UTC(2024, 0, 1);
let story: Story;

test.use({ timezoneId: 'UTC' });

test.beforeAll(async ({ browser, server }, info) => {
  // A hundred thousand rows are written first; the limit of the tests is not that of what comes before them.
  test.setTimeout(240_000);
  const profileDir = await createFilledProfile(PASSPHRASE, (database, store) => {
    const { accountId } = fillStore(database, store, {
      chats: 1,
      messages: MESSAGES,
      unread: 0,
      startAt: FIRST,
    });
    store.accounts.setEnabled(accountId, false);
  });
  story = await Story.begin({ browser, server }, info, { profileDir });
  await story.window.unlock(PASSPHRASE);
});

test.afterAll(() => story.end());

const scroller = (): Locator => story.window.timeline.locator('../..');

interface Frame {
  /** How much of the height is covered by rows, 0 to 1. */
  readonly covered: number;
  readonly rows: number;
  readonly days: readonly string[];
}

/** Scrolls by so much in every single frame, and says what each of them showed. */
const scrollThrough = (frames: number, step: number): Promise<readonly Frame[]> =>
  scroller().evaluate(
    async (element, { frames: count, step: by }) => {
      // A task of its own after the frame: everything that still changes it before it is painted has happened.
      const painted = (): Promise<unknown> =>
        new Promise((resolve) => {
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.addEventListener('message', resolve);
            port1.start();
            port2.postMessage(undefined);
          });
        });
      const look = (): Frame => {
        const { top, bottom } = element.getBoundingClientRect();
        const rows = [...element.querySelectorAll('article')];
        const inside = rows
          .map((row) => row.getBoundingClientRect())
          .filter((row) => row.bottom > top && row.top < bottom);
        const height = inside.reduce(
          (sum, row) => sum + Math.min(row.bottom, bottom) - Math.max(row.top, top),
          0,
        );
        const days = [...element.querySelectorAll('article > p')].map((day) => day.textContent ?? '');
        return { covered: height / (bottom - top), rows: rows.length, days };
      };
      const seen: Frame[] = [];
      for (let frame = 0; frame < count; frame += 1) {
        element.scrollTop += by;
        await painted();
        seen.push(look());
      }
      return seen;
    },
    { frames, step },
  );

/**
 * Goes to the upper end and watches the first row that is seen there while pages come in: how far it has moved
 * in the end, and how many rows have come in above it.
 */
const watchFirstRow = (frames: number): Promise<{ readonly moved: number; readonly rowsAbove: number }> =>
  scroller().evaluate(async (element, count) => {
    const painted = (): Promise<unknown> =>
      new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    element.scrollTop = 0;
    await painted();
    const { top } = element.getBoundingClientRect();
    const first = [...element.querySelectorAll('article')].find(
      (row) => row.getBoundingClientRect().top >= top,
    );
    if (first === undefined) throw new Error('no row');
    const before = { top: first.getBoundingClientRect().top, index: Number(first.dataset['index']) };
    for (let frame = 0; frame < count; frame += 1) await painted();
    return {
      moved: Math.abs(first.getBoundingClientRect().top - before.top),
      rowsAbove: Number(first.dataset['index']) - before.index,
    };
  }, frames);

test('it opens at the end, and only what is near the eye exists', async () => {
  const { window } = story;
  await window.openChat('contact-0@example.net');

  await expect(window.timeline.getByRole('article').last()).toBeInViewport();
  expect(await window.timeline.getByRole('article').count()).toBeLessThan(80);
  await expect(window.button('Jump to the newest message')).toHaveCount(0);
});

test('big steps upwards never show an empty frame, and the days follow each other', async () => {
  const days = new Set<string>();
  let rows = 0;
  // More than two windows at a time, for a thousand messages and more, while pages come in.
  for (let stretch = 0; days.size < 3 && stretch < 40; stretch += 1) {
    const frames = await scrollThrough(10, -1_500);
    expect(Math.min(...frames.map(({ covered }) => covered))).toBeGreaterThan(0.85);
    for (const frame of frames) for (const day of frame.days.toReversed()) days.add(day);
    rows = Math.max(rows, ...frames.map((frame) => frame.rows));
  }
  expect(rows).toBeLessThan(150);
  expect([...days]).toEqual(['Sunday, 10 March 2024', 'Saturday, 9 March 2024', 'Friday, 8 March 2024']);
});

test('rows that load above do not move what is read', async () => {
  let loaded = 0;
  for (let round = 0; round < 5; round += 1) {
    const { moved, rowsAbove } = await watchFirstRow(20);
    // Heights are fractions and scroll positions are not; a line would be twenty.
    expect(moved).toBeLessThan(6);
    loaded += rowsAbove;
  }
  expect(loaded).toBeGreaterThan(60);
});

test('one press leads back to the newest message', async () => {
  const { window } = story;
  await window.button('Jump to the newest message').click();
  await expect(window.button('Jump to the newest message')).toHaveCount(0);
  await expect(window.timeline.getByRole('article').last()).toBeInViewport();
  await expect(window.timeline.getByRole('article').last()).toContainText('10:39');
});

test('what is written from far above is seen at once', async () => {
  const { window } = story;
  await scrollThrough(10, -1_500);
  await expect(window.button('Jump to the newest message')).toBeVisible();
  await window.say('Written from far above');
  await expect(window.message('Written from far above')).toBeInViewport();
  expect(story.complaints).toEqual([]);
});
