import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeDurably } from '#main/util/durable-file.ts';

/**
 * `key.json`, beside the database: says where its key is, and is no secret. Whether it exists decides
 * whether there is a key; a keychain that answers nothing does not.
 */
const base64 = (bytes: number): z.ZodType<string> =>
  z.base64().refine((text) => Buffer.from(text, 'base64').length === bytes, 'length');

const powerOfTwo = z
  .int()
  // Upper bound: a made-up file must not make us ask for more than 2 GiB.
  .min(2 ** 14)
  .max(2 ** 21)
  .refine((n) => Number.isInteger(Math.log2(n)), 'power of two');

const keychainWrap = z.strictObject({ kind: z.literal('keychain'), item: z.string().min(1).max(200) });

const passphraseWrap = z.strictObject({
  kind: z.literal('passphrase'),
  /** RFC 7914 parameters. */
  scrypt: z.strictObject({ n: powerOfTwo, r: z.literal(8), p: z.int().min(1).max(4), salt: base64(32) }),
  /** AES-256-GCM: nonce, and the 32 bytes of the key with their 16 bytes of tag. */
  nonce: base64(12),
  sealed: base64(48),
});

const schema = z.strictObject({
  version: z.literal(1),
  /** Recognises the key without the database; see `keyCheck`. */
  check: base64(16),
  wrap: z.discriminatedUnion('kind', [keychainWrap, passphraseWrap]),
});

export type KeyMarker = z.output<typeof schema>;
export type PassphraseWrap = z.output<typeof passphraseWrap>;

/** What stands at the path: nothing, a marker, one of a later version, or something else. */
export type MarkerState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly marker: KeyMarker }
  | { readonly kind: 'newer' }
  | { readonly kind: 'unreadable' };

/** @throws only what the file system throws, but not for a missing file */
export const readMarker = (path: string): MarkerState => {
  const text = readIfPresent(path);
  if (text === undefined) return { kind: 'absent' };
  const value = parseJson(text);
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: 'present', marker: parsed.data };
  const newer = z.looseObject({ version: z.int().min(2) }).safeParse(value);
  return { kind: newer.success ? 'newer' : 'unreadable' };
};

/** Written before the database is made, so that no database is ever without it. */
export const writeMarker = (path: string, marker: KeyMarker): void =>
  writeDurably(path, `${JSON.stringify(marker, undefined, 2)}\n`);

const readIfPresent = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};
