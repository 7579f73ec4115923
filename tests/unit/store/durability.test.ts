import { describe, expect, test } from 'vitest';
import { Durability, type CommitLog } from '#main/store/durability.ts';
import { AppError } from '#shared/errors.ts';
import { until } from '#tests/support/until.ts';
import { storeWithChat } from '#tests/support/temporary-profile.ts';

/** A disk that writes when the test says so. */
class SlowLog implements CommitLog {
  readonly syncs: PromiseWithResolvers<void>[] = [];
  checkpoints = 0;
  closed = false;

  sync(): Promise<void> {
    const sync = Promise.withResolvers<void>();
    this.syncs.push(sync);
    return sync.promise;
  }

  checkpoint(): void {
    this.checkpoints += 1;
  }

  close(): void {
    this.closed = true;
  }

  /** The disk has written what the last sync was about. */
  async write(): Promise<void> {
    this.syncs.at(-1)?.resolve();
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const noteWhen = (promise: Promise<void> | undefined): { done: boolean } => {
  const note = { done: false };
  void promise?.then(() => (note.done = true));
  return note;
};

describe('commits', () => {
  test('there is nothing to wait for where nothing was committed, or all is on the disk', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    expect(durability.reached()).toBeUndefined();
    durability.committed();
    const first = durability.reached();
    await log.write();
    await first;
    expect(durability.reached()).toBeUndefined();
  });

  test('those that came while the disk was busy share the next time', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    durability.committed();
    const one = noteWhen(durability.reached());
    durability.committed();
    const two = noteWhen(durability.reached());
    durability.committed();
    const three = noteWhen(durability.reached());
    expect(log.syncs).toHaveLength(1);
    await log.write();
    // The first sync began before the others were committed: it says nothing about them.
    expect([one, two, three].map(({ done }) => done)).toEqual([true, false, false]);
    expect(log.syncs).toHaveLength(2);
    await log.write();
    expect([one, two, three].map(({ done }) => done)).toEqual([true, true, true]);
    expect(log.syncs).toHaveLength(2);
  });

  test('reach the disk although nobody waits', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    durability.committed();
    expect(log.syncs).toHaveLength(0);
    await until('a write that nobody asked for', () => log.syncs.length === 1);
    await log.write();
    expect(durability.reached()).toBeUndefined();
  });

  test('of which the second is waited for reach it with one write', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    durability.committed();
    // As a message on its way out: its row now, the sealed stanza in the next turn of the event loop.
    await settled();
    durability.committed();
    const both = noteWhen(durability.reached());
    await log.write();
    expect({ done: both.done, writes: log.syncs.length }).toEqual({ done: true, writes: 1 });
  });

  test('that the disk refused are not durable; the next attempt does not trust the log', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    durability.committed();
    const refused = durability.reached();
    log.syncs.at(-1)?.reject(Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' }));
    await expect(refused).rejects.toMatchObject({ code: 'storage' });
    await expect(refused).rejects.toBeInstanceOf(AppError);
    expect(log.checkpoints).toBe(0);
    await durability.reached();
    expect({ checkpoints: log.checkpoints, syncs: log.syncs.length }).toEqual({ checkpoints: 1, syncs: 1 });
    expect(durability.reached()).toBeUndefined();
    // A disk with space again is a disk like any other.
    durability.committed();
    void durability.reached();
    expect(log.syncs).toHaveLength(2);
    await log.write();
  });

  test('a full disk is called that', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    durability.committed();
    const refused = durability.reached();
    log.syncs.at(-1)?.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'fdatasync' }));
    await expect(refused).rejects.toMatchObject({ code: 'disk-full' });
  });

  test('closing keeps nobody waiting, and the file until the disk is done', async () => {
    const log = new SlowLog();
    const durability = new Durability(log);
    durability.committed();
    const one = noteWhen(durability.reached());
    durability.committed();
    const two = noteWhen(durability.reached());
    durability.close();
    expect(log.closed).toBe(false);
    await log.write();
    expect([one.done, two.done, log.closed]).toEqual([true, true, true]);
    expect(log.syncs).toHaveLength(1);
  });
});

describe('of the database', () => {
  test('a commit can be waited for; what changed nothing need not be', async () => {
    const { database, store, chatId } = storeWithChat();
    await database.durable();
    expect(database.durable()).toBeUndefined();
    store.chats.require(chatId);
    store.transaction(() => store.chats.require(chatId));
    expect(database.durable()).toBeUndefined();
    store.transaction(() => store.chats.setDraft(chatId, 'hello'));
    await database.durable();
    expect(database.durable()).toBeUndefined();
    store.chats.setDraft(chatId, '');
    await database.durable();
    database.one('UPDATE chats SET draft = $draft RETURNING id', { draft: 'x' });
    expect(database.durable()).toBeInstanceOf(Promise);
    await database.durable();
  });

  test('what is not committed yet is not waited for, and counts from the commit on', async () => {
    const { database, store, chatId } = storeWithChat();
    await database.durable();
    store.transaction(() => {
      store.chats.setDraft(chatId, 'hello');
      expect(database.durable()).toBeUndefined();
    });
    expect(database.durable()).toBeInstanceOf(Promise);
    await database.durable();
  });
});
