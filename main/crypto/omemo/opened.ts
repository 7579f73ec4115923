/** Tells a message that comes twice from one that uses a message key for a second time. */
import { createHash } from 'node:crypto';
import type { SessionPlace } from '#main/store/keys.ts';

const DIGEST_BYTES = 16;

/**
 * What a key element of a message is remembered by. A ratchet opens each message key once and forgets it, so that
 * only this says whether the same ciphertext was opened, or another one needs the same key: then the sender's
 * device has gone back to an older state.
 */
export const openedDigest = ({ accountId, jid, deviceId }: SessionPlace, data: Uint8Array): Uint8Array =>
  createHash('sha256')
    .update(`${accountId} ${jid} ${deviceId} `)
    .update(data)
    .digest()
    .subarray(0, DIGEST_BYTES);
