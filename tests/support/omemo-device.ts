/** A device with the engine of the application and its keys in memory; what it cannot read is an answer. */
import { randomInt } from 'node:crypto';
import type {
  Bundle,
  DecryptResult,
  Engine,
  IdentityKey,
  IdentityKeyPair,
  KeyPair,
  OmemoVersion,
  PreKeyId,
  SessionRecord,
  SignedPreKeyId,
} from '#main/crypto/omemo/engine.ts';
import { createRatchetEngine } from '#main/crypto/omemo/ratchet/ratchet-engine.ts';
import type { DeviceId } from '#shared/ids.ts';

/** What travels between two devices. */
export interface Sent {
  readonly data: Uint8Array;
  readonly isKeyExchange: boolean;
}

export interface DeviceOptions {
  readonly version?: OmemoVersion;
  readonly preKeys?: number;
  readonly engine?: Engine;
  /** Whether a used prekey is still accepted, as it is while an archive is read. */
  readonly keepsUsed?: boolean;
}

const shared = createRatchetEngine();
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export class OmemoDevice {
  readonly version: OmemoVersion;
  readonly deviceId: DeviceId;
  readonly identity: IdentityKeyPair;
  readonly preKeys = new Map<PreKeyId, KeyPair>();
  readonly signedPreKeys = new Map<SignedPreKeyId, KeyPair>();
  readonly sessions = new Map<number, SessionRecord>();
  readonly pins = new Map<number, IdentityKey>();
  readonly engine: Engine;
  readonly #keepsUsed: boolean;

  constructor({
    version = 'eu.siacs.conversations.axolotl',
    preKeys = 3,
    engine = shared,
    keepsUsed = false,
  }: DeviceOptions = {}) {
    this.engine = engine;
    this.#keepsUsed = keepsUsed;
    this.version = version;
    this.deviceId = randomInt(1, 2 ** 31) as DeviceId;
    this.identity = engine.generateIdentity();
    this.signedPreKeys.set(1 as SignedPreKeyId, engine.generateKeyPair());
    for (let id = 1; id <= preKeys; id += 1) this.preKeys.set(id as PreKeyId, engine.generateKeyPair());
  }

  get own(): { readonly deviceId: DeviceId; readonly identity: IdentityKeyPair } {
    return { deviceId: this.deviceId, identity: this.identity };
  }

  get bundle(): Bundle {
    const [id, pair] = [...this.signedPreKeys].at(-1) ?? [];
    if (id === undefined || pair === undefined) throw new Error('a device without a signed prekey');
    const { publicKey } = pair;
    return this.engine.encodeBundle(this.version, {
      identityKey: this.identity.publicKey,
      signedPreKey: {
        id,
        publicKey,
        signature: this.engine.signPreKey(this.version, this.identity, publicKey),
      },
      preKeys: [...this.preKeys].map(([preKeyId, key]) => ({ id: preKeyId, publicKey: key.publicKey })),
    });
  }

  /** @returns what the engine answers; the session is kept where it was started */
  start(peer: number, bundle: Bundle): ReturnType<Engine['startSession']>['kind'] {
    const [record, pinned] = [this.sessions.get(peer), this.pins.get(peer)];
    const result = this.engine.startSession({ version: this.version, own: this.own, bundle, pinned, record });
    if (result.kind !== 'started') return result.kind;
    this.sessions.set(peer, result.record);
    this.pins.set(peer, result.identityKey);
    return 'started';
  }

  /** A first message wants the bundle of the peer. */
  sendFirst(peer: OmemoDevice, text: string): Sent {
    const started = this.start(peer.deviceId, peer.bundle);
    if (started !== 'started') throw new Error(started);
    return this.send(peer.deviceId, text);
  }

  send(peer: number, text: string): Sent {
    return this.sendBytes(peer, bytesOf(text));
  }

  sendBytes(peer: number, plaintext: Uint8Array): Sent {
    const record = this.sessions.get(peer);
    if (record === undefined) throw new Error('no session');
    const result = this.engine.encrypt(record, plaintext);
    if (result.kind !== 'encrypted') throw new Error(result.reason);
    this.sessions.set(peer, result.record);
    return result;
  }

  /** Opens a message and keeps what the engine says is to be kept. */
  receive(peer: number, { data }: Pick<Sent, 'data'>): DecryptResult {
    const result = this.engine.decrypt({
      version: this.version,
      own: this.own,
      preKeys: {
        preKey: (id) => this.preKeys.get(id),
        signedPreKey: (id) => this.signedPreKeys.get(id),
      },
      pinned: this.pins.get(peer),
      record: this.sessions.get(peer),
      data,
    });
    if (result.kind === 'decrypted') {
      this.sessions.set(peer, result.record);
      if (!this.pins.has(peer)) this.pins.set(peer, result.identityKey);
      if (result.consumedPreKey !== undefined && !this.#keepsUsed) this.preKeys.delete(result.consumedPreKey);
    }
    return result;
  }

  /** The text of a message, or what the engine answers instead. */
  read(peer: number, sent: Pick<Sent, 'data'>): string {
    const result = this.receive(peer, sent);
    return result.kind === 'decrypted' ? textOf(result.plaintext) : result.kind;
  }
}

/** Two devices with a session that both have used. */
export const introduce = (
  options: DeviceOptions = {},
): { readonly a: OmemoDevice; readonly b: OmemoDevice } => {
  const [a, b] = [new OmemoDevice(options), new OmemoDevice(options)];
  b.receive(a.deviceId, a.sendFirst(b, 'hello'));
  a.receive(b.deviceId, b.send(a.deviceId, 'hello too'));
  return { a, b };
};
