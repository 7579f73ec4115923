/** OMEMO as a scheme: one text for many devices, and the text of a message from one of them. */
import type { AccountId, DeviceId, MessageId } from '#shared/ids.ts';
import type { RecipientOutcome, TrustPolicy, UnreadableReason } from '#shared/omemo.ts';
import type { OmemoStore, OwnOmemoDevice, RecipientEntry, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import { complaintAbout, type Complaint } from '#main/xmpp/features/omemo-answers.ts';
import {
  encryptedElement,
  OMEMO,
  readEncrypted,
  type WireKey,
  type WireMessage,
} from '#main/xmpp/features/omemo.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type {
  Arrival,
  Conversation,
  EncryptionScheme,
  NobodyReads,
  OpenOutcome,
  ProtectOutcome,
  SealOutcome,
} from '../scheme.ts';
import { chatSecureResource } from './chatsecure.ts';
import type { Acquaintance } from './device-lists.ts';
import type { DecryptResult, Engine, IdentityKey, SessionRecord } from './engine.ts';
import { openedDigest } from './opened.ts';
import { ownDevice, ownPreKeys } from './own-device.ts';
import { openPayload, sealPayload } from './payload.ts';
import type { Preparation } from './preparation.ts';
import { wipe } from './ratchet/bytes.ts';
import { chooseRecipients, firstTrust, type Addressee, type Recipients } from './trust.ts';

/** What a message that was read asks of us afterwards. */
export interface Aftermath {
  /** A peer has used a prekey: the bundle must be published anew. */
  preKeyUsed(accountId: AccountId): void;
  /** An empty message shall go to a device: it has started a session, or has waited long for an answer. */
  answer(place: SessionPlace): void;
  /** A message of a device could not be read: a new session may help. @param complaint where its sender may be told */
  broken(place: SessionPlace, complaint: Complaint | undefined): void;
  /** The devices of an address, or what is known of them, have changed. */
  devicesChanged(accountId: AccountId, jid: string): void;
}

export interface OmemoSchemeDependencies {
  readonly store: OmemoStore;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly policy: () => TrustPolicy;
  readonly preparation: Pick<Preparation, 'needed' | 'failure' | 'listIsOld'>;
  readonly acquaintance: Pick<Acquaintance, 'ask'>;
  readonly aftermath: Aftermath;
}

/** Keys for the same device id in one message: by chance two, of different accounts. */
const MAX_OWN_KEYS = 4;

type Sealed = { readonly key: WireKey } | { readonly outcome: RecipientOutcome };

/** A message while it is opened. */
interface Opening {
  readonly place: SessionPlace;
  readonly wire: WireMessage;
  readonly stanza: Element;
  readonly arrival: Arrival;
}

/** What became of one of its keys. */
interface Tried<Result extends DecryptResult = DecryptResult> {
  readonly data: Uint8Array;
  readonly result: Result;
}

type Decrypted = Extract<DecryptResult, { kind: 'decrypted' }>;

const isDecrypted = (tried: Tried): tried is Tried<Decrypted> => tried.result.kind === 'decrypted';

interface Attempt {
  readonly addressee: Addressee;
  readonly result: Sealed;
}

export class OmemoScheme implements EncryptionScheme {
  readonly #deps: OmemoSchemeDependencies;

  constructor(deps: OmemoSchemeDependencies) {
    this.#deps = deps;
  }

  protect({ accountId, peer }: Conversation): ProtectOutcome {
    const { store, acquaintance } = this.#deps;
    if (store.devices.list(accountId, peer).length > 0) return { kind: 'settled', protection: 'omemo' };
    if (store.devices.toldAt(accountId, peer) !== undefined) return { kind: 'settled', protection: 'none' };
    return { kind: 'asking', answer: acquaintance.ask(accountId, peer) };
  }

  seal(conversation: Conversation, text: string, messageId: MessageId | undefined): SealOutcome {
    const { store, preparation } = this.#deps;
    const { accountId, own, peer } = conversation;
    const stored = store.keys.own(accountId);
    const ready = preparation.needed(conversation);
    if (ready !== undefined) return { kind: 'preparing', ready };
    const addressees = this.#addressees(conversation, stored?.deviceId);
    const theirs = addressees.filter(({ jid }) => jid === peer);
    if (stored === undefined || (peer !== own && theirs.length === 0))
      return { kind: 'refused', condition: 'no-device' };
    const { receive, leftOut } = chooseRecipients(addressees);
    const payload = sealPayload(text);
    const sealFor = (wanted: (jid: string) => boolean): readonly Attempt[] =>
      receive
        .filter(({ jid }) => wanted(jid))
        .map((addressee) => ({
          addressee,
          result: this.#sealFor(accountId, addressee, payload.keyMaterial),
        }));
    const forThem = sealFor((jid) => jid === peer);
    const isReached = peer === own || forThem.some(({ result }) => 'key' in result);
    // Our other devices get no copy of what nobody gets.
    const forUs = isReached && peer !== own ? sealFor((jid) => jid !== peer) : [];
    wipe(payload.keyMaterial);
    const sealed = [...forUs, ...forThem];
    const entries = [
      ...sealed.map(({ addressee, result }) =>
        entryOf(addressee, 'key' in result ? 'encrypted' : result.outcome),
      ),
      ...leftOut.map((addressee) => entryOf(addressee, this.#whyLeftOut(accountId, addressee))),
    ];
    if (messageId !== undefined) store.ledger.noteRecipients(messageId, entries);
    if (!isReached) return { kind: 'refused', condition: whyNobody(entries, peer) };
    const keys = sealed.flatMap(({ result }) => ('key' in result ? [result.key] : []));
    const { iv, ciphertext } = payload;
    const element = encryptedElement({ sid: stored.deviceId, keys, iv, payload: ciphertext });
    return { kind: 'sealed', element, namespace: OMEMO };
  }

  open(
    conversation: Conversation,
    sender: string,
    stanza: Element,
    arrival: Arrival = { isLive: false, isKnown: () => false },
  ): OpenOutcome {
    const content = readEncrypted(stanza);
    if (content === undefined) return { kind: 'not-encrypted' };
    if (content.kind === 'malformed') return unreadable('malformed', undefined);
    const { message: wire } = content;
    const place = { accountId: conversation.accountId, jid: sender, deviceId: wire.sid };
    return this.#open(conversation, { place, wire, stanza, arrival });
  }

  /** All listed devices of both sides but this one. */
  #addressees({ accountId, own, peer }: Conversation, ownId: DeviceId | undefined): readonly Addressee[] {
    const { devices } = this.#deps.store;
    return [...new Set([peer, own])]
      .flatMap((jid) => devices.list(accountId, jid).map((device) => ({ jid, device })))
      .filter(({ jid, device }) => device.listed && !(jid === own && device.deviceId === ownId));
  }

  /** Nobody can decide about a device whose key could not be had: then that is the reason. */
  #whyLeftOut(
    accountId: AccountId,
    { jid, device, outcome }: Recipients['leftOut'][number],
  ): RecipientOutcome {
    if (outcome !== 'undecided' || device.identityKey !== undefined) return outcome;
    return this.#deps.preparation.failure(accountId, jid, device.deviceId) ?? 'unreachable';
  }

  #sealFor(accountId: AccountId, { jid, device }: Addressee, keyMaterial: Uint8Array): Sealed {
    const { store, engine, preparation } = this.#deps;
    const place = { accountId, jid, deviceId: device.deviceId };
    const record = store.sessions.record(place);
    const missing = preparation.failure(accountId, jid, device.deviceId) ?? 'unreachable';
    if (record === undefined) return { outcome: missing };
    const result = engine.encrypt(record as SessionRecord, keyMaterial);
    if (result.kind === 'needs-rebuild') {
      // The next message starts a new one.
      store.sessions.forget(place);
      return { outcome: missing };
    }
    store.sessions.keep(place, result.record);
    return { key: { rid: device.deviceId, prekey: result.isKeyExchange, data: result.data } };
  }

  #open({ own }: Conversation, opening: Opening): OpenOutcome {
    const { place, wire } = opening;
    const stored = this.#deps.store.keys.own(place.accountId);
    // What this device has sent comes back by archives: nobody can open it, and its text is here.
    if (stored !== undefined && place.jid === own && wire.sid === stored.deviceId) return { kind: 'nothing' };
    const ours = stored === undefined ? [] : wire.keys.filter(({ rid }) => rid === stored.deviceId);
    if (stored === undefined || ours.length === 0)
      return wire.payload === undefined ? { kind: 'nothing' } : unreadable('not-for-this-device', wire.sid);
    const tried = ours
      .slice(0, MAX_OWN_KEYS)
      .map(({ data }): Tried => ({ data, result: this.#decrypt(stored, place, data) }));
    const opened = tried.find(isDecrypted);
    return opened === undefined ? this.#notOpened(opening, tried) : this.#opened(opening, opened);
  }

  #decrypt(own: OwnOmemoDevice, place: SessionPlace, data: Uint8Array): DecryptResult {
    const { store, engine } = this.#deps;
    const { accountId, jid, deviceId } = place;
    return engine.decrypt({
      version: OMEMO,
      own: ownDevice(own),
      preKeys: ownPreKeys(store, accountId),
      pinned: store.devices.get(accountId, jid, deviceId)?.identityKey as IdentityKey | undefined,
      record: store.sessions.record(place) as SessionRecord | undefined,
      data,
    });
  }

  #opened(opening: Opening, { data, result }: Tried<Decrypted>): OpenOutcome {
    const { store, clock, aftermath } = this.#deps;
    const { place, wire } = opening;
    const { accountId, jid, deviceId } = place;
    // Who delivers messages could say that they are somebody else's: a key belongs to one address.
    if (store.devices.belongsToAnother(accountId, jid, result.identityKey))
      return unreadable('identity-changed', deviceId);
    const text = wire.payload === undefined ? '' : textOf(result.plaintext, wire.iv, wire.payload);
    // The key stays unused: should the true payload come, it can still be opened.
    if (text === undefined) return unreadable('malformed', deviceId);
    const now = clock.now();
    this.#meet(place, result.identityKey);
    store.sessions.keep(place, result.record);
    store.sessions.noteOpened(accountId, openedDigest(place, data), now);
    store.devices.noteHeard(accountId, jid, deviceId, now);
    this.#noteClient(opening);
    if (result.consumedPreKey !== undefined) {
      store.keys.usePreKey(accountId, result.consumedPreKey, now);
      aftermath.preKeyUsed(accountId);
    }
    if (result.consumedPreKey !== undefined || result.heartbeatDue) aftermath.answer(place);
    if (wire.payload === undefined) return { kind: 'nothing' };
    return { kind: 'text', text, writer: { deviceId, identityKey: result.identityKey } };
  }

  /** A device that writes is known from now on, with its key, whether a list names it or not. */
  #meet({ accountId, jid, deviceId }: SessionPlace, identityKey: IdentityKey): void {
    const { store, clock, policy, aftermath, preparation } = this.#deps;
    const { devices } = store;
    const known = devices.get(accountId, jid, deviceId);
    if (known?.listed !== true) preparation.listIsOld(accountId, jid);
    if (known?.identityKey !== undefined) return;
    devices.addUnlisted(accountId, jid, deviceId, clock.now());
    const device = devices.get(accountId, jid, deviceId);
    if (device === undefined) return;
    const trust = firstTrust(policy(), device, devices.hasVerified(accountId, jid));
    devices.pin(accountId, jid, deviceId, identityKey, trust, clock.now());
    aftermath.devicesChanged(accountId, jid);
  }

  /** A message without a payload says nothing of the client: ChatSecure for iOS sends none. */
  #noteClient({ place: { accountId, jid, deviceId }, wire, stanza }: Opening): void {
    if (wire.payload === undefined) return;
    this.#deps.store.devices.noteChatSecure(accountId, jid, deviceId, chatSecureResource(stanza));
  }

  #notOpened(opening: Opening, tried: readonly Tried[]): OpenOutcome {
    const { store, clock, aftermath } = this.#deps;
    const { place, wire } = opening;
    const { accountId, jid, deviceId } = place;
    const repeated = tried.filter(({ result }) => result.kind === 'duplicate');
    if (repeated.length > 0) return this.#repeated(opening, repeated);
    const changed = tried.map(({ result }) => result).find(({ kind }) => kind === 'identity-mismatch');
    if (changed?.kind === 'identity-mismatch') {
      store.devices.pin(accountId, jid, deviceId, changed.identityKey, 'undecided', clock.now());
      aftermath.devicesChanged(accountId, jid);
      return unreadable('identity-changed', deviceId);
    }
    const isForeign = tried.every(
      ({ result: { kind } }) => kind === 'malformed' || kind === 'unsupported-version',
    );
    if (!isForeign) return this.#broken(opening, 'no-key');
    return wire.payload === undefined ? { kind: 'nothing' } : unreadable('malformed', deviceId);
  }

  /**
   * The key of a message is gone because a message was opened with it. That is no loss where it was this one;
   * otherwise the device counts again from where it has been, and what it says now must not vanish.
   */
  #repeated(opening: Opening, tried: readonly Tried[]): OpenOutcome {
    const { sessions } = this.#deps.store;
    const wasOpened = tried.some(({ data }) => sessions.wasOpened(openedDigest(opening.place, data)));
    return wasOpened || opening.arrival.isKnown() ? { kind: 'nothing' } : this.#broken(opening, 'key-reused');
  }

  #broken(opening: Opening, reason: 'no-key' | 'key-reused'): OpenOutcome {
    const { place, wire, stanza, arrival } = opening;
    if (chatSecureResource(stanza) !== undefined) this.#noteClient(opening);
    const isMissed = wire.payload !== undefined;
    this.#deps.aftermath.broken(place, isMissed && arrival.isLive ? complaintAbout(stanza) : undefined);
    return isMissed ? unreadable(reason, place.deviceId) : { kind: 'nothing' };
  }
}

const unreadable = (reason: UnreadableReason, deviceId: DeviceId | undefined): OpenOutcome => ({
  kind: 'unreadable',
  reason,
  deviceId,
});

/** Undefined where key and payload do not fit. */
const textOf = (
  keyMaterial: Uint8Array,
  iv: Uint8Array | undefined,
  ciphertext: Uint8Array,
): string | undefined => {
  const text = iv === undefined ? undefined : openPayload({ keyMaterial, iv, ciphertext });
  wipe(keyMaterial);
  return text;
};

/** Where the user can decide about one of the devices, that comes first. */
const whyNobody = (entries: readonly RecipientEntry[], peer: string): NobodyReads => {
  const outcomes = entries.filter(({ jid }) => jid === peer).map(({ outcome }) => outcome);
  if (outcomes.some((outcome) => outcome !== 'unusable' && outcome !== 'unreachable'))
    return 'no-trusted-device';
  return outcomes.includes('unusable') ? 'keys-unusable' : 'keys-unreachable';
};

const entryOf = ({ jid, device }: Addressee, outcome: RecipientOutcome): RecipientEntry => ({
  jid,
  deviceId: device.deviceId,
  identityKey: device.identityKey,
  outcome,
});
