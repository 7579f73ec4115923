/** What two people do with messages that are there: react, answer, change, take back, pass on. */
import AxeBuilder from '@axe-core/playwright';
import { replace } from '#main/xmpp/features/correction.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { REACTIONS, reactionsMessage } from '#main/xmpp/features/reactions.ts';
import { replyContent } from '#main/xmpp/features/replies.ts';
import { retractionMessage } from '#main/xmpp/features/retraction.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { Peer } from '#tests/support/peer.ts';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'rosa@localhost';
let story: Story;
let quin: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  quin = await story.friend(OWN, 'quin@localhost', 'Quin');
  await story.friend(OWN, 'sol@localhost', 'Sol');
  await story.window.goTo('Chats');
  await quin.say(OWN, 'Shall we meet?', 'meet');
  await quin.say(OWN, 'At the old harbour, or', 'harbour');
  await story.window.openChat('Quin');
});

test.afterAll(() => story.end());

/** Chooses an entry of a message's menu, by the pointer. */
const act = async (text: string, entry: string): Promise<void> => {
  const { window, page } = story;
  await window
    .message(text)
    .first()
    .locator('[data-content]')
    .click({ button: 'right', position: { x: 8, y: 8 } });
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
};

const reactionsTo =
  (id: string, ...emojis: readonly string[]) =>
  (stanza: Element): boolean => {
    const reactions = stanza.getChild('reactions', REACTIONS);
    const given = reactions?.getChildren('reaction').map((one) => one.text());
    return reactions?.attrs['id'] === id && given?.join() === emojis.join();
  };

/** The id under which the others know a message of ours. */
const idOf = async (body: string): Promise<string> => (await quin.expectText(body)).attrs['id'] ?? '';

test('a reaction out of all emoji, found by its name, by keyboard alone', async () => {
  const { window, page } = story;
  await act('Shall we meet?', 'React');
  await window.button('More emoji…').click();
  const search = page.getByRole('searchbox', { name: 'Search emoji' });
  await expect(search).toBeFocused();
  await search.pressSequentially('hedgehog');
  await expect(page.getByRole('grid').getByRole('gridcell')).toHaveCount(1);
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await search.press('Enter');
  await expect(window.button('🦔, 1 person')).toHaveAttribute('aria-pressed', 'true');
  await quin.expect('the reaction', reactionsTo('meet', '🦔'));

  await quin.send(reactionsMessage({ to: OWN, id: 'r1', type: 'chat', about: 'meet', emojis: ['🦔', '🎉'] }));
  await expect(window.button('🦔, 2 people')).toBeVisible();
  await window.button('🎉, 1 person').click();
  await quin.expect('both', reactionsTo('meet', '🦔', '🎉'));
  await window.button('🦔, 2 people').click();
  await expect(window.button('🦔, 1 person')).toHaveAttribute('aria-pressed', 'false');
  await quin.expect('the other one alone', reactionsTo('meet', '🎉'));
});

test('an emoji in the middle of a text, with a skin tone; nothing of it is in the storage of the browser', async () => {
  const { window, page } = story;
  await window.composer.fill('Yes  of course');
  await window.composer.press('Home');
  for (let step = 0; step < 4; step += 1) await window.composer.press('ArrowRight');
  await window.button('Insert an emoji').click();
  await window.button('Medium skin tone').click();
  await page.getByRole('searchbox', { name: 'Search emoji' }).fill('waving hand');
  await page.getByRole('gridcell', { name: 'waving hand', exact: true }).click();
  await expect(window.composer).toBeFocused();
  await expect(window.composer).toHaveValue('Yes 👋🏽 of course');
  await window.composer.press('Enter');
  await quin.expectText('Yes 👋🏽 of course');

  await window.button('Insert an emoji').click();
  await expect(page.getByRole('toolbar', { name: 'Used recently' }).getByRole('button')).toHaveText([
    '👋🏽',
    '🦔',
  ]);
  await page.keyboard.press('Escape');
  await expect(window.button('Insert an emoji')).toBeFocused();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.getItem('frimousse')])).toEqual([
    0,
    null,
  ]);
});

test('the last message is edited with the arrow key, an older one from its menu; all versions stay', async () => {
  const { window, page } = story;
  await window.say('I come at thre');
  await expect(window.message('I come at thre')).toContainText('On the server');
  await window.composer.press('ArrowUp');
  const edit = page.getByRole('textbox', { name: /^Edit your message to/ });
  await expect(edit).toHaveValue('I come at thre');
  await edit.fill('I come at three');
  await edit.press('Enter');
  await expect(window.message('I come at three')).toContainText('edited');
  const correction = await quin.expectText('I come at three');
  expect(correction.getChild('replace')?.attrs['id']).toBe(await idOf('I come at thre'));

  await act('Yes 👋🏽', 'Edit');
  await edit.fill('No, sorry');
  await edit.press('Enter');
  expect((await quin.expectText('No, sorry')).getChild('replace')?.attrs['id']).toBe(
    await idOf('Yes 👋🏽 of course'),
  );

  await page
    .getByRole('button', { name: /^Edited .* Show the earlier versions/ })
    .last()
    .click();
  const dialog = page.getByRole('dialog', { name: 'Versions of this message' });
  await expect(dialog.getByRole('listitem')).toContainText(['I come at three', 'I come at thre']);
  await page.keyboard.press('Escape');
});

test('the other side corrects an older message of theirs, and what it said before can be read', async () => {
  const { window, page } = story;
  const extensions = [replace('harbour')];
  await quin.send(
    textMessage({ to: OWN, id: 'h2', body: 'At the old harbour', chatState: false, extensions }),
  );
  const row = window.message('At the old harbour');
  await expect(row).toHaveCount(1);
  await expect(row).not.toContainText('harbour, or');
  await row.getByRole('button', { name: /^Edited/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Versions of this message' });
  await expect(dialog.getByRole('listitem')).toContainText(['At the old harbour', 'At the old harbour, or']);
  await page.keyboard.press('Escape');
});

test('answers quote what they answer, in both directions, and lead there', async () => {
  const { window } = story;
  await act('Shall we meet?', 'Reply');
  await expect(window.conversation.getByText(/Reply to .?Quin/)).toBeVisible();
  await window.say('Gladly');
  const row = window.message('Gladly');
  await expect(row).toContainText('Shall we meet?');
  const heard = await quin.expect('the answer', (stanza) => stanza.getChild('reply')?.attrs['id'] === 'meet');
  expect(heard.getChildText('body')).toBe('> Shall we meet?\nGladly');

  const { body, extensions } = replyContent({
    ...{ id: await idOf('I come at thre'), author: OWN },
    ...{ quoted: 'I come at three', body: 'Better at four' },
  });
  await quin.send(textMessage({ to: OWN, id: 'q1', body, chatState: false, extensions }));
  const answer = window.message('Better at four');
  await expect(answer).toContainText('I come at three');
  await expect(answer).not.toContainText('> I come');
  await answer.getByRole('button', { name: /I come at three/ }).click();
  await expect(window.message('I come at three').first()).toBeInViewport();
});

test('a text is copied, and quoted into the box above what stands there', async () => {
  const { window } = story;
  await act('Better at four', 'Copy text');
  await window.composer.press('ControlOrMeta+V');
  await expect(window.composer).toHaveValue('Better at four');
  await window.composer.fill('Why?');
  await act('Better at four', 'Quote');
  await expect(window.composer).toHaveValue('> Better at four\nWhy?');
  await window.composer.fill('');
});

test('a message goes on to one chat, which opens, or to several', async () => {
  const { window, page } = story;
  await act('At the old harbour', 'Forward…');
  const dialog = page.getByRole('dialog', { name: 'Forward a message' });
  await expect(dialog).toContainText('without the name of its author');
  await dialog.getByLabel('Name or address').fill('so');
  await expect(dialog.getByRole('checkbox')).toHaveCount(1);
  await dialog.getByLabel('Name or address').press('Enter');
  await expect(dialog).toContainText('1 chosen');
  await dialog.getByLabel('Name or address').press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(window.conversation.getByRole('heading', { name: 'Sol' })).toBeVisible();
  await expect(window.message('At the old harbour')).toContainText('On the server');

  const tess = await story.peer('tess@localhost');
  await window.startChat('tess@localhost');
  await window.composer.fill('I wanted to say');
  await window.openChat('Quin');
  await act('Better at four', 'Forward…');
  await dialog.getByRole('checkbox', { name: /Sol/ }).check();
  await dialog.getByRole('checkbox', { name: /tess@localhost/ }).check();
  await window.button('Forward', dialog).click();
  await expect(dialog).toContainText('On its way to 2 chats.');
  await window.button('Close', dialog).click();
  await tess.expectText('Better at four');
  await window.openChat('tess@localhost');
  await expect(window.composer).toHaveValue('I wanted to say');
  await window.openChat('Quin');
});

test('what is deleted here is still there for the others; what is taken back, they are asked to forget', async () => {
  const { window, page } = story;
  await act('Gladly', 'Delete…');
  const dialog = page.getByRole('alertdialog', { name: 'Delete this message?' });
  await window.button('Delete on this computer', dialog).click();
  await expect(window.message('Gladly')).toHaveCount(0);
  expect(quin.heard.some((stanza) => stanza.getChild('retract') !== undefined)).toBe(false);

  await act('I come at three', 'Delete…');
  await expect(dialog).toContainText('Nobody can force them');
  await window.button('Delete for everyone', dialog).click();
  await expect(window.message('You took this message back')).toBeVisible();
  const id = await idOf('I come at thre');
  await quin.expect('the retraction', (stanza) => stanza.getChild('retract')?.attrs['id'] === id);

  await quin.send(retractionMessage({ to: OWN, id: 'x1', type: 'chat', retracts: 'q1' }));
  await expect(window.message('This message was taken back')).toBeVisible();
  await expect(window.timeline).not.toContainText('Better at four');
});

test('a message that came back is deleted where it stands', async () => {
  const { window, page } = story;
  await window.startChat('nowhere@localhost');
  await window.say('Is anybody here?');
  const failed = window.message('Is anybody here?');
  await expect(failed).toContainText('Not sent:');
  await window.button('Delete…', failed).click();
  await window.button('Delete on this computer', page.getByRole('alertdialog')).click();
  await expect(failed).toHaveCount(0);
  expect(story.complaints).toEqual([]);
});

test('for some seconds a message can be had back, or sent at once', async () => {
  const { window, page } = story;
  await window.goTo('Settings');
  await window.button('Chats and privacy').click();
  await page.getByLabel('Time to undo sending').selectOption('30 seconds');
  await window.goTo('Chats');
  await window.openChat('Quin');
  await window.say('This is a secret');
  await expect(page.getByText('Your message has not left yet.')).toBeVisible();
  await window.button('Undo').click();
  await expect(window.composer).toHaveValue('This is a secret');
  await expect(window.message('This is a secret')).toHaveCount(0);
  await window.composer.fill('This is none');
  await window.composer.press('Enter');
  await window.button('Send now').first().click();
  await quin.expectText('This is none');
  await expect(window.message('This is none')).toContainText('On the server');
  expect(quin.heard.some((stanza) => stanza.getChildText('body') === 'This is a secret')).toBe(false);

  await window.goTo('Settings');
  await page.getByLabel('Time to undo sending').selectOption('Send at once');
  await window.goTo('Chats');
});

test('a message for later says when, can be moved, changed, withdrawn and sent, and outlives a restart', async () => {
  const { window, page } = story;
  await window.composer.fill('Happy birthday');
  await window.button('Send later…').click();
  const dialog = page.getByRole('dialog', { name: 'Send later' });
  const year = new Date().getFullYear() + 1;
  await dialog.getByLabel('Goes out at').fill('2020-01-01T09:00');
  await window.button('Schedule', dialog).click();
  await expect(dialog).toContainText('Choose a time that is still to come.');
  await dialog.getByLabel('Goes out at').fill(`${year}-05-04T09:00`);
  await window.button('Schedule', dialog).click();
  await expect(window.message('Happy birthday')).toContainText('Scheduled');

  await act('Happy birthday', 'Another time…');
  await dialog.getByLabel('Goes out at').fill(`${year}-06-07T10:30`);
  await window.button('Schedule', dialog).click();
  await expect(window.message('Happy birthday')).toContainText('10:30');
  await act('Happy birthday', 'Edit');
  await page.getByRole('textbox', { name: /^Edit your message to/ }).fill('Happy birthday, Quin!');
  await page.keyboard.press('Enter');
  await expect(window.message('Happy birthday, Quin!')).not.toContainText('edited');

  await story.stop();
  await story.start();
  const { window: again } = story;
  await again.unlock(PASSPHRASE);
  await again.openChat('Quin');
  await expect(again.message('Happy birthday, Quin!')).toContainText('10:30');
  await act('Happy birthday, Quin!', 'Send now');
  await quin.expectText('Happy birthday, Quin!');
  expect(quin.heard.filter((stanza) => stanza.getChildText('body')?.includes('birthday'))).toHaveLength(1);

  await again.composer.fill('Never mind');
  await again.button('Send later…').click();
  await again.button('Schedule', story.page.getByRole('dialog', { name: 'Send later' })).click();
  await act('Never mind', 'Do not send');
  await expect(again.composer).toHaveValue('Never mind');
  expect(story.complaints).toEqual([]);
});
