/** Keys of messages that were overtaken or lost: found by their place, kept within bounds, the oldest let go first. */
import { concat, equalBytes } from './bytes.ts';
import { SKIPPED_ENTRY_BYTES, type SkippedKeys } from './session-state.ts';

/**
 * Kept for one session, of all its chains together; one message makes us derive no more than that either. It is
 * what libsignal allows; the XEP recommends 1,000, and a record must not grow with what a peer or a server leaves
 * out (XEP-0384 section 3.2, MAX_SKIP).
 */
export const MAX_SKIPPED = 2_000;

/**
 * Some peers count the chain before one too high, which leaves a key behind for each chain that nothing will
 * ever take: without this the record would grow with every turn of the conversation.
 */
const MAX_CHAINS = 40;

const counterAt = (packed: Uint8Array, index: number): number =>
  new DataView(packed.buffer, packed.byteOffset + index * SKIPPED_ENTRY_BYTES, 4).getUint32(0);

/** Index of the entry with this counter, by halving. */
const indexOf = (packed: Uint8Array, counter: number): number | undefined => {
  let [low, high] = [0, packed.length / SKIPPED_ENTRY_BYTES];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = counterAt(packed, middle);
    if (found === counter) return middle;
    if (found < counter) low = middle + 1;
    else high = middle;
  }
  return undefined;
};

const countOf = (keys: SkippedKeys): number => keys.packed.length / SKIPPED_ENTRY_BYTES;

/** The key of a message that was skipped, and the list without it; undefined where there is none. */
export const takeSkipped = (
  skipped: readonly SkippedKeys[],
  ratchetKey: Uint8Array,
  counter: number,
): { readonly messageKey: Uint8Array; readonly rest: readonly SkippedKeys[] } | undefined => {
  const keys = skipped.find((one) => equalBytes(one.ratchetKey, ratchetKey));
  const index = keys && indexOf(keys.packed, counter);
  if (keys === undefined || index === undefined) return undefined;
  const at = index * SKIPPED_ENTRY_BYTES;
  const packed = concat(keys.packed.subarray(0, at), keys.packed.subarray(at + SKIPPED_ENTRY_BYTES));
  return {
    messageKey: keys.packed.slice(at + 4, at + SKIPPED_ENTRY_BYTES),
    rest: skipped.flatMap((one) => (one !== keys ? one : packed.length > 0 ? { ratchetKey, packed } : [])),
  };
};

/** Adds entries behind those of their chain; beyond the limit the oldest of the oldest chain are let go. */
export const addSkipped = (
  skipped: readonly SkippedKeys[],
  ratchetKey: Uint8Array,
  entries: Uint8Array,
): readonly SkippedKeys[] => {
  if (entries.length === 0) return skipped;
  const present = skipped.find((one) => equalBytes(one.ratchetKey, ratchetKey));
  const grown = { ratchetKey, packed: concat(present?.packed ?? new Uint8Array(0), entries) };
  const all =
    present === undefined ? [...skipped, grown] : skipped.map((one) => (one === present ? grown : one));
  return withinLimit(all);
};

const withinLimit = (all: readonly SkippedKeys[]): readonly SkippedKeys[] => {
  const skipped = all.slice(-MAX_CHAINS);
  let excess = skipped.reduce((sum, keys) => sum + countOf(keys), 0) - MAX_SKIPPED;
  if (excess <= 0) return skipped;
  return skipped.flatMap((keys) => {
    const dropped = Math.min(Math.max(excess, 0), countOf(keys));
    excess -= dropped;
    if (dropped === countOf(keys)) return [];
    return { ...keys, packed: keys.packed.subarray(dropped * SKIPPED_ENTRY_BYTES) };
  });
};
