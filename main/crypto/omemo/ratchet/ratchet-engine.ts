/** The engine: X3DH and Double Ratchet in both forms of XEP-0384, over records. */
import { randomInt } from 'node:crypto';
import type {
  Bundle,
  DecryptRequest,
  DecryptResult,
  Engine,
  IdentityKey,
  OwnDevice,
  OwnPreKeys,
  PreKeyId,
  SignedPreKeyId,
  StartRequest,
  StartResult,
} from '../engine.ts';
import { equalBytes } from './bytes.ts';
import { bestCurve, InvalidKey, signXeddsa, type Curve } from './curve.ts';
import { firstSending, fullBudget, openMessage, sealMessage } from './double-ratchet.ts';
import { agreeAsInitiator, agreeAsResponder } from './key-agreement.ts';
import { profileOf, UnsupportedVersion, type KeyExchange, type Profile } from './profile.ts';
import { MalformedMessage } from './protobuf.ts';
import {
  DamagedRecord,
  decodeRecord,
  encodeRecord,
  hasCandidate,
  openWithRecord,
  withAccepted,
  withStarted,
  type IsCandidate,
  type Opened,
  type RecordRefusal,
  type Sessions,
} from './record.ts';
import type { SessionState } from './session-state.ts';

/** Far above what the key of a payload needs, and a bound for what a peer can make us parse. */
const MAX_MESSAGE_BYTES = 8_192;
const EMPTY = new Uint8Array(0);

const readRecord = (record: Parameters<typeof decodeRecord>[0] | undefined): Sessions | undefined =>
  record === undefined ? undefined : decodeRecord(record);

/** What every new session begins with. */
const freshState = {
  retired: false,
  heartbeatAsked: false,
  previousCount: 0,
  receiving: undefined,
  skipped: [],
  closed: EMPTY,
} as const;

/** A bundle whose keys are keys, with one of its prekeys. @throws InvalidKey */
const readBundle = (profile: Profile, bundle: Bundle, preKey: Bundle['preKeys'][number]) => ({
  identity: profile.decodeIdentity(bundle.identityKey),
  signedPreKey: profile.decodeKey(bundle.signedPreKey.publicKey),
  preKey: profile.decodeKey(preKey.publicKey),
});

const startFrom = (curve: Curve, request: StartRequest): StartResult => {
  const { own, bundle, pinned } = request;
  const profile = profileOf(request.version);
  const usable = bundle.preKeys.filter(({ id }) => id > 0);
  // Section 4.4: a random one, so that two peers seldom take the same.
  const preKey = usable[usable.length === 0 ? 0 : randomInt(usable.length)];
  if (preKey === undefined) return { kind: 'no-prekey' };
  const theirs = readBundle(profile, bundle, preKey);
  if (pinned !== undefined && !equalBytes(pinned, theirs.identity))
    return { kind: 'identity-mismatch', identityKey: theirs.identity };
  const { publicKey: signed, signature } = bundle.signedPreKey;
  if (!profile.verify(curve, { identity: bundle.identityKey, signed, signature }))
    return { kind: 'invalid-signature' };
  const base = curve.generateKeyPair();
  const rootKey = agreeAsInitiator(curve, profile, { identity: own.identity, base }, theirs);
  const state: SessionState = {
    ...freshState,
    ...firstSending(curve, profile, rootKey, theirs.signedPreKey),
    profile,
    initiator: true,
    ourIdentity: profile.encodeIdentity(own.identity.publicKey),
    theirIdentity: bundle.identityKey,
    baseKey: base.publicKey,
    pending: {
      preKeyId: preKey.id,
      signedPreKeyId: bundle.signedPreKey.id,
      registrationId: own.deviceId,
    },
  };
  const record = encodeRecord(withStarted(orNothing(request.record), state));
  return { kind: 'started', record, identityKey: theirs.identity };
};

/** A new session is what heals a damaged record; what it held is lost anyway. */
const orNothing = (record: StartRequest['record']): Sessions | undefined => {
  try {
    return readRecord(record);
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined;
    throw error;
  }
};

/** The session that a key exchange makes; its first message is still to be opened. */
const accept = (
  curve: Curve,
  profile: Profile,
  exchange: KeyExchange & { readonly key: IdentityKey },
  own: OwnDevice,
  preKeys: OwnPreKeys,
): SessionState | Extract<DecryptResult, { kind: 'unknown-prekey' }> => {
  const signedPreKey = preKeys.signedPreKey(exchange.signedPreKeyId as SignedPreKeyId);
  if (signedPreKey === undefined)
    return { kind: 'unknown-prekey', which: 'signed', id: exchange.signedPreKeyId };
  // XEP-0384 section 3.1: key exchanges that use no prekey are refused.
  const preKey = exchange.preKeyId === 0 ? undefined : preKeys.preKey(exchange.preKeyId as PreKeyId);
  if (preKey === undefined) return { kind: 'unknown-prekey', which: 'one-time', id: exchange.preKeyId };
  const ours = { identity: own.identity, signedPreKey, preKey };
  return {
    ...freshState,
    profile,
    initiator: false,
    ourIdentity: profile.encodeIdentity(own.identity.publicKey),
    theirIdentity: Uint8Array.from(exchange.identity),
    baseKey: Uint8Array.from(exchange.baseKey),
    pending: undefined,
    rootKey: agreeAsResponder(curve, profile, ours, { identity: exchange.key, baseKey: exchange.baseKey }),
    ourRatchet: signedPreKey,
    sending: undefined,
  };
};

const refused = (kind: RecordRefusal): DecryptResult =>
  kind === 'too-far' ? { kind: 'needs-rebuild', reason: 'too-many-skipped' } : { kind };

const identityOf = ({ profile, theirIdentity }: SessionState): IdentityKey =>
  profile.decodeIdentity(theirIdentity);

const decrypted = (
  { sessions, state, plaintext, heartbeatDue }: Opened,
  consumedPreKey?: PreKeyId,
): DecryptResult => ({
  kind: 'decrypted',
  record: encodeRecord(sessions),
  plaintext,
  identityKey: identityOf(state),
  consumedPreKey,
  heartbeatDue,
});

/** Sessions of another protocol, or with an identity that is not the one known now, are not asked. */
const candidateFor =
  (profile: Profile, pinned: IdentityKey | undefined): IsCandidate =>
  (state) =>
    state.profile === profile && (pinned === undefined || equalBytes(identityOf(state), pinned));

const decryptMessage = (curve: Curve, profile: Profile, request: DecryptRequest): DecryptResult => {
  const message = profile.parseMessage(request.data);
  const sessions = readRecord(request.record);
  if (sessions === undefined) return { kind: 'no-session' };
  const opened = openWithRecord(curve, sessions, message, candidateFor(profile, request.pinned));
  return typeof opened === 'string' ? refused(opened) : decrypted(opened);
};

const decryptExchange = (
  curve: Curve,
  profile: Profile,
  request: DecryptRequest,
  exchange: KeyExchange,
): DecryptResult => {
  const { pinned, own, preKeys } = request;
  const key = profile.decodeIdentity(exchange.identity);
  // Before anything is opened: whoever has a new identity key is not taken for the one who is known.
  if (pinned !== undefined && !equalBytes(pinned, key))
    return { kind: 'identity-mismatch', identityKey: key };
  const message = profile.parseMessage(exchange.message);
  const sessions = readRecord(request.record);
  const isCandidate = candidateFor(profile, pinned);
  const isRepeated: IsCandidate = (state) =>
    !state.initiator && equalBytes(state.baseKey, exchange.baseKey) && isCandidate(state);
  // Every message carries the exchange until the peer has an answer; its prekey is gone after the first.
  if (sessions !== undefined && hasCandidate(sessions, isRepeated)) {
    const opened = openWithRecord(curve, sessions, message, isRepeated);
    return typeof opened === 'string' ? refused(opened) : decrypted(opened);
  }
  const accepted = accept(curve, profile, { ...exchange, key }, own, preKeys);
  if ('kind' in accepted) return accepted;
  const result = openMessage(curve, accepted, message, fullBudget());
  if (result.kind !== 'opened') return refused(result.kind);
  const { state, plaintext, heartbeatDue } = result;
  const opened = { sessions: withAccepted(sessions, state), state, plaintext, heartbeatDue };
  return decrypted(opened, exchange.preKeyId as PreKeyId);
};

const decryptAny = (curve: Curve, request: DecryptRequest): DecryptResult => {
  if (request.data.length > MAX_MESSAGE_BYTES) return { kind: 'malformed' };
  const profile = profileOf(request.version);
  try {
    const exchange = profile.parseKeyExchange(request.data);
    return exchange === undefined
      ? decryptMessage(curve, profile, request)
      : decryptExchange(curve, profile, request, exchange);
  } catch (error) {
    if (error instanceof UnsupportedVersion) return { kind: 'unsupported-version' };
    if (error instanceof MalformedMessage || error instanceof InvalidKey) return { kind: 'malformed' };
    if (error instanceof DamagedRecord) return { kind: 'needs-rebuild', reason: 'record-damaged' };
    throw error;
  }
};

const encryptWith: Engine['encrypt'] = (record, plaintext) => {
  let sessions: Sessions;
  try {
    sessions = decodeRecord(record);
  } catch (error) {
    if (error instanceof DamagedRecord) return { kind: 'needs-rebuild', reason: 'record-damaged' };
    throw error;
  }
  const { state, message } = sealMessage(sessions.current, plaintext);
  const { profile, pending, baseKey, ourIdentity: identity } = state;
  const data =
    pending === undefined
      ? message
      : profile.encodeKeyExchange({ ...pending, baseKey, identity, message }, pending.registrationId);
  return {
    kind: 'encrypted',
    record: encodeRecord({ ...sessions, current: state }),
    data,
    isKeyExchange: pending !== undefined,
  };
};

/** @param curve for tests; by default the fastest that works here */
export const createRatchetEngine = (curve: Curve = bestCurve()): Engine => ({
  generateIdentity: () => {
    const { privateKey, publicKey } = curve.generateKeyPair();
    return { privateKey, publicKey: publicKey as IdentityKey };
  },
  generateKeyPair: () => curve.generateKeyPair(),
  signPreKey: (version, identity, publicKey) =>
    signXeddsa(identity.privateKey, profileOf(version).encodeKey(publicKey)),
  encodeBundle: (version, { identityKey, signedPreKey, preKeys }) => {
    const profile = profileOf(version);
    return {
      identityKey: profile.encodeIdentity(identityKey),
      signedPreKey: { ...signedPreKey, publicKey: profile.encodeKey(signedPreKey.publicKey) },
      preKeys: preKeys.map(({ id, publicKey }) => ({ id, publicKey: profile.encodeKey(publicKey) })),
    };
  },
  readIdentityKey: (version, wire) => {
    try {
      return profileOf(version).decodeIdentity(wire);
    } catch (error) {
      if (error instanceof InvalidKey) return undefined;
      throw error;
    }
  },
  startSession: (request) => {
    try {
      return startFrom(curve, request);
    } catch (error) {
      if (error instanceof InvalidKey) return { kind: 'invalid-key' };
      throw error;
    }
  },
  encrypt: encryptWith,
  decrypt: (request) => decryptAny(curve, request),
});
