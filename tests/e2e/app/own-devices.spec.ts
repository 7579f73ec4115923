/** Two computers of one account, each with this application, and somebody whom both talk to, on a real server. */
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { until } from '#tests/support/until.ts';
import type { AccountId } from '#shared/ids.ts';
import { shoot } from '../support/pictures.ts';
import { expect, PASSPHRASE, PASSWORD, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial', timeout: 120_000 });

const OWN = 'fay@localhost';
const LEE = 'lee@localhost';
const LOOKS = ['light', 'dark'] as const;

let desktop: Story;
let laptop: Story;
let lee: TestApp;
let leesAccount: AccountId;
/** As the laptop shows it to its user. */
let fingerprint = '';

test.beforeAll(async ({ browser, server }, info) => {
  desktop = await Story.begin({ browser, server }, info);
  await desktop.logInAs(OWN);
  await server.register(LEE);
  lee = await startApp({ extraCa: server.prosody.ca });
  leesAccount = (await logIn(lee, server.prosody, LEE, PASSWORD)).id;
  await lee.window.api.contacts.add({ accountId: leesAccount, jid: OWN, name: 'Fay' });
  await desktop.window.acceptRequest(LEE);
  await desktop.window.renameContact(LEE, 'Lee');
  await openLee(desktop);
  await desktop.window.say('Written before there was a laptop');
  await received('Written before there was a laptop');
  laptop = await Story.begin({ browser, server }, info);
  await laptop.window.createProfile(PASSPHRASE);
  await laptop.window.openLogin();
  await laptop.window.logIn(server.login(OWN));
  await expect(laptop.window.online).toBeVisible();
});

test.afterAll(async () => {
  await lee.stop();
  await desktop.end();
  await laptop.end();
});

const openLee = async ({ window, page }: Story): Promise<void> => {
  await window.goTo('Contacts');
  await window.contact('Lee').click();
  await page.getByRole('button', { name: 'Write a message' }).click();
  await expect(page.getByPlaceholder('Message, encrypted with OMEMO')).toBeVisible();
};

const received = (body: string) => lee.window.message(body, (message) => message.body === body);

const leeWrites = async (text: string): Promise<void> => {
  const { api } = lee.window;
  const { id } = await api.chats.open({ accountId: leesAccount, jid: OWN });
  await api.messages.send({ chatId: id, text });
};

const ownDevice = (story: Story, key: string) =>
  story.page.getByRole('listitem').filter({ has: story.page.locator('code', { hasText: key }) });

test('a new computer of ones own is told of above everything, and shown with its key', async () => {
  await laptop.window.goTo('Settings');
  await laptop.page.getByRole('button', { name: 'Encryption', exact: true }).click();
  const here = laptop.page.getByRole('listitem', { name: 'This computer' });
  fingerprint = (await here.locator('code').textContent())?.trim() ?? '';
  expect(fingerprint).toMatch(/^([0-9a-f]{8} ?){8}$/);
  const { page } = desktop;
  await expect(page.getByText(/A new device is on your account .*fay@localhost/)).toBeVisible();
  await shoot(desktop, 'own-device-told', LOOKS);
  await page.getByRole('button', { name: 'Review devices' }).click();
  await expect(ownDevice(desktop, fingerprint)).toContainText('Not trusted yet');
});

test('what was not encrypted for it is shown there as what it is', async () => {
  await openLee(laptop);
  await openLee(desktop);
  await desktop.window.say('Not yet for the laptop');
  await received('Not yet for the laptop');
  const { timeline } = laptop.window;
  // Also what was written before it came.
  const unread = timeline.getByRole('article').filter({ hasText: 'A message could not be decrypted' });
  await expect(unread).toHaveCount(2);
  await expect(unread.last()).toContainText('You wrote it on another of your devices');
  await unread.last().getByRole('button', { name: 'Why?' }).click();
  await expect(unread.last()).toContainText('does not trust this computer yet');
  await shoot(laptop, 'own-device-left-out', [...LOOKS, 'light-narrow', 'dark-narrow']);
});

test('when it is trusted, each shows what the other sent', async () => {
  await desktop.window.goTo('Settings');
  await desktop.page.getByRole('button', { name: 'Encryption', exact: true }).click();
  await ownDevice(desktop, fingerprint).getByRole('switch').click();
  await expect(ownDevice(desktop, fingerprint)).toContainText('Trusted');
  await expect(desktop.page.getByText(/A new device is on your account/)).toHaveCount(0);
  await shoot(desktop, 'own-device-trusted', LOOKS);
  await openLee(desktop);
  await desktop.window.say('From the desktop');
  await expect(laptop.window.message('From the desktop')).toBeVisible();
  await laptop.window.say('From the laptop');
  await expect(desktop.window.message('From the laptop')).toBeVisible();
  for (const text of ['From the desktop', 'From the laptop'])
    expect(await received(text)).toMatchObject({ protection: 'omemo' });
});

test('what the other side writes is read on both, once it trusts the new one', async () => {
  const { api } = lee.window;
  await leeWrites('For the desktop alone');
  await expect(desktop.window.message('For the desktop alone')).toBeVisible();
  await expect(
    laptop.window.timeline.getByRole('article').filter({ hasText: /Ask .?Lee.? to send it again/ }),
  ).toHaveCount(1);
  const asked = { accountId: leesAccount, jid: OWN };
  const device = await until('the key of the laptop', async () =>
    (await api.encryption.devices({ ...asked, fetch: true })).devices.find(
      (one) => one.fingerprint === fingerprint,
    ),
  );
  expect(device).toMatchObject({ standing: 'undecided', isLater: true });
  await api.encryption.setTrust({ ...asked, deviceId: device.deviceId, fingerprint, trusted: true });
  await leeWrites('For both');
  for (const { window } of [desktop, laptop]) await expect(window.message('For both')).toBeVisible();
  await shoot(desktop, 'own-devices-desktop', LOOKS);
  await shoot(laptop, 'own-devices-laptop', [...LOOKS, 'light-narrow', 'dark-narrow']);
});

test('one of them is removed from the other, and gets nothing any more', async () => {
  const { api } = lee.window;
  await laptop.stop();
  await desktop.window.goTo('Settings');
  await desktop.page.getByRole('button', { name: 'Encryption', exact: true }).click();
  await ownDevice(desktop, fingerprint)
    .getByRole('button', { name: /^Remove device/ })
    .click();
  await desktop.page.getByRole('alertdialog').getByRole('button', { name: 'Remove device' }).click();
  await expect(ownDevice(desktop, fingerprint)).toContainText('Removed');
  await until('Lee to know', async () =>
    (await api.encryption.devices({ accountId: leesAccount, jid: OWN })).devices.some(
      (one) => one.fingerprint === fingerprint && one.standing === 'removed',
    ),
  );
  await leeWrites('Without the laptop');
  await openLee(desktop);
  await expect(desktop.window.message('Without the laptop')).toBeVisible();
  const sent = await lee.window.message(
    'Without the laptop on its way',
    ({ body, state }) => body === 'Without the laptop' && ['acked', 'delivered', 'read'].includes(state),
  );
  const { recipients } = await api.encryption.recipients({ messageId: sent.id });
  expect(recipients).toHaveLength(1);
  expect(recipients[0]?.fingerprint).not.toBe(fingerprint);
  expect([...desktop.complaints, ...laptop.complaints]).toEqual([]);
});
