/** From nothing to a window with an account, with everything that can go wrong on the way. */
import { createServer, type AddressInfo } from 'node:net';
import { expect, PASSPHRASE, Story, test } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

const JID = 'ada@localhost';
let story: Story;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await server.register(JID);
});

test.afterAll(() => story.end());

test('a computer without a keychain: the passphrase is asked for once, and the reason stands there', async () => {
  const { window, page } = story;
  await expect(page.getByRole('heading', { name: 'Choose a passphrase' })).toBeVisible();
  await expect(page.getByText(/no keychain that ChatSecure can use \(.*D-Bus.*\)/)).toBeVisible();
  await expect(page.getByText('Nobody can restore it for you.')).toBeVisible();

  await window.field('Passphrase').fill('12345678');
  await window.field('Repeat the passphrase').fill('12345678');
  await window.button('Create and open').click();
  expect(await window.noteOf('Passphrase')).toBe('This is too easy to guess. Make it longer.');

  await window.field('Passphrase').fill(PASSPHRASE);
  await window.button('Create and open').click();
  expect(await window.noteOf('Repeat the passphrase')).toBe('The two are not the same.');

  await window.createProfile(PASSPHRASE);
});

test('there are three ways in, and the two that are not there yet say so', async () => {
  const { page } = story;
  await expect(page.getByRole('heading', { name: 'Private chat, on any server you like' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Log in/ })).toBeVisible();
  for (const name of ['Create an account', 'Open an invitation']) {
    await expect(page.getByText(name, { exact: true })).toBeVisible();
  }
  await expect(page.getByText(/^Comes with a later version\./)).toHaveCount(2);
});

test('a form that is not complete says what is missing, where it is missing', async () => {
  const { window } = story;
  await window.openLogin();
  await window.logIn({ jid: 'no address at all', password: '', host: '127.0.0.1', port: 99_999 });
  expect(await window.noteOf('XMPP address')).toBe('This is not an XMPP address. It looks like you@server.');
  expect(await window.noteOf('Password')).toBe('Enter the password.');
  expect(await window.noteOf('Port')).toBe('A port is a number from 1 to 65535.');
});

test('a wrong password: the error stands at the password, and nothing that was typed is lost', async () => {
  const { window, server } = story;
  const login = { ...server.login(JID), password: 'wrong' };
  await window.logIn(login);
  await expect(window.field('Password')).toHaveAttribute('aria-invalid', 'true');
  await expect(window.field('Password')).toBeFocused();
  expect(await window.noteOf('Password')).toContain('The server does not accept this password.');
  await expect(window.field('XMPP address')).toHaveValue(JID);
  await expect(window.field('Password')).toHaveValue('wrong');
  await expect(window.field('Host')).toHaveValue(login.host ?? '');
  await expect(window.field('Port')).toHaveValue(String(login.port));
});

test('a domain that the server does not know: the error stands at the address', async () => {
  const { window, server } = story;
  await window.logIn(server.login('ada@elsewhere.test'));
  await expect(window.field('XMPP address')).toHaveAttribute('aria-invalid', 'true');
  expect(await window.noteOf('XMPP address')).toContain('This server is not responsible for the address.');
});

test('a port where nobody listens, and a host that does not exist: the error stands at the server', async () => {
  const { window, server } = story;
  await window.logIn({ ...server.login(JID), port: await freePort() });
  await expect(window.field('Host')).toHaveAttribute('aria-invalid', 'true');
  expect(await window.noteOf('Host')).toContain('The server refuses the connection.');

  await window.logIn({ ...server.login(JID), host: 'nowhere.invalid' });
  await expect(window.field('Host')).toHaveAttribute('aria-invalid', 'true');
  expect(await window.noteOf('Host')).toContain('The server was not found.');
});

test('then everything is right, and the window opens', async () => {
  const { window, server, page } = story;
  await window.logIn(server.login(JID));
  await expect(window.online).toHaveText('1 account online, history encrypted on this computer');
  await expect(page.getByText('No chats yet')).toBeVisible();
  await window.goTo('Contacts');
  await expect(page.getByText('No contacts yet')).toBeVisible();
});

test('the same account cannot be added twice', async () => {
  const { window, server, page } = story;
  await window.openLogin();
  await window.logIn(server.login(JID.toUpperCase()));
  await expect(page.getByText('This account is already here.')).toBeVisible();
  await window.button('Cancel').click();
  await expect(window.online).toBeVisible();
});

test('the next start asks for the passphrase, takes no other, and the account is there', async () => {
  await story.stop();
  await story.start();
  const { window } = story;
  await window.unlock('not the passphrase');
  await expect(window.field('Passphrase')).toHaveAttribute('aria-invalid', 'true');
  expect(await window.noteOf('Passphrase')).toContain('This is not the passphrase.');
  await window.unlock(PASSPHRASE);
  await expect(window.online).toHaveText('1 account online, history encrypted on this computer');
  expect(story.complaints).toEqual([]);
});

/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};
