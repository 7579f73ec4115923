import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claimProfile } from '#main/store/profile.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { startChild } from '#tests/support/child-process.ts';
import { temporaryFolder, temporaryProfile } from '#tests/support/temporary-profile.ts';

const holder = new URL('../../support/children/hold-profile.ts', import.meta.url).pathname;

test('the folder of a profile is made for its owner only, also when it was open to others', () => {
  const folder = join(temporaryFolder(), 'a', 'profile');
  claimProfile(folder).dispose();
  expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
});

test('a second instance is refused while the first lives, and may come when it was killed', async () => {
  const folder = join(temporaryFolder(), 'profile');
  const first = startChild('node', [holder, folder]);
  expect(await first.nextLine()).toBe('claimed');
  expect(errorCode(() => claimProfile(folder))).toBe('profile-in-use');
  await first.kill();
  claimProfile(folder).dispose();
});

test('a profile that was given back can be claimed again', () => {
  const folder = temporaryFolder();
  claimProfile(folder).dispose();
  const claim = claimProfile(folder);
  expect(errorCode(() => claimProfile(folder))).toBe('profile-in-use');
  claim.dispose();
  claim.dispose();
  claimProfile(folder).dispose();
});

test('an open database is refused to others even without the claim', () => {
  const profile = temporaryProfile();
  const { store } = profile.open();
  expect(errorCode(() => profile.open())).toBe('profile-in-use');
  store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
});

test('a folder that cannot be made is an error of the storage', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, 'not a folder');
  expect(errorCode(() => claimProfile(join(file, 'profile')))).toBe('storage');
  expect(readFileSync(file, 'utf8')).toBe('not a folder');
});
