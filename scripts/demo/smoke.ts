import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { findBrowser, quietSwitches } from '#main/hosts/web/browser.ts';
import { cast } from './cast.ts';

export interface Smoke {
  /** Opens the window without a screen and uses it. */
  readonly open: (launchUrl: string) => void;
  /** The exit code, once `open` has been called and everything is tried. */
  readonly result: Promise<number>;
}

const MESSAGE = 'Is anybody there?';
const PATIENCE_MS = 30_000;

/** Writes a message and waits for the answer on the screen; then ends the demo. */
export const smoke = (screenshot: string, demo: AbortController): Smoke => {
  const result = Promise.withResolvers<number>();
  return {
    result: result.promise,
    open: (launchUrl) => {
      use(launchUrl, screenshot)
        .then(
          () => {
            console.log(`screenshot: ${path.relative(process.cwd(), screenshot)}`);
            console.log('demo ok');
            return 0;
          },
          (error: unknown) => {
            console.log(`demo failed: ${error instanceof Error ? error.message : String(error)}`);
            return 1;
          },
        )
        .then((code) => {
          result.resolve(code);
          demo.abort();
        }, result.reject);
    },
  };
};

const use = async (launchUrl: string, screenshot: string): Promise<void> => {
  const executablePath = findBrowser(process.env);
  if (executablePath === undefined)
    throw new Error('no Chromium was found; install it or set CHATSECURE_CHROMIUM');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args: [...quietSwitches, ...sandbox] });
  try {
    const page = await browser.newPage({ viewport: { width: 1160, height: 760 } });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(launchUrl);
    await converse(page);
    await mkdir(path.dirname(screenshot), { recursive: true });
    await page.screenshot({ path: screenshot });
  } finally {
    await browser.close();
  }
};

const converse = async (page: Page): Promise<void> => {
  await page.getByText(cast.answers.name).first().click();
  const composer = page.getByRole('textbox', { name: /^message to/i });
  await composer.fill(MESSAGE);
  await composer.press('Enter');
  await page.getByText(MESSAGE).first().waitFor();
  await page.getByText('so did this answer').first().waitFor();
};
