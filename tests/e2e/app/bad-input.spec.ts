/** What strangers send and what slips into a form: shown harmlessly or refused with a sentence, and nothing lost. */
import type { Peer } from '#tests/support/peer.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { expect, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const OWN = 'hana@localhost';
const MALLORY = 'mallory@localhost';
/** Right-to-left override: what follows would be drawn backwards. */
const RLO = '\u202e';
let story: Story;
let mallory: Peer;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.logInAs(OWN);
  mallory = await story.peer(MALLORY);
});

test.afterAll(() => story.end());

/** Nothing sticks out of the window sideways. */
const staysInside = async (): Promise<void> => {
  const sticksOut = await story.page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('main, section, ul, [role=feed]')]
      .filter(
        (element) =>
          element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX !== 'hidden',
      )
      .map((element) => `${element.tagName}.${element.className}`),
  );
  expect(sticksOut).toEqual([]);
};

test('a request under a name of 10,000 characters that runs backwards: short and readable, with the address below', async () => {
  const { window, page } = story;
  const nick = `${RLO}gnp.exe ${'very '.repeat(2_000)}long`;
  await mallory.send(
    xml(
      'presence',
      { type: 'subscribe', to: OWN },
      xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, nick),
      xml('status', {}, `Hello\n${RLO}\n`.repeat(200)),
    ),
  );
  await window.goTo('Contacts');
  const request = page.getByRole('region', { name: 'Requests' });
  await expect(request).toContainText('gnp.exe very very');
  await expect(request).toContainText(MALLORY);
  expect(await request.textContent()).not.toContain(RLO);
  const height = (await request.boundingBox())?.height ?? 0;
  expect(height).toBeLessThan(400);
  await staysInside();

  await window.button(/^Accept the request of/).click();
  await mallory.befriend(OWN);
  await mallory.show('away', `${RLO}${'status '.repeat(1_000)}`);
  await expect(window.contact('gnp.exe')).toContainText('Away');
  await window.contact('gnp.exe').click();
  expect(await window.conversation.textContent()).not.toContain(RLO);
  await staysInside();
});

test('texts that try to break out: overrides, stacked marks, a word without an end, ninety lines', async () => {
  const { window } = story;
  const texts = {
    override: `Pay ${RLO}100 EUR to me`,
    stacked: `A${'\u0334\u0335\u0336\u0337\u0338'.repeat(100)} stacked`,
    endless: `endless${'x'.repeat(5_000)}`,
    link: `https://example.org/${'a'.repeat(3_000)}`,
    lines: Array.from({ length: 90 }, (_, line) => `Line ${line}`).join('\n'),
    script: '<script>document.title="owned"</script><style>*{display:none}</style>',
  };
  for (const text of Object.values(texts)) await mallory.say(OWN, text);
  await window.goTo('Chats');
  await window.openChat('gnp.exe');
  await expect(window.message('<script>')).toContainText(texts.script);
  await expect(window.message('Line 0')).toBeVisible();
  await staysInside();
  for (const part of ['endlessx', 'stacked', '100 EUR']) {
    await window.message(part).scrollIntoViewIfNeeded();
    await staysInside();
  }
  await expect(window.page).not.toHaveTitle('owned');
  await mallory.say(OWN, texts.override);
  await expect(window.chat('gnp.exe')).toContainText('Pay 100 EUR to me');
  expect(await window.chat('gnp.exe').textContent()).not.toContain(RLO);
});

test('a long text is folded, and opens', async () => {
  const { window } = story;
  const lines = window.message('Line 0');
  await lines.scrollIntoViewIfNeeded();
  await expect(lines).not.toContainText('Line 80');
  await window.button('Show the whole message', lines).click();
  await expect(lines).toContainText('Line 89');
  await window.button('Show less', lines).click();
  await expect(lines).not.toContainText('Line 80');
});

test('a message above what clients may send is folded, and where it is cut that is shown', async () => {
  const { window } = story;
  await window.toNewest();
  await deliver(`("start " .. ("0123456789abcdef"):rep(12000) .. " finish")`);
  await deliver(`("larger " .. ("0123456789abcdef"):rep(19200) .. " finish")`);
  for (const [start, end] of [
    ['start 0123', / finish$/],
    ['larger 0123', /\d \[…\]$/],
  ] as const) {
    const text = window.message(start).locator('[dir=auto]');
    await expect(text).toHaveText(/…$/);
    await window.button('Show the whole message', window.message(start)).click();
    expect((await text.textContent())?.slice(-20)).toMatch(end);
    await window.button('Show less', window.message(start)).click();
  }
  await mallory.say(OWN, 'And on it goes');
  await expect(window.chat('gnp.exe')).toContainText('And on it goes');
  await staysInside();
});

test('characters that XML cannot carry are left out of what is sent, and the box says so', async () => {
  const { window } = story;
  await window.composer.focus();
  await story.page.evaluate(() =>
    document.execCommand('insertText', false, 'a\u0000b \ud83d lone \u0008 end'),
  );
  await expect(
    story.page.getByText('Some characters in this text cannot be sent and are left out.'),
  ).toBeVisible();
  await window.composer.press('Enter');
  await expect(window.composer).toHaveValue('');
  const heard = await mallory.expect(
    'the text',
    (stanza) => stanza.getChildText('body')?.startsWith('ab ') === true,
  );
  expect(heard.getChildText('body')).toBe('ab \ufffd lone  end');
  await expect(window.message('lone')).toContainText('On the server');
  await expect(
    story.page.getByText('Some characters in this text cannot be sent and are left out.'),
  ).toHaveCount(0);
});

test('a text of 50,000 characters is sent; one more is counted, kept, and not sent', async () => {
  const { window, page } = story;
  await window.composer.fill(`${'lang '.repeat(10_000)}!`);
  await expect(page.getByText('1 character too many. Send it in parts.')).toBeVisible();
  await expect(window.button('Send')).toBeDisabled();
  await window.composer.press('Enter');
  await expect(window.composer).not.toHaveValue('');
  await window.composer.press('Backspace');
  await expect(page.getByText('0 characters left')).toBeVisible();
  await window.composer.press('Enter');
  await expect(window.composer).toHaveValue('');
  await mallory.expect('all of it', (stanza) => stanza.getChildText('body')?.length === 50_000);
});

test('what is no address is refused in every form that asks for one', async () => {
  const { window, page } = story;
  const bad = [
    '@',
    'a@',
    '@b',
    'a@b@c',
    'a b@localhost',
    `${'x'.repeat(1_100)}@localhost`,
    'a@..b',
    `a${RLO}@localhost`,
    '<a@localhost>',
  ];
  const sentence = 'This is not an XMPP address. It looks like you@server.';

  await window.button('New chat').first().click();
  const newChat = page.getByRole('dialog', { name: 'New chat' });
  // "@" alone finds the one contact, whose address has it.
  for (const jid of bad.slice(1)) {
    await newChat.getByLabel('Name or XMPP address').fill(jid);
    await window.button('Start chat', newChat).click();
    await expect(newChat.getByText(sentence), jid).toBeVisible();
  }
  await page.keyboard.press('Escape');

  await window.goTo('Contacts');
  await window.button('Add a contact').click();
  const add = page.getByRole('dialog', { name: 'Add a contact' });
  for (const jid of [...bad, 'example.org']) {
    await add.getByLabel('XMPP address').fill(jid);
    await window.button('Add', add).click();
    await expect(add.getByText(sentence), jid).toBeVisible();
  }
  // The own address only main can refuse; the focus stays, so that Escape closes the dialog.
  await add.getByLabel('XMPP address').fill(OWN);
  await window.button('Add', add).click();
  await expect(add.getByText(sentence)).toBeVisible();
  await page.keyboard.press('Escape');

  await window.openLogin();
  for (const jid of [...bad, 'a@localhost/phone']) {
    await window.logIn({ jid, password: 'x' });
    expect(await window.noteOf('XMPP address'), jid).toBe(sentence);
  }
  await window.button('Cancel').click();
});

test('after all of that the connection still stands, and the window has not complained once', async () => {
  const { window } = story;
  await expect(window.online).toBeVisible();
  await mallory.say(OWN, 'Still there?');
  await expect(window.chat('gnp.exe')).toContainText('Still there?');
  expect(story.complaints).toEqual([]);
});

/** Puts a message into the server itself, past the limits that it has for clients. @param body a Lua expression */
const deliver = async (body: string): Promise<void> => {
  const answer = await story.server.prosody.shell(
    `> local st = require "util.stanza"; prosody.core_post_stanza(prosody.hosts["localhost"], st.message({ from = "${MALLORY}/x", to = "${OWN}", type = "chat", id = tostring(math.random()) }, ${body}))`,
  );
  expect(answer).not.toContain('rror');
};
