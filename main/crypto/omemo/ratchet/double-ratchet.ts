/** The Double Ratchet (https://signal.org/docs/specifications/doubleratchet/) over values. */
import { equalBytes, wipe } from './bytes.ts';
import { KEY_BYTES, type Curve } from './curve.ts';
import { decryptCbc, encryptCbc, hkdf, hmac } from './primitives.ts';
import type { Header, ParsedMessage, Profile } from './profile.ts';
import { isClosed, SKIPPED_ENTRY_BYTES, withClosed, type Chain, type SessionState } from './session-state.ts';
import { addSkipped, MAX_SKIPPED, takeSkipped } from './skipped-keys.ts';

/** XEP-0384 section 6: from this counter on, a message that nobody answers wants a heartbeat. */
const HEARTBEAT_COUNTER = 53;

const ZERO_SALT = new Uint8Array(KEY_BYTES);
const MESSAGE_KEY_INPUT = Uint8Array.of(1);
const CHAIN_KEY_INPUT = Uint8Array.of(2);

/** What one message may cost: the keys that are derived for messages before it, in all sessions that are tried. */
export interface Budget {
  left: number;
}

export const fullBudget = (): Budget => ({ left: MAX_SKIPPED });

export type OpenResult =
  | {
      readonly kind: 'opened';
      readonly state: SessionState;
      readonly plaintext: Uint8Array;
      /** Whether it is the newest message of this session, not one that was overtaken. */
      readonly advances: boolean;
      readonly heartbeatDue: boolean;
    }
  | { readonly kind: 'duplicate' | 'bad-mac' | 'too-far' | 'malformed' };

/** KDF_RK: a new root key and the first key of a chain. */
export const stepRoot = (
  profile: Profile,
  rootKey: Uint8Array,
  shared: Uint8Array,
): { readonly rootKey: Uint8Array; readonly chain: Chain } => {
  const output = hkdf(shared, rootKey, profile.rootInfo, KEY_BYTES * 2);
  const step = {
    rootKey: output.slice(0, KEY_BYTES),
    chain: { key: output.slice(KEY_BYTES), next: 0 },
  };
  wipe(shared, output);
  return step;
};

/** KDF_CK: the key of the next message, and the chain behind it. */
const stepChain = (chain: Chain): { readonly messageKey: Uint8Array; readonly chain: Chain } => ({
  messageKey: hmac(chain.key, MESSAGE_KEY_INPUT),
  chain: { key: hmac(chain.key, CHAIN_KEY_INPUT), next: chain.next + 1 },
});

/** Encryption key, MAC key and IV of one message. */
const expand = (
  profile: Profile,
  messageKey: Uint8Array,
): {
  readonly key: Uint8Array;
  readonly mac: Uint8Array;
  readonly iv: Uint8Array;
  readonly all: Uint8Array;
} => {
  const all = hkdf(messageKey, ZERO_SALT, profile.messageInfo, 80);
  return { key: all.subarray(0, 32), mac: all.subarray(32, 64), iv: all.subarray(64), all };
};

const macOf = (
  { profile, initiator, ourIdentity, theirIdentity }: SessionState,
  key: Uint8Array,
  body: Uint8Array,
  direction: 'in' | 'out',
): Uint8Array => {
  const [sender, receiver] =
    direction === 'out' ? [ourIdentity, theirIdentity] : [theirIdentity, ourIdentity];
  const senderStarted = initiator === (direction === 'out');
  return hmac(key, profile.associatedData({ sender, receiver, senderStarted }), body).subarray(
    0,
    profile.macBytes,
  );
};

/**
 * The next message of a session, without the key exchange that may go around it.
 * @throws RangeError where nothing has come yet from the peer who started the session
 */
export const sealMessage = (
  state: SessionState,
  plaintext: Uint8Array,
): { readonly state: SessionState; readonly message: Uint8Array } => {
  const { profile, sending, ourRatchet, previousCount } = state;
  if (sending === undefined) throw new RangeError('a session that cannot send yet');
  const { messageKey, chain } = stepChain(sending);
  const keys = expand(profile, messageKey);
  const header: Header = { ratchetKey: ourRatchet.publicKey, counter: sending.next, previousCount };
  const body = profile.encodeBody(header, encryptCbc(keys.key, keys.iv, plaintext));
  const message = profile.encodeMessage(body, macOf(state, keys.mac, body, 'out'));
  wipe(messageKey, keys.all);
  return { state: { ...state, sending: chain }, message };
};

/** Opens a message, and erases the key that it was opened with. */
const unseal = (
  state: SessionState,
  messageKey: Uint8Array,
  message: ParsedMessage,
): Uint8Array | 'bad-mac' | 'malformed' => {
  const keys = expand(state.profile, messageKey);
  try {
    if (!equalBytes(macOf(state, keys.mac, message.authenticated, 'in'), message.mac)) return 'bad-mac';
    return decryptCbc(keys.key, keys.iv, message.ciphertext);
  } catch {
    return 'malformed';
  } finally {
    wipe(messageKey, keys.all);
  }
};

/** Keys up to, but without, the message with this counter. The caller has looked at the budget. */
const skipTo = (start: Chain, counter: number): { readonly chain: Chain; readonly entries: Uint8Array } => {
  const entries = new Uint8Array(Math.max(counter - start.next, 0) * SKIPPED_ENTRY_BYTES);
  const view = new DataView(entries.buffer);
  let chain = start;
  for (let at = 0; chain.next < counter; at += SKIPPED_ENTRY_BYTES) {
    const step = stepChain(chain);
    view.setUint32(at, chain.next);
    entries.set(step.messageKey, at + 4);
    chain = step.chain;
  }
  return { chain, entries };
};

/**
 * Closes the present chain of the peer and begins the one of a new ratchet key. Of the old chain only so many
 * keys are kept as we may derive: what is lost beyond that stays lost, but the session goes on.
 */
const ratchet = (curve: Curve, state: SessionState, header: Header, budget: Budget): SessionState => {
  const { profile, receiving } = state;
  let { skipped, closed } = state;
  if (receiving !== undefined) {
    const reachable = Math.min(header.previousCount, receiving.next + budget.left);
    const { entries } = skipTo(receiving, reachable);
    budget.left -= entries.length / SKIPPED_ENTRY_BYTES;
    skipped = addSkipped(skipped, receiving.ratchetKey, entries);
    closed = withClosed(closed, receiving.ratchetKey);
  }
  const ratchetKey = Uint8Array.from(header.ratchetKey);
  const incoming = stepRoot(
    profile,
    state.rootKey,
    curve.sharedSecret(state.ourRatchet.privateKey, ratchetKey),
  );
  const ourRatchet = curve.generateKeyPair();
  const outgoing = stepRoot(profile, incoming.rootKey, curve.sharedSecret(ourRatchet.privateKey, ratchetKey));
  wipe(incoming.rootKey);
  return {
    ...state,
    rootKey: outgoing.rootKey,
    ourRatchet,
    previousCount: state.sending?.next ?? 0,
    sending: outgoing.chain,
    receiving: { ...incoming.chain, ratchetKey },
    heartbeatAsked: false,
    skipped,
    closed,
  };
};

/**
 * Opens a message with a session; the state that was given is as before, whatever comes out.
 * @throws InvalidKey where the ratchet key of the message is a point of small order
 */
export const openMessage = (
  curve: Curve,
  state: SessionState,
  message: ParsedMessage,
  budget: Budget,
): OpenResult => {
  const { header } = message;
  const late = takeSkipped(state.skipped, header.ratchetKey, header.counter);
  if (late !== undefined) {
    const plaintext = unseal(state, late.messageKey, message);
    if (typeof plaintext === 'string') return { kind: plaintext };
    const next = { ...state, skipped: late.rest, pending: undefined };
    return { kind: 'opened', state: next, plaintext, advances: false, heartbeatDue: false };
  }
  const isPresent =
    state.receiving !== undefined && equalBytes(state.receiving.ratchetKey, header.ratchetKey);
  const isOver = isPresent
    ? header.counter < state.receiving.next
    : isClosed(state.closed, header.ratchetKey);
  if (isOver) return { kind: 'duplicate' };
  const wanted = header.counter - (isPresent ? state.receiving.next : 0);
  if (wanted > budget.left) return { kind: 'too-far' };
  budget.left -= wanted;
  return openNew(isPresent ? state : ratchet(curve, state, header, budget), message);
};

/** Opens a message of the present chain that has not come before. */
const openNew = (state: SessionState, message: ParsedMessage): OpenResult => {
  const { receiving } = state;
  if (receiving === undefined) return { kind: 'malformed' };
  const { counter } = message.header;
  const { chain, entries } = skipTo(receiving, counter);
  const { messageKey, chain: next } = stepChain(chain);
  const plaintext = unseal(state, messageKey, message);
  if (typeof plaintext === 'string') return { kind: plaintext };
  const heartbeatDue = counter >= HEARTBEAT_COUNTER && !state.heartbeatAsked;
  const opened: SessionState = {
    ...state,
    receiving: { ...next, ratchetKey: receiving.ratchetKey },
    skipped: addSkipped(state.skipped, receiving.ratchetKey, entries),
    heartbeatAsked: state.heartbeatAsked || heartbeatDue,
    pending: undefined,
  };
  return { kind: 'opened', state: opened, plaintext, advances: true, heartbeatDue };
};

/** The first state of who starts. @param remoteRatchet the signed prekey of the peer */
export const firstSending = (
  curve: Curve,
  profile: Profile,
  rootKey: Uint8Array,
  remoteRatchet: Uint8Array,
): Pick<SessionState, 'rootKey' | 'ourRatchet' | 'sending'> => {
  const ourRatchet = curve.generateKeyPair();
  const step = stepRoot(profile, rootKey, curve.sharedSecret(ourRatchet.privateKey, remoteRatchet));
  wipe(rootKey);
  return { rootKey: step.rootKey, ourRatchet, sending: step.chain };
};
