/** Connections that break: what the window says, what it keeps, and how everything goes on afterwards. */
import type { Peer } from '#tests/support/peer.ts';
import { parseJid } from '#shared/jid.ts';
import { expect, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'finn@localhost';
const FRIEND = 'gwen@localhost';
let story: Story;
let gwen: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  gwen = await story.friend(OWN, FRIEND, 'Gwen');
  await story.window.startChat(FRIEND);
  await story.window.say('Before');
});

test.afterAll(() => story.end());

test('a server that says goodbye is given time, and can be hurried', async ({ server }) => {
  const { window } = story;
  await server.prosody.shell(`c2s:close("${OWN}", "maintenance", "system-shutdown")`);
  await expect(window.banner).toContainText('No connection: The server is being restarted.');
  await expect(window.banner).toContainText(/Trying again in \d\d seconds\./);
  await window.button('Details', window.banner).click();
  await expect(window.banner).toContainText('It stopped in the middle of the session.');
  await expect(window.banner).toContainText(/Answer of the server: .?system-shutdown/);
  await window.tryNow();
  await expect(window.online).toBeVisible();
});

test('a server that is gone: the reason, the seconds to the next attempt, and nobody shown as online', async ({
  server,
}) => {
  const { window } = story;
  await expect(window.conversation).toContainText('Online');
  await server.prosody.halt();
  await expect(window.banner).toContainText('No connection: The server refuses the connection.');
  await window.button('Details', window.banner).click();
  await expect(window.banner).toContainText('It stopped while reaching the server.');
  await expect(window.banner).toContainText(/Server: .?127\.0\.0\.1/);
  await expect(window.conversation).toContainText('Offline');
  await expect(window.page.getByText('No account online')).toBeVisible();

  const seconds = async (): Promise<number> =>
    Number(/in (\d+) second/.exec((await window.banner.textContent()) ?? '')?.[1] ?? 0);
  await expect.poll(seconds).toBeGreaterThan(1);
  const before = await seconds();
  await expect.poll(seconds).not.toBe(before);
});

test('what is written meanwhile waits, in its order, and says so', async () => {
  const { window } = story;
  for (const text of ['While away 1', 'While away 2', 'While away 3']) {
    await window.say(text);
    await expect(window.message(text)).toContainText('Waiting for the connection');
  }
  await expect(window.chat('Gwen')).toContainText('Waiting for the connection');
});

test('the server is back: everything goes out once and in order, by itself or by a press', async ({
  server,
}) => {
  const { window } = story;
  await server.prosody.start();
  gwen = await story.peer(FRIEND, 'again');
  await window.tryNow();
  for (const text of ['While away 1', 'While away 2', 'While away 3']) {
    await expect(window.message(text)).toContainText('On the server');
  }
  await gwen.expectText('While away 3');
  await expect(window.banner).toHaveCount(0);
  await expect(window.online).toBeVisible();
  await expect(window.conversation).toContainText('Online');
  expect(gwen.heard.flatMap((stanza) => stanza.getChildText('body') ?? [])).toEqual([
    'While away 1',
    'While away 2',
    'While away 3',
  ]);
});

test('a server that dies without a word is noticed, and comes back', async ({ server }) => {
  const { window } = story;
  await server.prosody.halt('SIGKILL');
  await expect(window.banner).toContainText('No connection:');
  await window.say('Into the void');
  await server.prosody.start();
  gwen = await story.peer(FRIEND, 'third');
  await window.tryNow();
  await expect(window.message('Into the void')).toContainText('On the server');
  await gwen.expectText('Into the void');
});

test('another program takes the session over: the window says so, and takes it back when told', async ({
  server,
}) => {
  const { window, page } = story;
  const presence = await gwen.expect(
    'our resource',
    (stanza) => stanza.is('presence') && stanza.attrs['from']?.startsWith(`${OWN}/`) === true,
  );
  const resource = parseJid(presence.attrs['from'] ?? '')?.resource;
  const thief = await server.peer(OWN, resource);
  await expect(window.banner).toContainText('Another program has taken over this session.');
  await expect(window.banner).toContainText('Close the other program, then try again.');
  await window.say('Not while it is taken');
  await expect(window.message('Not while it is taken')).toContainText('Waiting for the connection');
  await thief.close();

  await window.button('Try now', window.banner).click();
  await expect(window.message('Not while it is taken')).toContainText('On the server');
  await expect(page.getByText('Another program has taken over')).toHaveCount(0);
});

test('nothing was said twice, and nothing is missing', async () => {
  const { window } = story;
  const expected = [
    'Before',
    'While away 1',
    'While away 2',
    'While away 3',
    'Into the void',
    'Not while it is taken',
  ];
  const texts = await window.timeline.getByRole('article').locator('[dir="auto"]').allTextContents();
  expect(texts).toEqual(expected);
  expect(story.complaints).toEqual([]);
});
