/** What the main process holds in RAM, with the big profile. */
import { openBrowser } from '../browser.ts';
import type { Desk } from '../desk.ts';
import type { Figure } from '../figures.ts';
import { startHost } from '../host.ts';
import { pause } from '../pair.ts';
import { openLongest } from './open.ts';

const RUNS = 5;
/** After this nothing of the start is going on any more. */
const IDLE_MS = 5_000;

export const memory = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  const profile = await desk.bigProfile(say);
  say(`${RUNS} times: start, wait, open the longest chat, wait`);
  const idle: number[] = [];
  const opened: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const app = await startHost(profile, desk.env);
    const { page, close } = await openBrowser();
    try {
      await page.goto(app.launchUrl);
      await page.evaluate(() => window.bench.start);
      await pause(IDLE_MS);
      idle.push(await app.residentMiB());
      await openLongest(page);
      await pause(IDLE_MS);
      opened.push(await app.residentMiB());
    } finally {
      await close();
      await app.stop();
    }
  }
  const target = { atMost: 150, judge: 'median' } as const;
  return [
    { name: 'memory of main: idle after the start', unit: 'MiB', values: idle, target },
    { name: 'memory of main: longest chat open', unit: 'MiB', values: opened },
  ];
};
