/** A chat with 100,000 messages: nothing jumps, nothing is blank, and the end is where it belongs. */
import { chatIds, fullWorld, LONG_HISTORY } from './support/fake-world.ts';
import { expect, test, type ScriptedWindow } from './support/window-test.ts';

// Hundreds of looks at the page take their time on a busy machine.
test.describe.configure({ timeout: 120_000 });

const openLongChat = async ({ page, ui }: ScriptedWindow): Promise<void> => {
  await page.getByRole('textbox', { name: /Search chats/ }).fill('Old friend');
  await ui.openChat('Old friend');
  await expect(ui.message(`#${LONG_HISTORY - 1} `)).toBeInViewport();
  await page.mouse.move(750, 350);
};

/** Looks at every frame whether rows cover the whole area. */
const watchFrames = ({ page }: ScriptedWindow): Promise<void> =>
  page.evaluate(() => {
    const feed = document.querySelector('[role=feed]');
    const area = feed?.parentElement?.parentElement;
    const seen = { frames: 0, blank: 0 };
    Object.assign(globalThis, { seen });
    const look = (): void => {
      const rows = [...document.querySelectorAll('article')].map((row) => row.getBoundingClientRect());
      const frame = area?.getBoundingClientRect() ?? new DOMRect();
      const top = Math.min(...rows.map((row) => row.top));
      const bottom = Math.max(...rows.map((row) => row.bottom));
      seen.frames += 1;
      // Above the first and below the last row there is a margin of 16 pixels.
      if (top > frame.top + 17 || bottom < frame.bottom - 17) seen.blank += 1;
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });

const framesOf = ({ page }: ScriptedWindow): Promise<{ frames: number; blank: number }> =>
  page.evaluate(() => (globalThis as unknown as { seen: { frames: number; blank: number } }).seen);

/** Where each row stands, by its number. */
const placesOf = ({ page }: ScriptedWindow): Promise<Readonly<Record<string, number>>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('article')].map((row) => [
        /#\d+/.exec(row.textContent)?.[0] ?? '',
        row.getBoundingClientRect().top,
      ]),
    ),
  );

const fromEnd = ({ page }: ScriptedWindow): Promise<number> =>
  page.evaluate(() => {
    const area = document.querySelector('[role=feed]')?.parentElement?.parentElement;
    return area === null || area === undefined ? -1 : area.scrollHeight - area.clientHeight - area.scrollTop;
  });

test('scrolling far up leaves no frame blank and holds only a window of rows', async ({
  openWindow,
  page,
}) => {
  const window = await openWindow(fullWorld(Date.now()));
  await openLongChat(window);
  await watchFrames(window);
  for (let turn = 0; turn < 90; turn += 1) {
    await page.mouse.wheel(0, -600);
    await page.waitForTimeout(16);
  }
  const { frames, blank } = await framesOf(window);
  expect(frames).toBeGreaterThan(50);
  expect(blank).toBe(0);
  expect(await page.getByRole('article').count()).toBeLessThan(80);
  const numbers = Object.keys(await placesOf(window)).map((name) => Number(name.slice(1)));
  expect(Math.max(...numbers)).toBeLessThan(LONG_HISTORY - 400);
});

test('every step of the wheel moves every row by that step, also while pages come in', async ({
  openWindow,
  page,
}) => {
  const window = await openWindow(fullWorld(Date.now()));
  await openLongChat(window);
  const jumps: string[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    const before = await placesOf(window);
    await page.mouse.wheel(0, -120);
    await page.waitForTimeout(40);
    const after = await placesOf(window);
    for (const [name, top] of Object.entries(before)) {
      const moved = (after[name] ?? top + 120) - top;
      if (top > 60 && top < 500 && Math.abs(moved - 120) > 2) jumps.push(`${name} moved by ${moved}`);
    }
  }
  expect(jumps).toEqual([]);
  expect(window.app.backend.callsOf('messages.page').length).toBeGreaterThan(2);
});

test('whoever reads at the end stays there, whoever reads further up stays there too', async ({
  openWindow,
  page,
}) => {
  const window = await openWindow(fullWorld(Date.now()));
  const { app, ui } = window;
  await openLongChat(window);
  for (let turn = 0; turn < 8; turn += 1) {
    app.backend.addMessage(chatIds.long, { body: `#${200_000 + turn} ${'word '.repeat(turn * 9)}` });
  }
  await expect(ui.message('#200007')).toBeInViewport();
  expect(await fromEnd(window)).toBeLessThan(2);
  await ui.composer.fill('1\n2\n3\n4\n5\n6');
  await expect.poll(() => fromEnd(window)).toBeLessThan(2);

  await page.mouse.wheel(0, -900);
  await expect(ui.button('Jump to the newest message')).toBeVisible();
  await page.waitForTimeout(200);
  const before = await placesOf(window);
  app.backend.addMessage(chatIds.long, { body: '#300000 far below' });
  await expect(ui.button('Jump to the newest message, 1 unread')).toBeVisible();
  const after = await placesOf(window);
  for (const [name, top] of Object.entries(before)) if (top > 60 && top < 500) expect(after[name]).toBe(top);

  await ui.button('Jump to the newest message, 1 unread').click();
  await expect(ui.message('#300000')).toBeInViewport();
  await expect(ui.button(/^Jump/)).toHaveCount(0);
});

test('a box that grows as soon as the chat is open covers nothing of its end', async ({
  openWindow,
  page,
}) => {
  const window = await openWindow(fullWorld(Date.now()));
  await window.ui.chat('Nadia Okafor').click();
  await window.ui.composer.fill('word '.repeat(300));
  await expect(window.ui.message('See you at the station')).toBeInViewport();
  expect(await fromEnd(window)).toBeLessThan(2);
  await expect(page.getByRole('button', { name: /^Jump/ })).toHaveCount(0);
});

test('the newest message is one press away, and an own message leads there', async ({ openWindow, page }) => {
  const window = await openWindow(fullWorld(Date.now()));
  const { ui } = window;
  await openLongChat(window);
  for (let turn = 0; turn < 90; turn += 1) {
    await page.mouse.wheel(0, -900);
    await page.waitForTimeout(16);
  }
  await expect(ui.message(`#${LONG_HISTORY - 1} `)).toHaveCount(0);
  await ui.button('Jump to the newest message').click();
  await expect(ui.message(`#${LONG_HISTORY - 1} `)).toBeInViewport();
  await page.mouse.wheel(0, -3000);
  await expect(ui.button('Jump to the newest message')).toBeVisible();
  await ui.say('Here I am');
  await expect(ui.message('Here I am')).toBeInViewport();
});

test('a chat with unread messages opens at the divider', async ({ openWindow, page }) => {
  const { ui, app } = await openWindow(fullWorld(Date.now()));
  await ui.openChat('Mei Lin');
  await expect(page.getByText('New', { exact: true })).toBeInViewport();
  await expect(ui.chat('Mei Lin')).not.toContainText('unread');
  expect(app.backend.callsOf('chats.markRead')).toHaveLength(1);
});

test('a lost connection brings back the same place', async ({ openWindow, page }) => {
  const window = await openWindow(fullWorld(Date.now()));
  const { app, ui } = window;
  await openLongChat(window);
  app.refuse(true);
  app.disconnect();
  await expect(page.getByText('This window lost its connection to ChatSecure.')).toBeVisible();
  await expect(ui.message(`#${LONG_HISTORY - 1} `)).toBeInViewport();
  app.refuse(false);
  await ui.button('Try now').click();
  await expect(page.getByText('This window lost its connection to ChatSecure.')).toHaveCount(0);
  await expect(ui.message(`#${LONG_HISTORY - 1} `)).toBeInViewport();
});
