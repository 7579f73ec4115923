/**
 * Screens that a real account seldom shows, in both themes, wide and narrow, and from right to left: no rule of
 * accessibility is broken, the content policy has nothing to refuse, nothing sticks out sideways.
 * Everything else is held against axe in app/accessibility.spec.ts.
 */
import { AxeBuilder } from '@axe-core/playwright';
import type { FakeData } from './support/fake-backend.ts';
import { fullWorld } from './support/fake-world.ts';
import { expect, test, type ScriptedWindow } from './support/window-test.ts';

// Four looks by axe at a window full of rows take their time on a busy machine.
test.describe.configure({ timeout: 120_000 });

interface Screen {
  readonly name: string;
  readonly data?: FakeData;
  readonly go?: (window: ScriptedWindow) => Promise<void>;
}

const openChat =
  (name: string) =>
  async ({ ui, page }: ScriptedWindow): Promise<void> => {
    await page.getByRole('textbox', { name: /Search chats/ }).fill(name);
    await ui.openChat(name);
  };

const screens: readonly Screen[] = [
  { name: 'the passphrase', data: { lock: { state: 'enter-passphrase' } } },
  { name: 'a locked keychain', data: { lock: { state: 'keychain-locked' } } },
  {
    name: 'a broken profile',
    data: { lock: { state: 'broken', code: 'database-newer', detail: 'schema 9' } },
  },
  { name: 'hundreds of chats' },
  { name: 'all states of messages', go: openChat('Kofi') },
  { name: 'new messages', go: openChat('Mei Lin') },
  { name: 'hostile messages', go: openChat('Mallory') },
];

/** What axe finds, one line per element. */
const violationsOf = async ({ page }: ScriptedWindow): Promise<readonly string[]> => {
  // There are no frames here; without them axe needs no second page for each look.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
};

const overflowOf = ({ page }: ScriptedWindow): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

const shapes = [
  { width: 1160, height: 760 },
  { width: 400, height: 760 },
] as const;

/** The same screen in all its clothes: a change of theme or size redraws it without starting anew. */
const expectSoundEverywhere = async (window: ScriptedWindow): Promise<void> => {
  for (const viewport of shapes) {
    await window.page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await window.page.emulateMedia({ colorScheme });
      expect(await violationsOf(window), `${colorScheme}, ${viewport.width} pixels wide`).toEqual([]);
      expect(await overflowOf(window)).toBeLessThanOrEqual(0);
    }
  }
  expect(window.complaints).toEqual([]);
};

for (const { name, data, go } of screens) {
  test(`${name}: light and dark, wide and narrow`, async ({ openWindow }) => {
    const window = await openWindow(data ?? fullWorld(Date.now()));
    await go?.(window);
    await expectSoundEverywhere(window);
  });
}

test('from right to left: light and dark, wide and narrow', async ({ openWindow, page }) => {
  const window = await openWindow({ ...fullWorld(Date.now()), settings: { language: 'ar' } });
  await page.getByRole('button', { name: 'Kofi' }).click();
  await expect(page.getByRole('article').last()).toContainText('لم تُرسل');
  // The list begins at the right, own messages stand at the left.
  const list = await page.getByRole('list', { name: 'قائمة المحادثات' }).boundingBox();
  const own = await page.getByText('And this one has nowhere to go').last().boundingBox();
  expect(list?.x ?? 0).toBeGreaterThan((own?.x ?? 0) + (own?.width ?? 0));
  await expectSoundEverywhere(window);
});

test('without motion for those who want none', async ({ openWindow, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openWindow(fullWorld(Date.now()));
  const slow = await page.evaluate(
    () =>
      document.getAnimations().filter(({ effect }) => Number(effect?.getComputedTiming().duration ?? 0) > 1)
        .length,
  );
  expect(slow).toBe(0);
});

test('with the colours that the system forces, the selection is still seen', async ({ openWindow, page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  const { ui } = await openWindow(fullWorld(Date.now()));
  await ui.openChat('Nadia Okafor');
  const outline = await ui.chat('Nadia Okafor').evaluate((row) => getComputedStyle(row).outlineStyle);
  expect(outline).toBe('solid');
});
