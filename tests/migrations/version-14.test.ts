import { expect, test } from 'vitest';
import type { ChatId, DeviceId } from '#shared/ids.ts';
import { openDatabase } from '#main/store/database.ts';
import { temporaryProfile, TEST_KEY } from '#tests/support/temporary-profile.ts';
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
import { stepToVersionThirteen } from './version-13.ts';

const later = [
  stepToVersionTwo,
  stepToVersionThree,
  stepToVersionFour,
  stepToVersionFive,
  stepToVersionSix,
  stepToVersionSeven,
  stepToVersionEight,
  stepToVersionNine,
  stepToVersionTen,
  stepToVersionEleven,
  stepToVersionTwelve,
  stepToVersionThirteen,
];

test('version 14 takes no device of version 13 for ChatSecure, and remembers what is opened from then on', () => {
  const profile = temporaryProfile();
  const device = `INSERT INTO omemo_devices (account_id, jid, device_id, listed, first_list, first_seen)
    VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 7, 1, 1, 5);
    INSERT INTO omemo_sessions (account_id, jid, device_id, record, healed_at)
    VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 7, X'01', 5);`;
  const old = openDatabase(profile.paths.database, TEST_KEY, []);
  for (const sql of [versionOneSchema, versionOneRows, ...later, device]) old.execute(sql);
  old.close();
  const { store } = profile.open();
  const { devices, sessions } = store.omemo;
  const accountId = store.chats.accountOf(1 as ChatId);
  const place = { accountId, jid: 'romeo@montague.example', deviceId: 7 as DeviceId };
  expect(devices.get(accountId, place.jid, place.deviceId)?.chatSecure).toBeUndefined();
  devices.noteChatSecure(accountId, place.jid, place.deviceId, 'chatsecure1');
  expect(devices.get(accountId, place.jid, place.deviceId)?.chatSecure).toBe('chatsecure1');
  expect(sessions.toldAt(place)).toBeUndefined();
  sessions.noteTold(place, 9);
  expect([sessions.toldAt(place), sessions.healedAt(place), sessions.record(place)?.length]).toEqual([
    9, 5, 1,
  ]);
  const digest = new Uint8Array(16);
  expect(sessions.wasOpened(digest)).toBe(false);
  for (const at of [1, 2]) sessions.noteOpened(accountId, digest, at);
  sessions.forgetOpened(accountId, 1);
  expect(sessions.wasOpened(digest)).toBe(true);
  sessions.forgetOpened(accountId, 2);
  expect(sessions.wasOpened(digest)).toBe(false);
});
