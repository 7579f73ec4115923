import { mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startChild } from '#tests/support/child-process.ts';
import { temporaryFolder } from '#tests/support/temporary-profile.ts';

const keeper = new URL('../support/children/keep-conversation.ts', import.meta.url).pathname;
const PASSPHRASE = 'a rose by any other name';

const words = {
  own: 'juliet-needle@capulet.example',
  contact: 'romeo-needle@montague.example',
  name: 'Romeo Montecchi Needle',
  group: 'Starcrossed Needles',
  sent: 'wherefore art thou needle',
  received: 'with love’s light wings, nädel',
  draft: 'good night, good needle',
  stranger: 'paris-needle@verona.example',
  request: 'younger than needles',
  password: 'secret-needle-password',
  setting: 'setting-needle-value',
  sealed: 'sealed-needle-stanza',
};

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

/** A text as it may lie in a file: UTF-8, and UTF-16 in both byte orders. */
const encodings = (text: string): readonly Buffer[] => {
  const little = Buffer.from(text, 'utf16le');
  return [Buffer.from(text), little, Buffer.from(little).swap16()];
};

/** Which of the texts can be read in which of the files. */
const readable = (paths: readonly string[], texts: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const bytes = readFileSync(path);
    return texts
      .filter((text) => encodings(text).some((form) => bytes.includes(form)))
      .map((text) => `${text} in ${path}`);
  });

/** Names that appear in a folder, even for a moment: SQLite unlinks its temporary files at once. */
const watchFolder = (folder: string): { settled(): Promise<readonly string[]> } => {
  const names: string[] = [];
  const last = Promise.withResolvers<void>();
  const watcher = watch(folder, (_, name) => {
    if (name === 'last') last.resolve();
    else if (name !== null) names.push(name);
  });
  onTestFinished(() => watcher.close());
  return {
    // The kernel keeps the order: after our own file, nothing of before is still to come.
    settled: async () => {
      writeFileSync(join(folder, 'last'), '');
      await last.promise;
      return names;
    },
  };
};

const keepConversation = async (
  ...options: string[]
): Promise<{ folder: string; temporary: readonly string[] }> => {
  const root = temporaryFolder();
  const folder = join(root, 'profile');
  const temporary = join(root, 'temporary');
  mkdirSync(temporary);
  const watched = watchFolder(temporary);
  const env = { PATH: process.env['PATH'], SQLITE_TMPDIR: temporary, TMPDIR: temporary };
  const child = startChild('node', [keeper, folder, PASSPHRASE, JSON.stringify(words), ...options], { env });
  const line = await child.nextLine();
  if (line === undefined) throw new Error((await child.finished()).stderr);
  expect(line).toBe('8001');
  await child.kill();
  return { folder, temporary: await watched.settled() };
};

test('after a crash nothing of a conversation can be read in the profile, log included', async () => {
  const { folder, temporary } = await keepConversation();
  const files = filesBelow(folder);
  expect(files.map((path) => path.slice(folder.length + 1)).toSorted()).toEqual(
    expect.arrayContaining(['chatsecure.db', 'chatsecure.db-wal', 'key.json', 'lock']),
  );
  const [database, log] = ['chatsecure.db', 'chatsecure.db-wal'].map(
    (name) => statSync(join(folder, name)).size,
  );
  expect(database).toBeGreaterThan(1_000_000);
  expect(log).toBeGreaterThan(0);
  expect(readable(files, [...Object.values(words), PASSPHRASE, 'CREATE TABLE', 'SQLite format 3'])).toEqual(
    [],
  );
  // A big sort made no temporary file.
  expect(temporary.filter((name) => name.startsWith('etilqs'))).toEqual([]);
});

test('this search would find it, and this watch would see the temporary file', async () => {
  const { temporary } = await keepConversation('default');
  expect(temporary.filter((name) => name.startsWith('etilqs'))).not.toEqual([]);
  const folder = temporaryFolder();
  for (const [index, form] of encodings(words.received).entries()) {
    writeFileSync(join(folder, String(index)), Buffer.concat([Buffer.alloc(index + 5, 1), form]));
  }
  expect(readable(filesBelow(folder), Object.values(words))).toHaveLength(3);
});
