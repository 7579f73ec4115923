import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import { openDatabase } from '#main/store/database.ts';
import { openStore, type Store } from '#main/store/store.ts';
import { startChild, type TestChild } from '#tests/support/child-process.ts';
import { temporaryFolder, temporaryProfile } from '#tests/support/temporary-profile.ts';

const childFile = (name: string): string => new URL(`../support/children/${name}`, import.meta.url).pathname;
const KEY = Buffer.alloc(32, 7);
const WRITES = 200;

type Check = (sql: string) => readonly unknown[];

/** A profile with one chat, and a process that writes into it. */
const setUp = (): {
  inStore: <T>(act: (store: Store, check: Check) => T) => T;
  write: (count: number, ...options: string[]) => TestChild;
  chatId: ChatId;
  logSize: () => number;
} => {
  const { folder, paths } = temporaryProfile();
  const inStore = <T>(act: (store: Store, check: Check) => T): T => {
    const database = openDatabase(paths.database, KEY);
    try {
      return act(openStore(database), (sql) => database.all(sql));
    } finally {
      database.close();
    }
  };
  const [accountId, chatId] = inStore((store) => {
    const account = store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
    return [account.id, store.chats.findOrCreate(account.id, 'romeo@montague.example', 1).id];
  });
  const writer = childFile('write-messages.ts');
  return {
    inStore,
    write: (count, ...options) =>
      startChild('node', [writer, folder, accountId, String(chatId), String(count), ...options]),
    chatId,
    logSize: () => statSync(`${paths.database}-wal`).size,
  };
};

const intact = [{ integrity_check: 'ok' }];

describe('a process that is killed while it writes', () => {
  test('loses no message whose commit it has reported, and leaves no half transaction', async () => {
    const { inStore, write, chatId } = setUp();
    const reported: number[] = [];
    // Killed early, late and in between, over the log that the last kill has left, and at other moments of
    // a transaction each time.
    const kills = [1, 20, 40, 60, 80, 100, 120, WRITES - 20];
    for (const [round, killAfter] of kills.entries()) {
      const child = write(WRITES);
      let count = 0;
      for (let line = await child.nextLine(); line !== undefined; line = await child.nextLine()) {
        if (line === 'done') break;
        reported.push(Number(line));
        count += 1;
        if (count === killAfter) setTimeout(() => child.process.kill('SIGKILL'), round);
      }
      await child.kill();
      inStore((store, check) => {
        expect(reported.filter((id) => store.messages.get(id as MessageId) === undefined)).toEqual([]);
        expect(check('PRAGMA integrity_check')).toEqual(intact);
        // A message and its outbox entry, or neither.
        const halves = `SELECT m.id FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
          WHERE (m.state = 'queued') IS NOT (o.id IS NOT NULL)`;
        expect(check(halves)).toEqual([]);
        expect(store.chats.require(chatId).last?.id).toBeGreaterThanOrEqual(reported.at(-1) ?? 0);
      });
    }
    expect(reported.length).toBeGreaterThanOrEqual(kills.reduce((sum, kill) => sum + kill));
  });

  test('takes a great transaction back whole, although much of it was on the disk', async () => {
    const { inStore, write, logSize } = setUp();
    const contents = (): unknown =>
      inStore((_, check) => check('SELECT count(*), max(id), sum(length(body)) FROM messages'));
    const first = write(20);
    for (let line = await first.nextLine(); line !== 'done';) line = await first.nextLine();
    await first.kill();
    const before = contents();
    const second = write(1_000, 'never');
    expect(await second.nextLine()).toBe('inside');
    expect(logSize()).toBeGreaterThan(1_000_000);
    await second.kill();
    expect(contents()).toEqual(before);
    expect(inStore((_, check) => check('PRAGMA integrity_check'))).toEqual(intact);
  });
});

/** A file system of 8 MB that only the child sees. */
const onSmallDisk = (folder: string, ...command: readonly string[]): [string, readonly string[]] => {
  const script = 'mount -t tmpfs -o size=8m,mode=700 tmpfs "$0" && exec "$@"';
  return ['unshare', ['--user', '--map-root-user', '--mount', 'sh', '-c', script, folder, ...command]];
};

const canMount = (): boolean => {
  if (process.platform !== 'linux') return false;
  const [command, args] = onSmallDisk('/mnt', 'true');
  return spawnSync(command, args).status === 0;
};

describe('a disk that is really full', () => {
  // Some systems forbid mounts to users; the unit test with a page limit runs everywhere.
  test.skipIf(!canMount())(
    'is reported, nothing is lost, and writing goes on when there is room',
    async () => {
      const folder = temporaryFolder();
      const [command, args] = onSmallDisk(folder, process.execPath, childFile('fill-disk.ts'), folder);
      const child = startChild(command, args);
      const steps: unknown[] = [];
      for (let line = await child.nextLine(); line !== undefined; line = await child.nextLine())
        steps.push(JSON.parse(line));
      expect(await child.finished()).toEqual({ code: 0, stderr: '' });
      expect(steps).toEqual([
        { step: 'full', code: 'disk-full', lost: 0 },
        { step: 'still full', code: 'disk-full', lost: 0 },
        { step: 'opened while full', code: expect.stringMatching(/^(none|disk-full)$/) },
        { step: 'room again', lost: 0, integrity: [{ integrity_check: 'ok' }] },
      ]);
    },
  );
});
