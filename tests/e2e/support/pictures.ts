import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, NARROW, WIDE, type Story } from './story.ts';

/** Where the pictures of the application lie; those that are there stay, unless CHATSECURE_UPDATE_SCREENSHOTS=1. */
const folder = path.resolve(import.meta.dirname, '../screenshots');
const renew = process.env['CHATSECURE_UPDATE_SCREENSHOTS'] === '1';

export type Look = 'light' | 'dark' | 'light-narrow' | 'dark-narrow' | 'light-rtl' | 'dark-rtl';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * One picture for each look; nothing moves, blinks or points while it is taken.
 * @param size of the window, unless the look says narrow
 */
export const shoot = async (
  { page }: Pick<Story, 'page'>,
  screen: string,
  looks: readonly Look[],
  size: Size = WIDE,
): Promise<void> => {
  for (const look of looks) {
    await page.emulateMedia({
      colorScheme: look.startsWith('dark') ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    await page.setViewportSize(look.endsWith('narrow') ? NARROW : size);
    await page.mouse.move(1, 1);
    await page.evaluate(() => document.fonts.ready);
    const file = path.join(folder, `${screen}-${look}.png`);
    const picture = await page.screenshot({
      animations: 'disabled',
      caret: 'hide',
      ...(renew || !existsSync(file) ? { path: file } : {}),
    });
    expect(picture.length).toBeGreaterThan(5_000);
  }
  await page.setViewportSize(WIDE);
};
