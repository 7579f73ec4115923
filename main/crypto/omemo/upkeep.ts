/** What the server has of our device: its bundle, and its place in the list of the account. */
import { randomInt } from 'node:crypto';
import type { AccountId, DeviceId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OmemoStore } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import { OMEMO, type WireBundle } from '#main/xmpp/features/omemo.ts';
import {
  openBundle,
  openDeviceList,
  publicationTrouble,
  publishBundle,
  publishDeviceList,
} from '#main/xmpp/features/omemo-nodes.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { Engine, PreKeyId, SignedPreKeyId } from './engine.ts';
import { fetchBundle, fetchDeviceList, type LiveSession, type LiveSessions } from './live.ts';
import { ownDevice } from './own-device.ts';

export interface UpkeepDependencies {
  readonly store: OmemoStore;
  readonly transaction: <T>(act: () => T) => T;
  readonly engine: Engine;
  readonly live: LiveSessions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly devicesChanged: (accountId: AccountId, jid: string) => void;
}

/** XEP-0384 section 4.3. */
const PREKEYS = 100;
const DAY_MS = 86_400_000;
/** "Once a week to once a month" (XEP-0384 0.8 section 3.1); the previous one is kept for as long again. */
const ROTATE_AFTER_MS = 14 * DAY_MS;
const KEEP_SIGNED_MS = 2 * ROTATE_AFTER_MS;
/** Two devices that answer each other's lists must not do so without end. */
const SETTLE_MS = 3_000;
/** What the server could not do just now is tried again after this long, or with the next stream. */
const TRY_AGAIN_MS = 60_000;
const MAX_DEVICE_ID = 2 ** 31 - 1;

const newDeviceId = (taken: readonly DeviceId[]): DeviceId => {
  for (;;) {
    const id = randomInt(1, MAX_DEVICE_ID + 1) as DeviceId;
    if (!taken.includes(id)) return id;
  }
};

/** Publishes bundle and list, repairs them, and refills and rotates keys. One run at a time for each account. */
export class Upkeep {
  readonly #deps: UpkeepDependencies;
  readonly #runs = new Map<AccountId, Promise<void>>();
  readonly #again = new Set<AccountId>();
  readonly #cancel = new Map<AccountId, () => void>();

  constructor(deps: UpkeepDependencies) {
    this.#deps = deps;
  }

  /** The stream has begun: everything is looked after at once. */
  begin(accountId: AccountId): Promise<void> {
    return this.#run(accountId);
  }

  end(accountId: AccountId): void {
    this.#cancel.get(accountId)?.();
    this.#cancel.delete(accountId);
  }

  /** Something has changed that the server must know; several things are told together. */
  soon(accountId: AccountId): void {
    this.#after(SETTLE_MS, accountId);
  }

  #after(ms: number, accountId: AccountId): void {
    if (this.#cancel.has(accountId)) return;
    const cancel = this.#deps.clock.after(ms, () => {
      this.#cancel.delete(accountId);
      void this.#run(accountId);
    });
    this.#cancel.set(accountId, cancel);
  }

  #run(accountId: AccountId): Promise<void> {
    const running = this.#runs.get(accountId);
    if (running !== undefined) {
      this.#again.add(accountId);
      return running;
    }
    const run = this.#look(accountId)
      .catch((error: unknown) => {
        this.#deps.log.warn('the keys of this device are not on the server', {}, error);
        // Used keys must not stay there: whoever takes one writes what nobody can read.
        if (error instanceof StanzaError && error.type === 'wait') this.#after(TRY_AGAIN_MS, accountId);
      })
      .finally(() => {
        this.#runs.delete(accountId);
        if (this.#again.delete(accountId)) this.soon(accountId);
      });
    this.#runs.set(accountId, run);
    return run;
  }

  /** The list is fetched each time: what was pushed before may be old. */
  async #look(accountId: AccountId): Promise<void> {
    const { store, live, clock, devicesChanged } = this.#deps;
    const session = live.get(accountId);
    if (session === undefined) return;
    const own = bareJid(session.jid);
    const listed = await fetchDeviceList(session, own);
    if (live.get(accountId) !== session) return;
    const deviceId = this.#ready(accountId, listed);
    // Bundle before list: who sees the list may ask for the bundle at once.
    const isPublished =
      store.keys.own(accountId)?.published === true && (await this.#isOnServer(accountId, session, deviceId));
    if (!isPublished) await this.#publishBundle(accountId, session, deviceId);
    if (live.get(accountId) !== session) return;
    const all = listed.includes(deviceId) ? listed : [...listed, deviceId];
    if (all !== listed) {
      await publish(session, (withOptions) => publishDeviceList(all, withOptions), openDeviceList());
    }
    store.devices.receiveList(accountId, own, all, clock.now());
    devicesChanged(accountId, own);
  }

  /** Makes what is missing of our keys. @returns our device id */
  #ready(accountId: AccountId, listed: readonly DeviceId[]): DeviceId {
    const { store, transaction, engine, clock } = this.#deps;
    const { keys } = store;
    return transaction(() => {
      if (keys.own(accountId) === undefined) {
        keys.create(accountId, newDeviceId(listed), engine.generateIdentity());
      }
      const { deviceId, identity } = required(keys.own(accountId));
      const isNew = keys.currentSignedPreKey(accountId) === undefined;
      // Another device has taken the number that nobody knows of us yet.
      if (isNew && listed.includes(deviceId)) keys.changeDeviceId(accountId, newDeviceId(listed));
      const signed = keys.currentSignedPreKey(accountId);
      if (signed === undefined || clock.now() - signed.createdAt >= ROTATE_AFTER_MS) {
        const pair = engine.generateKeyPair();
        const own = ownDevice({ deviceId, identity, published: false });
        const signature = engine.signPreKey(OMEMO, own.identity, pair.publicKey);
        keys.addSignedPreKey(accountId, { ...pair, signature, createdAt: clock.now() });
        keys.forgetSignedPreKeys(accountId, clock.now() - KEEP_SIGNED_MS);
      }
      const missing = PREKEYS - keys.countPreKeys(accountId);
      if (missing > 0)
        keys.addPreKeys(
          accountId,
          Array.from({ length: missing }, () => engine.generateKeyPair()),
        );
      return required(keys.own(accountId)).deviceId;
    });
  }

  async #publishBundle(accountId: AccountId, session: LiveSession, deviceId: DeviceId): Promise<void> {
    const { store } = this.#deps;
    const bundle = this.#bundle(accountId);
    await publish(
      session,
      (withOptions) => publishBundle(deviceId, bundle, withOptions),
      openBundle(deviceId),
    );
    // A prekey that was used meanwhile makes it old again.
    if (idsOf(this.#bundle(accountId)) === idsOf(bundle)) store.keys.setPublished(accountId, true);
    else this.soon(accountId);
  }

  /** Whether the server still has what we have published: it may have lost it, or another client removed it. */
  async #isOnServer(accountId: AccountId, session: LiveSession, deviceId: DeviceId): Promise<boolean> {
    const ours = this.#bundle(accountId);
    try {
      const theirs = await fetchBundle(session, bareJid(session.jid), deviceId);
      return theirs !== undefined && idsOf(theirs) === idsOf(ours);
    } catch (error) {
      if (error instanceof StanzaError) return false;
      throw error;
    }
  }

  #bundle(accountId: AccountId): WireBundle {
    const { store, engine } = this.#deps;
    const own = ownDevice(required(store.keys.own(accountId)));
    const { id, publicKey, signature } = required(store.keys.currentSignedPreKey(accountId));
    return engine.encodeBundle(OMEMO, {
      identityKey: own.identity.publicKey,
      signedPreKey: { id: id as SignedPreKeyId, publicKey, signature },
      preKeys: store.keys
        .preKeys(accountId)
        .map((key) => ({ id: key.id as PreKeyId, publicKey: key.publicKey })),
    });
  }
}

/** Which keys a bundle offers. */
const idsOf = ({ identityKey, signedPreKey, preKeys }: WireBundle): string =>
  [Buffer.from(identityKey).toString('hex'), signedPreKey.id, ...preKeys.map(({ id }) => id)].join(' ');

/**
 * Publishes to a node that everybody may read. A node that is configured otherwise is opened first; a server
 * that knows no options gets the publication without them, and then the configuration.
 */
const publish = async (
  session: LiveSession,
  publication: (withOptions: boolean) => Element,
  open: Element,
): Promise<void> => {
  try {
    await session.stream.request(publication(true));
  } catch (error) {
    const trouble = error instanceof StanzaError ? publicationTrouble(error) : undefined;
    if (trouble === undefined) throw error;
    if (trouble === 'closed') {
      await session.stream.request(open);
      await session.stream.request(publication(true));
      return;
    }
    await session.stream.request(publication(false));
    await session.stream.request(open);
  }
};

const required = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('keys that were just made are gone');
  return value;
};
