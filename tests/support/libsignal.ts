/**
 * The library that the first OMEMO clients in JavaScript are made of, as it is shipped: to check our ratchet
 * against, and to compare its speed. The one file that imports it.
 */
import type * as LibraryModule from '@privacyresearch/libsignal-protocol-typescript';
import type { Bundle } from '#main/crypto/omemo/engine.ts';

type Library = typeof LibraryModule;

const fatalEvents = ['unhandledRejection', 'uncaughtException'] as const;

/**
 * Loads the library. Its curve was compiled to JavaScript with a runtime that ends the process at any unhandled
 * rejection, of anybody: those listeners are taken off again.
 */
const load = async (): Promise<Library> => {
  const before = new Map(fatalEvents.map((event) => [event, process.listeners(event as 'exit')]));
  const library = await import('@privacyresearch/libsignal-protocol-typescript');
  for (const [event, kept] of before) {
    for (const listener of process.listeners(event as 'exit')) {
      if (!kept.includes(listener)) process.off(event, listener);
    }
  }
  return library;
};

let loaded: Promise<Library> | undefined;
const libsignal = (): Promise<Library> => (loaded ??= load());

/** Buffers share their memory with others; the library takes it whole. */
const toArrayBuffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

type PairInLibrary = Awaited<ReturnType<Library['KeyHelper']['generateIdentityKeyPair']>>;

/** What the library asks its storage for. */
class MemoryStorage {
  readonly preKeys = new Map<number, PairInLibrary>();
  readonly signedPreKeys = new Map<number, PairInLibrary>();
  readonly sessions = new Map<string, string>();
  readonly #identity: PairInLibrary;
  readonly #registrationId: number;

  constructor(identity: PairInLibrary, registrationId: number) {
    this.#identity = identity;
    this.#registrationId = registrationId;
  }

  getIdentityKeyPair = async () => this.#identity;
  getLocalRegistrationId = async () => this.#registrationId;
  isTrustedIdentity = async () => true;
  saveIdentity = async () => true;
  loadPreKey = async (id: number | string) => this.preKeys.get(Number(id));
  storePreKey = async (id: number | string, pair: PairInLibrary) => void this.preKeys.set(Number(id), pair);
  removePreKey = async (id: number | string) => void this.preKeys.delete(Number(id));
  loadSignedPreKey = async (id: number | string) => this.signedPreKeys.get(Number(id));
  storeSignedPreKey = async (id: number | string, pair: PairInLibrary) =>
    void this.signedPreKeys.set(Number(id), pair);
  removeSignedPreKey = async (id: number | string) => void this.signedPreKeys.delete(Number(id));
  loadSession = async (address: string) => this.sessions.get(address);
  storeSession = async (address: string, record: string) => void this.sessions.set(address, record);
}

/** A device whose ratchet is the library's. */
export class LibsignalDevice {
  readonly deviceId: number;
  readonly bundle: Bundle;
  readonly #library: Library;
  readonly #storage: MemoryStorage;

  private constructor(library: Library, storage: MemoryStorage, deviceId: number, bundle: Bundle) {
    this.#library = library;
    this.#storage = storage;
    this.deviceId = deviceId;
    this.bundle = bundle;
  }

  static async create(deviceId: number, preKeyCount = 3): Promise<LibsignalDevice> {
    const library = await libsignal();
    const { KeyHelper } = library;
    const identity = await KeyHelper.generateIdentityKeyPair();
    const storage = new MemoryStorage(identity, deviceId);
    const signed = await KeyHelper.generateSignedPreKey(identity, 1);
    storage.signedPreKeys.set(1, signed.keyPair);
    const preKeys: { id: number; publicKey: Uint8Array }[] = [];
    for (let id = 1; id <= preKeyCount; id += 1) {
      const { keyPair } = await KeyHelper.generatePreKey(id);
      storage.preKeys.set(id, keyPair);
      preKeys.push({ id, publicKey: new Uint8Array(keyPair.pubKey) });
    }
    return new LibsignalDevice(library, storage, deviceId, {
      identityKey: new Uint8Array(identity.pubKey),
      signedPreKey: {
        id: 1,
        publicKey: new Uint8Array(signed.keyPair.pubKey),
        signature: new Uint8Array(signed.signature),
      },
      preKeys,
    });
  }

  /** With the first prekey of the bundle. Rejects where the signature is forged. */
  async startSession(peer: number, bundle: Bundle): Promise<void> {
    const { SessionBuilder, SignalProtocolAddress } = this.#library;
    const [preKey] = bundle.preKeys;
    const builder = new SessionBuilder(this.#storage, new SignalProtocolAddress('peer', peer));
    await builder.processPreKey({
      registrationId: peer,
      identityKey: toArrayBuffer(bundle.identityKey),
      signedPreKey: {
        keyId: bundle.signedPreKey.id,
        publicKey: toArrayBuffer(bundle.signedPreKey.publicKey),
        signature: toArrayBuffer(bundle.signedPreKey.signature),
      },
      ...(preKey && { preKey: { keyId: preKey.id, publicKey: toArrayBuffer(preKey.publicKey) } }),
    });
  }

  async encrypt(
    peer: number,
    plaintext: Uint8Array,
  ): Promise<{ readonly data: Uint8Array; readonly isKeyExchange: boolean }> {
    const { body = '', type } = await this.#cipher(peer).encrypt(toArrayBuffer(plaintext));
    return { data: Uint8Array.from(Buffer.from(body, 'latin1')), isKeyExchange: type === 3 };
  }

  /** Rejects with what the library throws. */
  async decrypt(
    peer: number,
    message: { readonly data: Uint8Array; readonly isKeyExchange: boolean },
  ): Promise<Uint8Array> {
    const data = toArrayBuffer(message.data);
    const cipher = this.#cipher(peer);
    const plaintext = message.isKeyExchange
      ? await cipher.decryptPreKeyWhisperMessage(data)
      : await cipher.decryptWhisperMessage(data);
    return new Uint8Array(plaintext);
  }

  #cipher(peer: number): InstanceType<Library['SessionCipher']> {
    const { SessionCipher, SignalProtocolAddress } = this.#library;
    return new SessionCipher(this.#storage, new SignalProtocolAddress('peer', peer));
  }
}

/** The curve of the library; its `verifySignature` answers true for what is forged. */
export const libsignalCurve = async (): Promise<{
  readonly publicKeyOf: (privateKey: Uint8Array) => Uint8Array;
  readonly sharedSecret: (privateKey: Uint8Array, publicKey: Uint8Array) => Uint8Array;
  readonly sign: (privateKey: Uint8Array, message: Uint8Array) => Uint8Array;
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}> => {
  const library = await libsignal();
  const { Curve } = await library.default();
  const typed = (key: Uint8Array): ArrayBuffer => toArrayBuffer(Uint8Array.of(5, ...key));
  // It takes only private keys in the form that it gives them.
  const clamped = (key: Uint8Array): ArrayBuffer => Curve.createKeyPair(toArrayBuffer(key)).privKey;
  return {
    publicKeyOf: (privateKey) =>
      new Uint8Array(Curve.createKeyPair(toArrayBuffer(privateKey)).pubKey).slice(1),
    sharedSecret: (privateKey, publicKey) =>
      new Uint8Array(Curve.calculateAgreement(typed(publicKey), clamped(privateKey))),
    sign: (privateKey, message) =>
      new Uint8Array(Curve.calculateSignature(clamped(privateKey), toArrayBuffer(message))),
    verify: (publicKey, message, signature) =>
      !Curve.verifySignature(typed(publicKey), toArrayBuffer(message), toArrayBuffer(signature)),
  };
};
