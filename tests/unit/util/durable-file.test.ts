import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeDurably } from '#main/util/durable-file.ts';
import { toFileError } from '#main/util/file-errors.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { temporaryFolder } from '#tests/support/temporary-profile.ts';

test('a file is replaced whole, and is for its owner only', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'key.json');
  writeFileSync(path, 'a much longer text than the new one', { mode: 0o644 });
  writeDurably(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  expect(readdirSync(folder)).toEqual(['key.json']);
});

test('what an earlier crash has left, or somebody has put there, is not written into', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'key.json');
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, `${path}.new`);
  writeDurably(path, 'new');
  expect([readFileSync(path, 'utf8'), readFileSync(victim, 'utf8')]).toEqual(['new', 'untouched']);
  writeFileSync(`${path}.new`, 'half', { mode: 0o666 });
  chmodSync(`${path}.new`, 0o666);
  writeDurably(path, 'newer');
  expect(readFileSync(path, 'utf8')).toBe('newer');
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
});

test('what fails leaves the old file and no other', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'key.json');
  // A folder of that name cannot be replaced by a file.
  mkdirSync(path);
  expect(errorCode(() => writeDurably(path, 'new'))).toBe('storage');
  expect(readdirSync(folder)).toEqual(['key.json']);
  expect(errorCode(() => writeDurably(join(folder, 'missing', 'key.json'), 'new'))).toBe('storage');
});

test('errors of the file system get a code, others stay what they are', () => {
  const errno = (code: string): Error =>
    Object.assign(new Error(`${code}: /home/juliet`), { code, syscall: 'write' });
  for (const code of ['ENOSPC', 'EDQUOT'])
    expect(toFileError(errno(code))).toMatchObject({ code: 'disk-full' });
  expect(toFileError(errno('EACCES'))).toMatchObject({ code: 'storage', detail: { errno: 'EACCES' } });
  expect(toFileError(errno('EACCES'))).toEqual(
    expect.not.objectContaining({ message: expect.stringContaining('juliet') }),
  );
  const other = new TypeError('no');
  expect(toFileError(other)).toBe(other);
});
