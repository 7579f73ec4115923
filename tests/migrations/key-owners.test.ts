import { expect, test } from 'vitest';
import type { AccountId } from '#shared/ids.ts';
import { temporaryProfile } from '#tests/support/temporary-profile.ts';
import { oldDatabase } from './old-database.ts';
import { versionOneRows, versionOneSchema } from './version-1.ts';
import { stepToVersionTwo } from './version-2.ts';
import { stepToVersionThree } from './version-3.ts';
import { stepToVersionFour } from './version-4.ts';
import { stepToVersionFive } from './version-5.ts';
import { stepToVersionSix } from './version-6.ts';
import { stepToVersionSeven } from './version-7.ts';
import { stepToVersionEight } from './version-8.ts';
import { stepToVersionNine } from './version-9.ts';
import { stepToVersionTen } from './version-10.ts';
import { stepToVersionEleven } from './version-11.ts';
import { stepToVersionTwelve } from './version-12.ts';

test('version 13 finds the owners of a key of version 12 by the key, whatever their addresses', () => {
  const profile = temporaryProfile();
  const steps = [stepToVersionTwo, stepToVersionThree, stepToVersionFour, stepToVersionFive];
  const later = [stepToVersionSix, stepToVersionSeven, stepToVersionEight, stepToVersionNine];
  const last = [stepToVersionTen, stepToVersionEleven, stepToVersionTwelve];
  const juliet = '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11' as AccountId;
  const key = `x'${'ab'.repeat(32)}'`;
  oldDatabase(
    ...[profile.paths.database, versionOneSchema, versionOneRows, ...steps, ...later, ...last],
    `INSERT INTO omemo_identities (account_id, jid, identity_key, trust, first_seen)
     VALUES ('${juliet}', 'romeo@montague.example', ${key}, 'verified', 1);`,
  );
  const { database, store } = profile.open();
  const { devices } = store.omemo;
  const ab = new Uint8Array(32).fill(0xab);
  expect(devices.belongsToAnother(juliet, 'paris@verona.example', ab)).toBe(true);
  expect(devices.belongsToAnother(juliet, 'romeo@montague.example', ab)).toBe(false);
  const plan = database.all<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT 1 FROM omemo_identities
    WHERE account_id = 'a' AND jid <> 'b' AND identity_key = x'00' LIMIT 1`);
  expect(plan.map(({ detail }) => detail).join()).toContain(
    'omemo_key_owners (account_id=? AND identity_key=?)',
  );
});
