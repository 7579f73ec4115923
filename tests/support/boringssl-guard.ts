/**
 * Electron's `node:crypto` is BoringSSL, that of the Node which runs the tests is OpenSSL. With this setup
 * file, what BoringSSL lacks fails here too, so that it does not fail at a user. Sources: Electron's list of
 * disabled Node tests (script/node-disabled-tests.json), its patches/boringssl (ripemd160, AES-CFB and DES
 * are added) and its issues 16195, 23637, 24024, 24812, 31874 and 39603.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const hashes =
  /^(?:md5|sha1|sha-1|sha224|sha256|sha384|sha512|sha512-256|ripemd160|RSA-SHA(?:1|224|256|384|512))$/i;
const ciphers = /^(?:aes-?(?:128|192|256)-(?:cbc|ctr|ecb|gcm|ofb)|aes-(?:128|256)-cfb|des-ede3?-cbc)$/i;
const keyTypes = /^(?:rsa|ec|ed25519|x25519)$/;
const curves = /^(?:prime256v1|P-256|secp224r1|P-224|secp384r1|P-384|secp521r1|P-521)$/;
const groups = /^modp(?:5|14|15|16|17|18)$/;
const nothing = /(?!)/;

/** What a function of node:crypto is asked for: the argument that names the primitive, and what may be named. */
interface Rule {
  readonly functions: readonly string[];
  readonly argument: (args: readonly unknown[]) => unknown;
  readonly known: RegExp;
}

const curveOf = (options: unknown): unknown =>
  (options as { readonly namedCurve?: unknown } | undefined)?.namedCurve;

const rules: readonly Rule[] = [
  {
    functions: ['createHash', 'createHmac', 'createSign', 'createVerify', 'hash', 'hkdf', 'hkdfSync'],
    argument: ([name]) => name,
    known: hashes,
  },
  { functions: ['pbkdf2', 'pbkdf2Sync'], argument: (args) => args[4], known: hashes },
  // Ed25519 signs without naming a hash.
  { functions: ['sign', 'verify'], argument: ([name]) => name ?? 'sha256', known: hashes },
  { functions: ['createCipheriv', 'createDecipheriv'], argument: ([name]) => name, known: ciphers },
  { functions: ['generateKeyPair', 'generateKeyPairSync'], argument: ([type]) => type, known: keyTypes },
  {
    functions: ['generateKeyPair', 'generateKeyPairSync'],
    argument: ([type, options]) => (type === 'ec' ? curveOf(options) : 'P-256'),
    known: curves,
  },
  { functions: ['createECDH'], argument: ([name]) => name, known: curves },
  { functions: ['createDiffieHellmanGroup', 'getDiffieHellman'], argument: ([name]) => name, known: groups },
  {
    functions: ['argon2', 'argon2Sync', 'decapsulate', 'encapsulate', 'setEngine'],
    argument: () => '',
    known: nothing,
  },
];

type AnyFunction = (this: unknown, ...args: readonly unknown[]) => unknown;

const guard = (name: string, { argument, known }: Rule): void => {
  const table = crypto as unknown as Record<string, AnyFunction | undefined>;
  const original = table[name];
  if (original === undefined) return;
  table[name] = function (...args) {
    const wanted = argument(args);
    if (typeof wanted !== 'string' || !known.test(wanted))
      throw new Error(`not in BoringSSL (Electron): ${name} ${String(wanted)}`);
    return original.call(this, ...args);
  };
};

for (const rule of rules) for (const name of rule.functions) guard(name, rule);
// Named imports are copies of the table's entries.
syncBuiltinESMExports();
