/** Servers whose certificate nobody vouches for: what is shown, what trusting means, and what it does not. */
import { X509Certificate } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Locator } from '@playwright/test';
import { spkiOf } from '#main/net/certificate.ts';
import { createAuthority } from '#tests/support/certificates.ts';
import { expect, PASSPHRASE, Story, test, type TestServer } from '../support/story.ts';

test.describe.configure({ mode: 'serial' });

let story: Story;

test.beforeAll(async ({ browser, server }, info) => {
  story = await Story.begin({ browser, server }, info);
  await story.window.createProfile(PASSPHRASE);
  for (const host of ['selfsigned.test', 'expired.test', 'wrongname.test'])
    await server.register(`eve@${host}`);
});

test.afterAll(() => story.end());

const box = (): Locator => story.page.getByRole('alert').filter({ hasText: 'Trust this certificate only' });

const certificateOf = async (server: TestServer, host: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(path.join(server.prosody.dir, 'certs', `${host}.crt`)));

test('a certificate of another name is refused with its own sentence', async ({ server }) => {
  const { window } = story;
  await window.openLogin();
  await window.logIn(server.login('eve@wrongname.test'));
  await expect(box()).toContainText('The certificate belongs to another server.');
  await expect(box()).toContainText('Somebody may be between you and the server.');
});

test('an expired certificate says that it is not valid today', async ({ server }) => {
  const { window } = story;
  await window.logIn(server.login('eve@expired.test'));
  await expect(box()).toContainText("This server's certificate is not valid today.");
  await expect(box()).toContainText('valid until 1 Jan 2001');
});

test('a certificate signed by itself can be looked at before anything is decided', async ({ server }) => {
  const { window } = story;
  await window.logIn(server.login('eve@selfsigned.test'));
  await expect(box()).toContainText("This server's certificate is not signed by a known authority.");
  const certificate = await certificateOf(server, 'selfsigned.test');
  await expect(box()).toContainText(`SHA-256 ${certificate.fingerprint256.slice(0, 14)}:…`);
  await window.button('View', box()).click();
  await expect(box()).toContainText(certificate.fingerprint256.replaceAll(':', ' '));
  await expect(box()).toContainText(spkiOf(certificate));
  await expect(box()).toContainText('CN=selfsigned.test');
  await window.button('Hide', box()).click();
  await expect(box()).not.toContainText(spkiOf(certificate));
  // Nothing went to the server meanwhile.
  expect(await server.prosody.log()).not.toContain('Authenticated as eve@selfsigned.test');
});

test('trusting it logs in, and the chats open', async () => {
  const { window } = story;
  await window.button('Trust this certificate only', box()).click();
  await expect(window.online).toHaveText('1 account online, history encrypted on this computer');
});

test('the trust outlives a restart', async () => {
  await story.stop();
  await story.start();
  const { window } = story;
  await window.unlock(PASSPHRASE);
  await expect(window.online).toHaveText('1 account online, history encrypted on this computer');
});

test('another certificate afterwards is refused as changed, until the user decides again', async ({
  server,
}) => {
  const { window, page } = story;
  const before = await certificateOf(server, 'selfsigned.test');
  await replaceCertificate(server, 'selfsigned.test');
  await server.prosody.restart();
  const after = await certificateOf(server, 'selfsigned.test');
  expect(spkiOf(after)).not.toBe(spkiOf(before));

  await window.goTo('Settings');
  const account = page.getByRole('region', { name: 'eve@selfsigned.test' });
  await window.button('Try now', account).click();
  await expect(box()).toContainText('The server shows another key than the one you trusted.');
  await expect(box()).toContainText('If not, somebody is between you and the server.');
  await expect(account).toContainText('Needs your attention');
  await window.goTo('Chats');
  await expect(page.getByText('No account online')).toBeVisible();

  await window.goTo('Settings');
  await window.button('Trust this certificate only', box()).click();
  await expect(account).toContainText('Online');
});

test('an expired certificate can be trusted too, for its account alone', async ({ server }) => {
  const { window, page } = story;
  await window.openLogin();
  await window.logIn(server.login('eve@expired.test'));
  await expect(box()).toContainText("This server's certificate is not valid today.");
  await window.button('Trust this certificate only', box()).click();
  await expect(window.online).toHaveText('2 accounts online, history encrypted on this computer');

  await window.openLogin();
  await window.logIn(server.login('eve@wrongname.test'));
  await expect(box()).toContainText('The certificate belongs to another server.');
  await window.button('Cancel').click();
  await expect(page.getByText('2 accounts online')).toBeVisible();
  expect(story.complaints).toEqual([]);
});

/** What an administrator does once a year, and an attacker when it pays. */
const replaceCertificate = async (server: TestServer, host: string): Promise<void> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-certificate-'));
  try {
    const { certFile, keyFile } = await (await createAuthority(folder)).issue(host, { selfSigned: true });
    await copyFile(certFile, path.join(server.prosody.dir, 'certs', `${host}.crt`));
    await copyFile(keyFile, path.join(server.prosody.dir, 'certs', `${host}.key`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
