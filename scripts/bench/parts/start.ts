/** From the start of the process to the chat list on the screen, with the big profile. */
import { openBrowser, timeOrigin } from '../browser.ts';
import type { Desk } from '../desk.ts';
import type { Figure } from '../figures.ts';
import { startHost } from '../host.ts';

const RUNS = 7;

/** Milliseconds. */
interface Run {
  /** The browser's own start. */
  readonly browser: number;
  /** Process → it serves. */
  readonly serve: number;
  /** Page begins to load → its data is there. */
  readonly load: number;
  /** Data → rows on the screen. */
  readonly paint: number;
  /** Process → rows on the screen. */
  readonly all: number;
}

export const start = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  const profile = await desk.bigProfile(say);
  say(`${RUNS} starts`);
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await startOnce(desk, profile));
  const figure = (name: string, key: keyof Run): Figure => ({
    name,
    unit: 'ms',
    values: runs.map((run) => run[key]),
  });
  return [
    figure('start: process to serving', 'serve'),
    figure('start: page to snapshot', 'load'),
    figure('start: snapshot to painted chat list', 'paint'),
    figure('start: process to painted chat list', 'all'),
    figure('start: a browser, before that', 'browser'),
  ];
};

/** The browser is there before the application starts: its own start must not hide what the application does meanwhile. */
const startOnce = async (desk: Desk, profile: string): Promise<Run> => {
  const { page, browserMs, close } = await openBrowser();
  try {
    const app = await startHost(profile, desk.env);
    try {
      await page.goto(app.launchUrl);
      const { snapshot, painted } = await page.evaluate(() => window.bench.start);
      const all = (await timeOrigin(page)) + painted - app.startedAt;
      return { browser: browserMs, serve: app.startMs, load: snapshot, paint: painted - snapshot, all };
    } finally {
      await app.stop();
    }
  } finally {
    await close();
  }
};
