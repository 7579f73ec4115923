/** What must be fetched before a message can be encrypted: device lists, and bundles for sessions. */
import type { AccountId, DeviceId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { RecipientOutcome, TrustPolicy } from '#shared/omemo.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OmemoDeviceRow, OmemoStore, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import { StanzaError, StreamError } from '#main/xmpp/port.ts';
import { OMEMO, type WireBundle } from '#main/xmpp/features/omemo.ts';
import type { Conversation } from '../scheme.ts';
import type { Engine, IdentityKey, SessionRecord } from './engine.ts';
import { learnDeviceList } from './device-lists.ts';
import { fetchBundle, type LiveSession, type LiveSessions } from './live.ts';
import { ownDevice } from './own-device.ts';
import { firstTrust, isTrusted, standingOf } from './trust.ts';

export interface PreparationDependencies {
  readonly store: OmemoStore;
  /** All writes of `act` together or none. */
  readonly transaction: <T>(act: () => T) => T;
  readonly engine: Engine;
  readonly live: LiveSessions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: () => TrustPolicy;
  /** The devices of an address, or what is known of them, have changed. */
  readonly devicesChanged: (accountId: AccountId, jid: string) => void;
}

/** Why a device has no session. */
type Failure = Extract<RecipientOutcome, 'unreachable' | 'unusable'>;

/**
 * What a bundle is fetched for. `repair`: a session in place of a broken one, whatever the trust: what the device
 * writes stays readable, and nothing that the user writes goes to it.
 */
type Wanted = 'key' | 'session' | 'repair';

/** What could not be fetched is tried again after this long, or on the next stream. */
const FORGET_FAILURE_MS = 600_000;
/** Where nobody could read the message meanwhile, sooner: the user may have sent it again. */
const ASK_AGAIN_MS = 10_000;
/** A device that is known for no longer may be about to publish its bundle. */
const NEWCOMER_MS = 60_000;
/** How long its bundle is waited for, again and again. */
const BUNDLE_FOLLOWS_MS = [500, 1_500, 4_000] as const;
/** After an error that may be gone a moment later. */
const TRY_AGAIN_MS = 1_000;

/** Fetches what is missing, each thing once at a time; failures are remembered, so that nobody waits twice. */
export class Preparation {
  readonly #deps: PreparationDependencies;
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, { readonly failure: Failure; readonly at: number }>();
  /** Lists that were fetched, or could not be, on the present stream. */
  readonly #asked = new Set<string>();
  /** Lists that lack a device which has written. */
  readonly #old = new Set<string>();

  constructor(deps: PreparationDependencies) {
    this.#deps = deps;
  }

  /** A new stream: what failed may work now, and what was asked on the one before is not waited for. */
  forget(accountId: AccountId): void {
    for (const known of [this.#failures, this.#asked, this.#running])
      for (const key of known.keys()) if (key.startsWith(`${accountId} `)) known.delete(key);
  }

  /** Why no session with a device could be started; undefined where nothing failed. */
  failure(accountId: AccountId, jid: string, deviceId: DeviceId): Failure | undefined {
    const found = this.#failures.get(`${accountId} ${jid} ${deviceId}`);
    return found !== undefined && this.#deps.clock.now() - found.at < FORGET_FAILURE_MS
      ? found.failure
      : undefined;
  }

  /** A device has written that the list of its owner, as we know it, does not name (XEP-0384 section 6). */
  listIsOld(accountId: AccountId, jid: string): void {
    this.#old.add(`${accountId} ${jid}`);
    this.#asked.delete(`${accountId} ${jid}`);
  }

  /**
   * Undefined where a message of this conversation can be sealed now. Otherwise what is missing is being
   * fetched; settles when that is done, well or not, and never rejects. Where the stream ends meanwhile it never
   * settles: who waited asks anew on the next one.
   */
  needed(conversation: Conversation): Promise<void> | undefined {
    const { accountId, own, peer } = conversation;
    const jids = [...new Set([peer, own])].filter((jid) => this.#isMissing(conversation, jid));
    if (jids.length === 0) return undefined;
    const session = this.#deps.live.get(accountId);
    if (session === undefined) return never();
    return Promise.all(jids.map((jid) => this.#prepareOnce(conversation, session, jid))).then(
      () => undefined,
      never,
    );
  }

  /**
   * Fetches the keys of devices that were never seen, for the user to look at and decide. Starts no session: one
   * should be made from a bundle as it is when there is something to send. Never rejects.
   */
  async learn(accountId: AccountId, jid: string): Promise<void> {
    const { live, store } = this.#deps;
    const session = live.get(accountId);
    if (session === undefined) return;
    const unknown = store.devices
      .list(accountId, jid)
      .filter(({ listed, identityKey }) => listed && identityKey === undefined)
      .filter(
        ({ deviceId }) => !(jid === bareJid(session.jid) && deviceId === store.keys.own(accountId)?.deviceId),
      )
      .filter(({ deviceId }) => this.failure(accountId, jid, deviceId) === undefined);
    await Promise.allSettled(
      unknown.map(({ deviceId }) => this.#prepareDevice(accountId, session, jid, deviceId, 'key')),
    );
  }

  #isMissing(conversation: Conversation, jid: string): boolean {
    const { accountId } = conversation;
    if (this.#listIsMissing(accountId, jid) || this.#unready(conversation, jid).length > 0) return true;
    // What failed a moment ago is being tried again, and nobody else could read the message.
    return this.#running.has(`${accountId} ${jid}`) && this.#nobodyReads(accountId, jid);
  }

  #listIsMissing(accountId: AccountId, jid: string): boolean {
    const key = `${accountId} ${jid}`;
    if (this.#asked.has(key)) return false;
    return this.#old.has(key) || !this.#deps.store.devices.list(accountId, jid).some(({ listed }) => listed);
  }

  /** Devices whose key is not known, or that are trusted and have no session. */
  #unready({ accountId, own }: Conversation, jid: string): readonly OmemoDeviceRow[] {
    const { devices, keys, sessions } = this.#deps.store;
    const ownId = jid === own ? keys.own(accountId)?.deviceId : undefined;
    return devices
      .list(accountId, jid)
      .filter(({ deviceId, listed }) => listed && deviceId !== ownId)
      .filter(({ deviceId }) => !this.#isPutOff(accountId, jid, deviceId))
      .filter(
        (device) =>
          device.identityKey === undefined ||
          (standingOf(device) === 'trusted' &&
            sessions.record({ accountId, jid, deviceId: device.deviceId }) === undefined),
      );
  }

  /** Whether it has failed so short a time ago that nobody should wait for it again. */
  #isPutOff(accountId: AccountId, jid: string, deviceId: DeviceId): boolean {
    if (this.failure(accountId, jid, deviceId) === undefined) return false;
    const { at } = this.#failures.get(`${accountId} ${jid} ${deviceId}`) ?? { at: -Infinity };
    return this.#deps.clock.now() - at < ASK_AGAIN_MS || !this.#nobodyReads(accountId, jid);
  }

  #prepareOnce(conversation: Conversation, session: LiveSession, jid: string): Promise<void> {
    const key = `${conversation.accountId} ${jid}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#prepare(conversation, session, jid).finally(() => {
      if (this.#running.get(key) === started) this.#running.delete(key);
    });
    this.#running.set(key, started);
    return started;
  }

  async #prepare(conversation: Conversation, session: LiveSession, jid: string): Promise<void> {
    const { accountId } = conversation;
    const { live, clock } = this.#deps;
    if (this.#listIsMissing(accountId, jid)) await this.#fetchList(accountId, session, jid);
    await this.#prepareDevices(conversation, session, jid);
    for (const waitMs of BUNDLE_FOLLOWS_MS) {
      const newcomers = this.#newcomers(conversation, jid);
      if (newcomers.length === 0) return;
      await new Promise<void>((resolve) => clock.after(waitMs, resolve));
      if (live.get(accountId) !== session) return;
      for (const { deviceId } of newcomers) this.#failures.delete(`${accountId} ${jid} ${deviceId}`);
      await this.#prepareDevices(conversation, session, jid);
    }
  }

  async #prepareDevices(conversation: Conversation, session: LiveSession, jid: string): Promise<void> {
    await Promise.all(
      this.#unready(conversation, jid).map(({ deviceId }) =>
        this.#prepareDevice(conversation.accountId, session, jid, deviceId, 'session'),
      ),
    );
  }

  /**
   * Devices that have just appeared, without a bundle, where nobody else of the address could read the message:
   * some clients publish their list first (seen with Dino 0.4.2).
   */
  #newcomers({ accountId, peer }: Conversation, jid: string): readonly OmemoDeviceRow[] {
    const { store, clock } = this.#deps;
    if (jid !== peer || !this.#nobodyReads(accountId, jid)) return [];
    return store.devices
      .list(accountId, jid)
      .filter(
        ({ deviceId, firstSeen, listed }) =>
          listed &&
          clock.now() - firstSeen < NEWCOMER_MS &&
          this.failure(accountId, jid, deviceId) === 'unreachable',
      );
  }

  /** Whether there is a session with none of the devices of an address. */
  #nobodyReads(accountId: AccountId, jid: string): boolean {
    const { devices, sessions } = this.#deps.store;
    return !devices
      .list(accountId, jid)
      .some(({ deviceId, listed }) => listed && sessions.record({ accountId, jid, deviceId }) !== undefined);
  }

  /** @throws StreamError, StanzaError where the stream has ended */
  async #fetchList(accountId: AccountId, session: LiveSession, jid: string): Promise<void> {
    const { log, devicesChanged } = this.#deps;
    const key = `${accountId} ${jid}`;
    this.#asked.add(key);
    const wasOld = this.#old.delete(key);
    try {
      await learnDeviceList(this.#deps, session, accountId, jid);
      devicesChanged(accountId, jid);
    } catch (error) {
      log.warn('no device list', {}, error);
      if (!this.#isLost(accountId, session, error)) return;
      if (wasOld) this.#old.add(key);
      throw error;
    }
  }

  /** Nobody has answered, because the stream has ended: that says nothing about anybody's devices. */
  #isLost(accountId: AccountId, session: LiveSession, error: unknown): boolean {
    return error instanceof StreamError || this.#deps.live.get(accountId) !== session;
  }

  /** RFC 6120 section 8.3.2: what has the type "wait" may be gone soon. No answer in time has it, too. */
  async #fetchBundle(session: LiveSession, jid: string, deviceId: DeviceId): Promise<WireBundle | undefined> {
    try {
      return await fetchBundle(session, jid, deviceId);
    } catch (error) {
      if (!(error instanceof StanzaError) || error.type !== 'wait') throw error;
      await new Promise<void>((resolve) => this.#deps.clock.after(TRY_AGAIN_MS, resolve));
      return await fetchBundle(session, jid, deviceId);
    }
  }

  /** @throws StreamError, StanzaError where the stream has ended */
  async #prepareDevice(
    accountId: AccountId,
    session: LiveSession,
    jid: string,
    deviceId: DeviceId,
    wanted: Wanted,
  ): Promise<void> {
    const { log, transaction, devicesChanged } = this.#deps;
    let failure: Failure | undefined;
    try {
      const bundle = await this.#fetchBundle(session, jid, deviceId);
      failure =
        bundle === undefined
          ? 'unusable'
          : transaction(() => this.useBundle({ accountId, jid, deviceId }, bundle, wanted));
      devicesChanged(accountId, jid);
    } catch (error) {
      log.warn('no bundle', { device: deviceId }, error);
      if (this.#isLost(accountId, session, error)) throw error;
      // Who only wanted to look does not keep a message from asking again: some publish the list first.
      failure = wanted === 'session' ? 'unreachable' : undefined;
    }
    if (failure !== undefined)
      this.#failures.set(`${accountId} ${jid} ${deviceId}`, { failure, at: this.#deps.clock.now() });
  }

  /**
   * Learns the key of a device, and starts a session where one is wanted and it is trusted. Only within a
   * transaction.
   * @returns undefined where that went well, or the user has to decide
   */
  useBundle(place: SessionPlace, bundle: WireBundle, wanted: Wanted = 'session'): Failure | undefined {
    const { accountId, jid, deviceId } = place;
    const { store, engine, clock, policy, log } = this.#deps;
    const { devices, sessions, keys } = store;
    const [own, device] = [keys.own(accountId), devices.get(accountId, jid, deviceId)];
    if (own === undefined || device === undefined) return 'unusable';
    const result = engine.startSession({
      version: OMEMO,
      own: ownDevice(own),
      bundle,
      pinned: device.identityKey as IdentityKey | undefined,
      record: sessions.record(place) as SessionRecord | undefined,
    });
    switch (result.kind) {
      case 'identity-mismatch':
        log.warn('another identity key was published for a known device', { device: deviceId });
        devices.pin(accountId, jid, deviceId, result.identityKey, 'undecided', clock.now());
        return undefined;
      case 'started': {
        const trust = firstTrust(policy(), device, devices.hasVerified(accountId, jid));
        devices.pin(accountId, jid, deviceId, result.identityKey, trust, clock.now());
        const mayReceive = isTrusted(devices.get(accountId, jid, deviceId)?.trust);
        // Of others only the key is wanted: the user shall see whom it is about.
        if (wanted === 'repair' || (wanted === 'session' && mayReceive)) sessions.keep(place, result.record);
        return undefined;
      }
      case 'invalid-key':
      case 'invalid-signature':
      case 'no-prekey':
        log.warn('a bundle that cannot be used', { device: deviceId, reason: result.kind });
        return 'unusable';
    }
  }
}

const never = (): Promise<never> => new Promise(() => undefined);
