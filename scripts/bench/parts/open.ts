/** Opens the longest chat and turns the wheel in it. */
import type { Page } from '@playwright/test';
import { openBrowser } from '../browser.ts';
import { BIG, type Desk } from '../desk.ts';
import type { Figure } from '../figures.ts';
import { startHost } from '../host.ts';
import { pause } from '../pair.ts';
import type { ScrollMarks } from '../marks.ts';

const RUNS = 5;
const FRAMES = 1_000;
/** One notch of a usual wheel. */
const NOTCH_PX = 120;
/** Two frames at 60 Hz: 3,600 pixels or some 60 messages a second. */
const NOTCH_MS = 33;
/** A frame that took longer was a missed one at 60 Hz. */
const LATE_MS = 32;

interface Run extends ScrollMarks {
  readonly opening: number;
}

export const open = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const profile = await desk.bigProfile(say);
    if (run === 0)
      say(`${RUNS} times: open the chat of ${BIG.longest} messages, scroll for ${FRAMES} frames`);
    runs.push(await openOnce(desk, profile));
  }
  const of = (value: (run: Run) => number): readonly number[] => runs.map(value);
  return [
    { name: 'open a chat of 100,000: click to painted', unit: 'ms', values: of(({ opening }) => opening) },
    {
      name: 'scroll it: blank frames',
      unit: 'of 1,000',
      values: of(({ blank }) => blank),
      target: { atMost: 0, judge: 'worst' },
    },
    {
      name: 'scroll it: frames over 32 ms',
      unit: 'of 1,000',
      values: of(({ frames }) => frames.filter((ms) => ms > LATE_MS).length),
      target: { atMost: 0, judge: 'median' },
    },
    { name: 'scroll it: longest frame', unit: 'ms', values: of(({ frames }) => Math.max(...frames)) },
    { name: 'scroll it: distance', unit: 'px', values: of(({ distance }) => distance) },
  ];
};

const openOnce = async (desk: Desk, profile: string): Promise<Run> => {
  const app = await startHost(profile, desk.env);
  const { page, close } = await openBrowser();
  try {
    await page.goto(app.launchUrl);
    const opening = await openLongest(page);
    // The login and what comes with it are not what is measured here.
    await pause(2_000);
    return { opening, ...(await turnWheel(page)) };
  } finally {
    await close();
    await app.stop();
  }
};

/** Clicks on the longest chat, which is on top. @returns milliseconds until its newest messages are on the screen */
export const openLongest = async (page: Page): Promise<number> => {
  await page.evaluate(() => window.bench.start);
  await page.evaluate(() => window.bench.awaitOpening());
  await page.locator('[data-region="list"] [data-row="0"]').click();
  return page.evaluate(() => window.bench.opening());
};

const turnWheel = async (page: Page): Promise<ScrollMarks> => {
  const box = await page.locator('[data-region="messages"]').boundingBox();
  if (box === null) throw new Error('there are no messages to scroll');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.evaluate((frames) => window.bench.watchScroll(frames), FRAMES);
  const watched = new AbortController();
  const marks = page.evaluate(() => window.bench.scroll()).finally(() => watched.abort());
  while (!watched.signal.aborted) {
    await page.mouse.wheel(0, -NOTCH_PX);
    await pause(NOTCH_MS);
  }
  return marks;
};
