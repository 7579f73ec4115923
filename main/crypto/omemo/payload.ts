/** The payload of a message: encrypted once, its key then with the session of each device. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { concat, wipe } from './ratchet/bytes.ts';

const KEY_BYTES = 16;
const TAG_BYTES = 16;
/** What senders of the first years used. */
const OLD_IV_BYTES = 16;
const IV_BYTES = 12;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A payload of XEP-0384 0.3. */
export interface SealedPayload {
  /** For the sessions: the key, and behind it the tag. To be erased when they have it. */
  readonly keyMaterial: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** AES-128-GCM with a fresh key and a nonce of 12 bytes (XEP-0384 0.3 section 4.5). */
export const sealPayload = (text: string): SealedPayload => {
  const key = randomBytes(KEY_BYTES);
  const iv = Uint8Array.from(randomBytes(IV_BYTES));
  const cipher = createCipheriv('aes-128-gcm', createSecretKey(key), iv);
  const ciphertext = concat(cipher.update(text, 'utf8'), cipher.final());
  const keyMaterial = concat(key, cipher.getAuthTag());
  wipe(key);
  return { keyMaterial, iv, ciphertext };
};

/** What an empty message carries: a key for nothing, of the length that all clients expect. */
export const emptyKeyMaterial = (): Pick<SealedPayload, 'keyMaterial' | 'iv'> => ({
  keyMaterial: Uint8Array.from(randomBytes(KEY_BYTES + TAG_BYTES)),
  iv: Uint8Array.from(randomBytes(IV_BYTES)),
});

/**
 * An empty text in the form of the first years: a key without the tag, which makes up the payload instead. For
 * ChatSecure for iOS, which wants some bytes of payload, takes this form, and shows nothing of an empty text.
 */
export const silentPayload = (): SealedPayload => {
  const [key, iv] = [randomBytes(KEY_BYTES), randomBytes(IV_BYTES)];
  const cipher = createCipheriv('aes-128-gcm', key, iv);
  cipher.final();
  return {
    keyMaterial: Uint8Array.from(key),
    iv: Uint8Array.from(iv),
    ciphertext: Uint8Array.from(cipher.getAuthTag()),
  };
};

/**
 * Opens a payload. The tag is behind the key, or, from senders of the first years, behind the ciphertext.
 * @returns the text; undefined where key and payload do not fit, or the text is no UTF-8
 */
export const openPayload = ({ keyMaterial, iv, ciphertext }: SealedPayload): string | undefined => {
  if (iv.length !== IV_BYTES && iv.length !== OLD_IV_BYTES) return undefined;
  const tagInKey = keyMaterial.length >= KEY_BYTES + TAG_BYTES;
  if (!tagInKey && (keyMaterial.length !== KEY_BYTES || ciphertext.length < TAG_BYTES)) return undefined;
  const end = tagInKey ? ciphertext.length : ciphertext.length - TAG_BYTES;
  const tag = tagInKey ? keyMaterial.subarray(KEY_BYTES, KEY_BYTES + TAG_BYTES) : ciphertext.subarray(end);
  try {
    // As in `primitives.ts`: a key object is ready sooner than plain bytes.
    const key = createSecretKey(keyMaterial.subarray(0, KEY_BYTES));
    const decipher = createDecipheriv('aes-128-gcm', key, iv, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    const plaintext = concat(decipher.update(ciphertext.subarray(0, end)), decipher.final());
    return utf8.decode(plaintext);
  } catch {
    return undefined;
  }
};
