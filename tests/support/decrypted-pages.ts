import { execFileSync } from 'node:child_process';
import { createDecipheriv } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';

const PAGE = 4096;
/** SQLCipher 4: at the end of each page the vector (16 bytes) and the authentication code (64). */
const RESERVED = 80;
const SALT = 16;

const decryptPage = (page: Buffer, key: Uint8Array, isFirst: boolean): Buffer => {
  const end = PAGE - RESERVED;
  const decipher = createDecipheriv('aes-256-cbc', key, page.subarray(end, end + 16));
  decipher.setAutoPadding(false);
  const body = page.subarray(isFirst ? SALT : 0, end);
  return Buffer.concat([decipher.update(body), decipher.final()]);
};

/** Every page of the file, those of the free list too. */
const pagesOf = (file: Buffer, key: Uint8Array): readonly Buffer[] =>
  Array.from({ length: file.length / PAGE }, (_, index) =>
    decryptPage(file.subarray(index * PAGE, (index + 1) * PAGE), key, index === 0),
  );

/** Every frame of the log, valid or not: 32 bytes of header, 24 before each page. */
const framesOf = (log: Buffer, key: Uint8Array): readonly Buffer[] =>
  Array.from({ length: Math.floor((log.length - 32) / (24 + PAGE)) }, (_, index) => {
    const start = 32 + index * (24 + PAGE);
    const isFirst = log.readUInt32BE(start) === 1;
    return decryptPage(log.subarray(start + 24, start + 24 + PAGE), key, isFirst);
  });

/**
 * What somebody with the key reads in a database and its log, byte by byte: not by SQL, which hides what is
 * free. The database may be open: another process copies it, because closing a descriptor in this one would
 * drop its lock.
 */
export const decryptedBytes = (path: string, key: Uint8Array): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'chatsecure-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const copies = [path, `${path}-wal`].filter((name) => existsSync(name));
  execFileSync('cp', [...copies, folder]);
  const [file = Buffer.alloc(0), log = Buffer.alloc(0)] = copies.map((_, index) =>
    readFileSync(join(folder, copies[index]?.split('/').at(-1) ?? '')),
  );
  return Buffer.concat([...pagesOf(file, key), ...framesOf(log, key)]);
};
