import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import { openDatabase, type Database } from '#main/store/database.ts';
import { migrations } from '#main/store/migrations/index.ts';
import { unreadBySearch } from '#tests/support/unread.ts';
import { temporaryProfile, TEST_KEY } from '#tests/support/temporary-profile.ts';
import { oldDatabase } from './old-database.ts';
import { versionOneRows, versionOneSchema } from './version-1.ts';
import { stepToVersionTwo, versionTwoRows } from './version-2.ts';
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
import { stepToVersionFourteen } from './version-14.ts';

/** Comments and spaces are no part of a schema. */
const schemaOf = (database: Database): readonly string[] =>
  database
    .all<{ sql: string }>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name')
    .map(({ sql }) => sql.replace(/--.*$/gm, '').replace(/\s+/g, ' '));

describe('the list of migrations', () => {
  test('is numbered from 1 without gaps', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  });

  test('imports nothing from the application', () => {
    const folder = new URL('../../main/store/migrations/', import.meta.url);
    for (const { version } of migrations) {
      const index = readFileSync(new URL('index.ts', folder), 'utf8');
      const file =
        index.match(new RegExp(`'\\./(${String(version).padStart(4, '0')}-[a-z0-9-]+\\.ts)'`))?.[1] ?? '';
      expect(readFileSync(new URL(file, folder), 'utf8')).not.toMatch(/\bimport\b/);
    }
  });
});

test('each version is what was released, to the letter', () => {
  const released = [
    versionOneSchema,
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
    stepToVersionFourteen,
  ];
  for (const [index] of migrations.entries()) {
    const literal = temporaryProfile();
    const migrated = temporaryProfile();
    oldDatabase(literal.paths.database, ...released.slice(0, index + 1));
    const wanted = openDatabase(literal.paths.database, TEST_KEY, migrations.slice(0, index + 1));
    const made = openDatabase(migrated.paths.database, TEST_KEY, migrations.slice(0, index + 1));
    try {
      expect(schemaOf(made)).toEqual(schemaOf(wanted));
      expect(made.schemaVersion).toBe(index + 1);
    } finally {
      wanted.close();
      made.close();
    }
  }
});

describe('version 1', () => {
  test('with its rows is read by the present version', async () => {
    const profile = temporaryProfile();
    oldDatabase(profile.paths.database, versionOneSchema, versionOneRows);
    const { database, store } = profile.open();
    const juliet = '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11' as AccountId;
    expect(database.schemaVersion).toBe(migrations.length);
    expect(store.accounts.list()).toMatchObject([
      { id: juliet, jid: 'juliet@capulet.example', enabled: true, host: undefined, rosterVersion: 'v1' },
      {
        jid: 'nurse@capulet.example',
        enabled: false,
        host: 'xmpp.capulet.example',
        port: 5223,
        directTls: true,
      },
    ]);
    expect(store.accounts.resumeState(juliet)).toBe('{"id":"s"}');
    expect(store.contacts.list(juliet)).toMatchObject([
      { jid: 'romeo@montague.example', name: 'Romeo', groups: ['Friends'] },
      { jid: 'tybalt@capulet.example', name: undefined, asked: true },
    ]);
    expect(store.contacts.listRequests()).toMatchObject([{ jid: 'paris@verona.example', text: 'Hello' }]);
    expect(store.chats.list()).toMatchObject([
      { id: 1, draft: 'Good night, good ni', unread: 1, firstUnreadId: 3, last: { id: 5, state: 'failed' } },
      { id: 2, unread: 0, last: undefined },
    ]);
    expect(store.messages.findByArchiveId(1 as ChatId, 'a2')).toMatchObject({ id: 2, thread: 't' });
    expect(store.messages.require(5 as MessageId)).toMatchObject({ state: 'failed', failure: 'not-allowed' });
    expect(store.messages.requeueSending()).toMatchObject([{ id: 4, state: 'queued' }]);
    expect(store.outbox.next(juliet)).toMatchObject({
      messageId: 4,
      attempts: 1,
      stanza: '<message id="m4"/>',
    });
    expect(store.settings.all()).toEqual({ theme: 'dark' });
    expect(store.caps.features('sha-1 QgayPKawpkPSDYmwT/WM94uAlu0=')).toEqual(['urn:xmpp:ping']);
    expect(await store.secrets.get(`password ${juliet}`)).toBe('wherefore');
    expect(store.maintain()).toBe(false);
    expect(store.search.search({ query: 'cam', limit: 9 }).hits.map(({ message }) => message.id)).toEqual([
      4,
    ]);
    expect(store.revisions.next()).toBeGreaterThan(11);
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(database.all('PRAGMA foreign_key_check')).toEqual([]);
  });
});

describe('version 2', () => {
  test('keeps the order of the timeline and the read positions of version 1', () => {
    const profile = temporaryProfile();
    const sameTime = `
      INSERT INTO messages (id, chat_id, direction, sender_jid, body, at, sort_at, state, protection, rev)
      VALUES (11, 2, 'in', 'peter@capulet.example', 'second', 9, 500, 'received', 'none', 12),
             (10, 2, 'in', 'peter@capulet.example', 'first', 9, 500, 'received', 'none', 13),
             (9, 2, 'in', 'peter@capulet.example', 'third', 9, 501, 'received', 'none', 14);
      UPDATE chats SET read_sort_at = 500, read_id = 10 WHERE id = 2;`;
    oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, sameTime);
    const { database, store } = profile.open();
    const page = store.messages.page({ kind: 'latest', chatId: 2 as ChatId, limit: 9 });
    expect(page.rows.map(({ body }) => body)).toEqual(['first', 'second', 'third']);
    expect(page.rows[0]).toMatchObject({
      sortAt: 500,
      editedAt: undefined,
      retractedAt: undefined,
      reply: undefined,
      receiptWanted: false,
    });
    expect(store.chats.require(2 as ChatId)).toMatchObject({
      unread: 2,
      firstUnreadId: 11,
      standing: 'open',
      retention: 'default',
      historyStart: false,
    });
    expect(store.chats.require(1 as ChatId)).toMatchObject({ unread: 1, firstUnreadId: 3 });
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  test('sends on what waited, and never gives an id again', () => {
    const profile = temporaryProfile();
    oldDatabase(
      profile.paths.database,
      versionOneSchema,
      versionOneRows,
      'DELETE FROM messages WHERE id = 5',
    );
    const { store } = profile.open();
    const juliet = '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11' as AccountId;
    expect(store.outbox.next(juliet, undefined, 9_999)).toMatchObject({
      id: 1,
      messageId: 4,
      notBefore: undefined,
    });
    const message = store.messages.insertOutgoing({
      chatId: 1 as ChatId,
      senderJid: 'juliet@capulet.example',
      body: 'new',
      at: 9_999,
      protection: 'none',
      stanzaId: 'm6',
      originId: 'm6',
    });
    expect(message.id).toBeGreaterThan(5);
    expect(store.outbox.ofMessage(message.id)?.id).toBeGreaterThan(1);
    // Rows that have an archive id already are part of the archive's order.
    const live = { ...message, reply: undefined, archiveId: 'a6', at: 1, sortAt: undefined };
    expect(store.messages.insertIncoming(live).sortAt).toBeGreaterThan(2_001);
  });
});

describe('version 3', () => {
  test('keeps everything of version 2, and finds its words again', () => {
    const profile = temporaryProfile();
    oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, stepToVersionTwo, versionTwoRows);
    const { database, store } = profile.open();
    const juliet = '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11' as AccountId;
    const chatId = 1 as ChatId;
    expect(store.archive.lastConfirmed(juliet)).toEqual({ id: 'a2', sortAt: 2001.5 });
    expect(store.archive.gaps(juliet)).toMatchObject([{ afterId: 'a2', afterAt: 2001.5, beforeAt: 3000 }]);
    expect(store.chats.require(2 as ChatId)).toMatchObject({
      standing: 'request',
      retention: 7,
      pinned: true,
      mutedUntil: 99,
      historyStart: true,
    });
    expect(store.messages.require(2 as MessageId)).toMatchObject({
      sortAt: 2001.5,
      editedAt: 2500,
      reply: { id: 'm1', jid: 'juliet@capulet.example', quote: 'O Romeo' },
      receiptWanted: true,
      markable: true,
    });
    expect(store.edits.of(2 as MessageId).map(({ body }) => body)).toEqual([
      'Shall I hear more',
      'Shall I hear more?',
    ]);
    expect(store.messages.require(3 as MessageId).retractedAt).toBe(2600);
    expect(store.reactions.of([1 as MessageId])).toMatchObject([{ emojis: ['❤️'], at: 2700.5 }]);
    expect(store.references.take(chatId, ['m9'], 'juliet@capulet.example')).toMatchObject([
      { kind: 'reaction' },
    ]);
    expect(store.outbox.nextDueAt(juliet)).toBe(9000);
    expect(store.outbox.about(2 as MessageId)).toMatchObject([{ payload: { emojis: ['👎'] } }]);
    expect(store.blocked.list(juliet)).toEqual(['tybalt@capulet.example']);
    expect(store.maintain()).toBe(false);
    const found = (query: string): readonly number[] =>
      store.search.search({ query, limit: 9 }).hits.map(({ message }) => message.id);
    expect([found('hear more'), found('speak'), found('romeo')]).toEqual([[2], [], [1]]);
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(database.all('PRAGMA foreign_key_check')).toEqual([]);
  });

  test('still knows what was deleted in version 2', () => {
    const profile = temporaryProfile();
    oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, stepToVersionTwo, versionTwoRows);
    const { store } = profile.open();
    const base = {
      direction: 'in',
      senderJid: 'romeo@montague.example',
      protection: 'none',
      at: 400,
    } as const;
    const outcomes = store.messages.insertArchived([
      { ...base, chatId: 1 as ChatId, body: 'deleted', archiveId: 'a0', sortAt: 400 },
      { ...base, chatId: 2 as ChatId, body: 'cleared', archiveId: 'b1', sortAt: 500 },
      { ...base, chatId: 2 as ChatId, body: 'newer', archiveId: 'b2', sortAt: 501 },
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['ignored', 'ignored', 'inserted']);
  });
});

test('version 4 has no removed accounts yet', () => {
  const profile = temporaryProfile();
  const steps = [stepToVersionTwo, versionTwoRows, stepToVersionThree];
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...steps);
  const { store } = profile.open();
  expect(store.accounts.list()).toHaveLength(2);
  expect(store.messages.require(2 as MessageId).body).toBe('Shall I hear more?');
});

test('version 5 finds again what the index of version 4 knew', () => {
  const profile = temporaryProfile();
  const steps = [stepToVersionTwo, versionTwoRows, stepToVersionThree, stepToVersionFour];
  const indexed = `INSERT INTO messages_search (rowid, words) SELECT search_id, 'stale' FROM messages;
    INSERT INTO counters (name, value) VALUES ('search-version', 1017000), ('search-from', 0), ('search-purge', 2);`;
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...steps, indexed);
  const { store } = profile.open();
  while (store.maintain());
  const found = (query: string): number => store.search.search({ query, limit: 9 }).hits.length;
  expect([found('stale'), found('hear')]).toEqual([0, 1]);
});

test('version 6 gives every account a name of its own for its server', () => {
  const profile = temporaryProfile();
  const steps = [stepToVersionTwo, versionTwoRows, stepToVersionThree, stepToVersionFour, stepToVersionFive];
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...steps);
  const { store } = profile.open();
  const accounts = store.accounts.list();
  expect(new Set(accounts.map(({ userAgent }) => userAgent)).size).toBe(accounts.length);
  for (const { id, userAgent } of accounts) {
    // XEP-0388 section 2.3: a UUID of version 4.
    expect(userAgent).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(store.outbox.onTheirWay(id)).toEqual([]);
    expect(store.contacts.presences(id)).toEqual(new Map());
  }
});

test('version 8 counts what is unread', () => {
  const profile = temporaryProfile();
  const steps = [stepToVersionTwo, versionTwoRows, stepToVersionThree, stepToVersionFour, stepToVersionFive];
  oldDatabase(
    profile.paths.database,
    versionOneSchema,
    versionOneRows,
    ...steps,
    stepToVersionSix,
    stepToVersionSeven,
  );
  const { database, store } = profile.open();
  expect(store.chats.list().length).toBeGreaterThan(0);
  for (const { id, unread } of store.chats.list()) expect(unread).toBe(unreadBySearch(database, id));
});

test('version 9 keeps the reactions of version 8, which newer ones replace', () => {
  const profile = temporaryProfile();
  const reaction = `INSERT INTO reactions (message_id, sender_jid, emojis, at)
    VALUES (2, 'romeo@montague.example', '["👍"]', 100);`;
  const steps = [
    stepToVersionTwo,
    stepToVersionThree,
    stepToVersionFour,
    stepToVersionFive,
    stepToVersionSix,
  ];
  const later = [stepToVersionSeven, stepToVersionEight];
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...steps, ...later, reaction);
  const { store } = profile.open();
  const messageId = 2 as MessageId;
  const kept = { messageId, senderJid: 'romeo@montague.example', emojis: ['👍'], at: 100 };
  expect(store.reactions.of([messageId])).toEqual([kept]);
  expect(store.reactions.set({ ...kept, emojis: ['❤️'], at: 99, stanzaId: 'x' })).toBeUndefined();
  expect(store.reactions.set({ ...kept, emojis: ['❤️'], at: 101, stanzaId: 'x' })).toBeDefined();
});

test('version 10 leaves the protection of older chats to the settings, and their devices without a name', () => {
  const profile = temporaryProfile();
  const device = `INSERT INTO omemo_devices (account_id, jid, device_id, listed, first_list, first_seen)
    SELECT account_id, 'romeo@montague.example', 7, 1, 1, 100 FROM chats WHERE id = 1;`;
  const steps = [
    stepToVersionTwo,
    stepToVersionThree,
    stepToVersionFour,
    stepToVersionFive,
    stepToVersionSix,
  ];
  const later = [stepToVersionSeven, stepToVersionEight, stepToVersionNine];
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...steps, ...later, device);
  const { store } = profile.open();
  const chatId = 1 as ChatId;
  expect(store.protection.choice(chatId)).toBeUndefined();
  store.protection.setChoice(chatId, 'none');
  store.protection.setChoice(chatId, 'omemo');
  expect(store.protection.choice(chatId)).toBe('omemo');
  const [known] = store.omemo.devices.list(store.chats.accountOf(chatId), 'romeo@montague.example');
  expect(known).toMatchObject({ deviceId: 7, label: '' });
});

test('version 11 takes nobody for asked of whom version 10 knew no list', () => {
  const profile = temporaryProfile();
  const device = `INSERT INTO omemo_devices (account_id, jid, device_id, listed, first_list, first_seen)
    VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 7, 1, 1, 5),
           ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 8, 1, 0, 9),
           ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'tybalt@capulet.example', 9, 0, 1, 5);`;
  const steps = [
    stepToVersionTwo,
    stepToVersionThree,
    stepToVersionFour,
    stepToVersionFive,
    stepToVersionSix,
  ];
  const later = [stepToVersionSeven, stepToVersionEight, stepToVersionNine, stepToVersionTen];
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...steps, ...later, device);
  const { store } = profile.open();
  const juliet = store.chats.accountOf(1 as ChatId);
  const told = (jid: string): number | undefined => store.omemo.devices.toldAt(juliet, jid);
  expect(told('romeo@montague.example')).toBe(9);
  expect(told('tybalt@capulet.example')).toBeUndefined();
  expect(told('paris@verona.example')).toBeUndefined();
});

test('version 12 demands nothing of the logins of version 11, and keeps how the next one was bound', () => {
  const profile = temporaryProfile();
  const steps = [
    stepToVersionTwo,
    stepToVersionThree,
    stepToVersionFour,
    stepToVersionFive,
    stepToVersionSix,
  ];
  const later = [stepToVersionSeven, stepToVersionEight, stepToVersionNine, stepToVersionTen];
  const all = [...steps, ...later, stepToVersionEleven];
  oldDatabase(profile.paths.database, versionOneSchema, versionOneRows, ...all);
  const { accounts } = profile.open().store;
  const juliet = '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11' as AccountId;
  expect(accounts.loginBinding(juliet)).toBeUndefined();
  const binding = { mechanism: 'SCRAM-SHA-256-PLUS', type: 'tls-exporter', tlsVersion: undefined };
  accounts.setLoginBinding(juliet, binding, 5);
  expect(accounts.loginBinding(juliet)).toEqual(binding);
  accounts.setLoginBinding(juliet, undefined, 6);
  expect(accounts.loginBinding(juliet)).toBeUndefined();
});
