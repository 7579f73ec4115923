import { readFileSync } from 'node:fs';
import { writeDurably } from '#main/util/durable-file.ts';
import { toFileError } from '#main/util/file-errors.ts';

/**
 * `key.json`, beside the database: says where its key is, and is no secret. Whether it exists decides
 * whether there is a key; a keychain that answers nothing does not.
 */
export interface KeyMarker {
  readonly version: 1;
  /** Recognises the key without the database, base64 of 16 bytes; see `keyCheck`. */
  readonly check: string;
  readonly wrap: KeychainWrap | PassphraseWrap;
}

export interface KeychainWrap {
  readonly kind: 'keychain';
  /** Name of the item. */
  readonly item: string;
}

export interface PassphraseWrap {
  readonly kind: 'passphrase';
  /** RFC 7914 parameters; the salt is base64 of 32 bytes. */
  readonly scrypt: { readonly n: number; readonly r: number; readonly p: number; readonly salt: string };
  /** AES-256-GCM: base64 of the 12 bytes of the nonce, and of the 32 of the key with the 16 of the tag. */
  readonly nonce: string;
  readonly sealed: string;
}

/** What stands at the path: nothing, a marker, one of a later version, or something else. */
export type MarkerState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly marker: KeyMarker }
  | { readonly kind: 'newer' }
  | { readonly kind: 'unreadable' };

/** @throws AppError `storage` where the file is there and may not be read */
export const readMarker = (path: string): MarkerState => {
  const text = readIfPresent(path);
  if (text === undefined) return { kind: 'absent' };
  const value = parseJson(text);
  if (isRecord(value) && Number.isSafeInteger(value['version']) && Number(value['version']) > 1) {
    return { kind: 'newer' };
  }
  return isMarker(value) ? { kind: 'present', marker: value } : { kind: 'unreadable' };
};

/** Written before the database is made, so that no database is ever without it. */
export const writeMarker = (path: string, marker: KeyMarker): void =>
  writeDurably(path, `${JSON.stringify(marker, undefined, 2)}\n`);

const isMarker = (value: unknown): value is KeyMarker =>
  isRecord(value) &&
  value['version'] === 1 &&
  isBase64(value['check'], 16) &&
  (isKeychainWrap(value['wrap']) || isPassphraseWrap(value['wrap']));

const isKeychainWrap = (value: unknown): value is KeychainWrap =>
  isRecord(value) &&
  value['kind'] === 'keychain' &&
  typeof value['item'] === 'string' &&
  value['item'] !== '';

const isPassphraseWrap = (value: unknown): value is PassphraseWrap =>
  isRecord(value) &&
  value['kind'] === 'passphrase' &&
  isScrypt(value['scrypt']) &&
  isBase64(value['nonce'], 12) &&
  isBase64(value['sealed'], 48);

/** Upper bounds: a made-up file must not ask for more than 2 GiB or run for minutes. */
const isScrypt = (value: unknown): value is PassphraseWrap['scrypt'] =>
  isRecord(value) &&
  isBetween(value['n'], 2 ** 14, 2 ** 21) &&
  Number.isInteger(Math.log2(value['n'])) &&
  value['r'] === 8 &&
  isBetween(value['p'], 1, 4) &&
  isBase64(value['salt'], 32);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isBetween = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

/** Exactly so many bytes, written as we write them. */
const isBase64 = (value: unknown, bytes: number): value is string => {
  if (typeof value !== 'string') return false;
  const decoded = Buffer.from(value, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === value;
};

const readIfPresent = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw toFileError(error);
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
