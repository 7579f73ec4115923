import { expect, test } from './support/app-test.ts';

test('a profile without a keychain is made with a passphrase, and opens again with it alone', async ({
  openApp,
}) => {
  const first = await openApp();
  await first.page.getByLabel('Passphrase', { exact: true }).fill('correct horse battery staple');
  await first.page.getByLabel('Repeat the passphrase').fill('correct horse battery staple');
  await first.page.getByRole('button', { name: 'Create and open' }).click();
  await expect(first.page.getByLabel('Repeat the passphrase')).toHaveCount(0);
  await expect(first.page.getByRole('heading').first()).toBeVisible();
  await first.stop();

  const second = await openApp();
  const passphrase = second.page.getByLabel('Passphrase', { exact: true });
  await passphrase.fill('wrong');
  await passphrase.press('Enter');
  await expect(passphrase).toHaveAttribute('aria-invalid', 'true');
  await passphrase.fill('correct horse battery staple');
  await passphrase.press('Enter');
  await expect(passphrase).toHaveCount(0);
  await expect(second.page.getByRole('heading').first()).toBeVisible();
});

test('a reload keeps the window', async ({ openApp }) => {
  const { page } = await openApp();
  await expect(page.getByLabel('Repeat the passphrase')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Repeat the passphrase')).toBeVisible();
});
