/** What the user asks of the server about devices: their list anew, one of them away, and whether all is well. */
import { AppError } from '#shared/errors.ts';
import type { HealthLine, HealthRepair, HealthView, NodeAccess } from '#shared/encryption.ts';
import type { AccountId, DeviceId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OmemoStore, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import {
  bundleAccessRequest,
  deleteBundle,
  deviceListAccessRequest,
  openBundle,
  openDeviceList,
  publishDeviceList,
  readIsOpen,
} from '#main/xmpp/features/omemo-nodes.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { learnDeviceList } from './device-lists.ts';
import { fetchBundle, fetchDeviceList, type LiveSession, type LiveSessions } from './live.ts';

export interface DeviceNetworkDependencies {
  readonly store: OmemoStore;
  readonly live: LiveSessions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly changed: (accountId: AccountId, jid: string) => void;
  readonly publish: (accountId: AccountId) => Promise<void>;
  readonly repair: (place: SessionPlace) => Promise<boolean>;
  /** Fetches the keys of devices that were never seen; never rejects. */
  readonly learn: (accountId: AccountId, jid: string) => Promise<void>;
  /** How far the server's clock is ahead, in milliseconds; undefined where it does not tell. */
  readonly clockAhead: (accountId: AccountId) => Promise<number | undefined>;
}

/** Signed keys and one-time keys below this are soon used up by contacts who write first. */
const FEW_PREKEYS = 20;
/** Delays of messages are shown by these clocks, and certificates judged. */
const CLOCK_TOLERANCE_MS = 60_000;
const OLD_SIGNED_KEY_MS = 45 * 86_400_000;
/** A list that was fetched within this time is not fetched again: changes of it are pushed. */
const FRESH_MS = 30_000;
/** Of the user's own devices so many are looked at, in a list that has more. */
const MAX_LOOKED_AT = 50;

/** Everything here needs a stream: fails with `offline` where there is none. */
export class DeviceNetwork {
  readonly #deps: DeviceNetworkDependencies;
  /** When the list of an address was asked for, by session. */
  readonly #asked = new WeakMap<LiveSession, Map<string, number>>();

  /** Addresses of which nothing was known, by session. */
  readonly #met = new WeakMap<LiveSession, Map<string, Promise<void>>>();

  constructor(deps: DeviceNetworkDependencies) {
    this.#deps = deps;
  }

  /** Fetches a list anew. A failure changes nothing, and is no news: what is known is shown. */
  async refresh(accountId: AccountId, jid: string): Promise<void> {
    const { store, live, log, changed, learn } = this.#deps;
    const session = live.get(accountId);
    if (session === undefined || this.#isFresh(session, jid)) return;
    try {
      const wasTold = store.devices.toldAt(accountId, jid) !== undefined;
      const { added, removed } = await learnDeviceList(this.#deps, session, accountId, jid);
      if (!wasTold || added.length + removed.length > 0) changed(accountId, jid);
      await learn(accountId, jid);
    } catch (error) {
      log.warn('a device list could not be fetched', {}, error);
    }
  }

  /** Fetches the keys of devices that are known by their number only: nobody can decide about those. */
  learn(accountId: AccountId, jid: string): Promise<void> {
    return this.#deps.learn(accountId, jid);
  }

  /**
   * Where nothing is known of an address yet, asks, once on each stream. Whoever comes while the answer is on its
   * way waits for the same one, so that messages keep their order.
   */
  async acquaint(accountId: AccountId, jid: string): Promise<void> {
    const session = this.#deps.live.get(accountId);
    if (session === undefined || this.#deps.store.devices.list(accountId, jid).length > 0) return;
    const met = this.#met.get(session) ?? new Map<string, Promise<void>>();
    const meeting = met.get(jid) ?? this.refresh(accountId, jid);
    this.#met.set(session, met.set(jid, meeting));
    await meeting;
  }

  /**
   * Takes a device of our own from the list; ours stays in it, so that it is never empty. Its keys go behind it,
   * where the server lets them.
   */
  async removeDevice(accountId: AccountId, deviceId: DeviceId): Promise<void> {
    const { store, clock, log, changed } = this.#deps;
    const session = this.#require(accountId);
    const own = bareJid(session.jid);
    const ours = store.keys.own(accountId)?.deviceId;
    if (ours === undefined || ours === deviceId)
      throw new AppError('not-found', 'this computer is not removed from its own list');
    const listed = await fetchDeviceList(session, own);
    const left = [...new Set([...listed.filter((id) => id !== deviceId), ours])];
    await session.stream.request(publishDeviceList(left, false));
    store.devices.receiveList(accountId, own, left, clock.now());
    changed(accountId, own);
    // Nobody who reads the list asks for them any more: a server that keeps them, or never answers, spoils nothing.
    session.stream
      .request(deleteBundle(deviceId))
      .catch((error: unknown) => log.warn('the keys of a removed device stay', { device: deviceId }, error));
  }

  /** A new session, of which the device is told. @throws AppError `not-found` where it has no keys to use */
  async repairSession(place: SessionPlace): Promise<void> {
    this.#require(place.accountId);
    const isStarted = await this.#deps.repair(place).catch((error: unknown) => {
      if (error instanceof StanzaError) return false;
      throw error;
    });
    this.#deps.changed(place.accountId, place.jid);
    if (!isStarted) throw new AppError('not-found', 'the device has no keys that could be used');
  }

  async health(accountId: AccountId): Promise<HealthView> {
    const { store, clock } = this.#deps;
    const session = this.#require(accountId);
    const lines = (
      await Promise.all([
        this.#listLines(accountId, session),
        this.#bundleLines(accountId, session),
        this.#clockLines(accountId),
      ])
    ).flat();
    const order: readonly HealthLine['fact']['kind'][] = [
      'device-list',
      'bundle',
      'keys',
      'device-without-keys',
      'sessions',
      'broken-session',
      'clock',
    ];
    const sessions: readonly HealthLine[] = [
      { isFine: true, fact: { kind: 'sessions', count: store.sessions.count(accountId) } },
      ...store.ledger.brokenDevices(accountId).map(({ jid, deviceId, messages }): HealthLine => ({
        isFine: false,
        fact: { kind: 'broken-session', jid, deviceId, messages },
        repair: { kind: 'session', jid, deviceId },
      })),
    ];
    return {
      checkedAt: clock.now(),
      lines: [...lines, ...sessions].toSorted(
        (a, b) => order.indexOf(a.fact.kind) - order.indexOf(b.fact.kind),
      ),
    };
  }

  async repair(accountId: AccountId, what: 'everything' | HealthRepair): Promise<HealthView> {
    if (what !== 'everything') await this.#repairOne(accountId, what);
    else {
      const { lines } = await this.health(accountId);
      const repairs = new Map(
        lines.flatMap(({ repair }) => (repair === undefined ? [] : [[JSON.stringify(repair), repair]])),
      );
      // Whoever is removed cannot read any more: that is for the user to say, one by one.
      for (const repair of repairs.values())
        if (repair.kind !== 'remove-device') await this.#repairOne(accountId, repair).catch(notThere);
    }
    return this.health(accountId);
  }

  async #repairOne(accountId: AccountId, what: HealthRepair): Promise<void> {
    switch (what.kind) {
      case 'publish': {
        const session = this.#require(accountId);
        await this.#deps.publish(accountId);
        const own = this.#deps.store.keys.own(accountId);
        // A node may be closed although what stands in it is right.
        await session.stream.request(openDeviceList()).catch(stanzaError);
        if (own !== undefined) await session.stream.request(openBundle(own.deviceId)).catch(stanzaError);
        return;
      }
      case 'session':
        return this.repairSession({ accountId, jid: what.jid, deviceId: what.deviceId });
      case 'remove-device':
        return this.removeDevice(accountId, what.deviceId);
    }
  }

  async #listLines(accountId: AccountId, session: LiveSession): Promise<readonly HealthLine[]> {
    const own = bareJid(session.jid);
    const ours = this.#deps.store.keys.own(accountId)?.deviceId;
    const [listed, access] = await Promise.all([
      fetchDeviceList(session, own),
      accessOf(session, deviceListAccessRequest()),
    ]);
    const namesThis = ours !== undefined && listed.includes(ours);
    const isFine = namesThis && access !== 'closed' && access !== 'missing';
    const others = listed.filter((id) => id !== ours).slice(0, MAX_LOOKED_AT);
    const without = await Promise.all(others.map((id) => this.#keyless(accountId, session, own, id)));
    return [
      {
        isFine,
        fact: { kind: 'device-list', devices: listed.length, namesThis, access },
        ...(isFine ? {} : { repair: { kind: 'publish' } }),
      },
      ...without.flat(),
    ];
  }

  /** A device of ours to which nobody can encrypt: some clients of contacts stop at it. */
  async #keyless(
    accountId: AccountId,
    session: LiveSession,
    own: string,
    deviceId: DeviceId,
  ): Promise<readonly HealthLine[]> {
    const bundle = await fetchBundle(session, own, deviceId).catch(stanzaError);
    if (bundle !== undefined) return [];
    const label = this.#deps.store.devices.get(accountId, own, deviceId)?.label ?? '';
    return [
      {
        isFine: false,
        fact: { kind: 'device-without-keys', deviceId, label },
        repair: { kind: 'remove-device', deviceId },
      },
    ];
  }

  async #bundleLines(accountId: AccountId, session: LiveSession): Promise<readonly HealthLine[]> {
    const { store, clock } = this.#deps;
    const own = store.keys.own(accountId);
    const signed = store.keys.currentSignedPreKey(accountId);
    if (own === undefined || signed === undefined) return [];
    const [bundle, access] = await Promise.all([
      fetchBundle(session, bareJid(session.jid), own.deviceId).catch(stanzaError),
      accessOf(session, bundleAccessRequest(own.deviceId)),
    ]);
    const isThere = bundle !== undefined && own.published && access !== 'closed';
    const preKeys = store.keys.countPreKeys(accountId);
    const isStocked = preKeys >= FEW_PREKEYS && clock.now() - signed.createdAt < OLD_SIGNED_KEY_MS;
    const publish = { kind: 'publish' } as const;
    return [
      {
        isFine: isThere,
        fact: { kind: 'bundle', isPresent: bundle !== undefined, access },
        ...(isThere ? {} : { repair: publish }),
      },
      {
        isFine: isStocked,
        fact: { kind: 'keys', preKeys, signedAt: signed.createdAt },
        ...(isStocked ? {} : { repair: publish }),
      },
    ];
  }

  async #clockLines(accountId: AccountId): Promise<readonly HealthLine[]> {
    const aheadMs = await this.#deps.clockAhead(accountId);
    if (aheadMs === undefined) return [];
    return [{ isFine: Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS, fact: { kind: 'clock', aheadMs } }];
  }

  #require(accountId: AccountId): LiveSession {
    const session = this.#deps.live.get(accountId);
    if (session === undefined) throw new AppError('offline', 'the account is not connected');
    return session;
  }

  /** Whether a list was asked for just now; it counts as asked for from then on. */
  #isFresh(session: LiveSession, jid: string): boolean {
    const now = this.#deps.clock.now();
    const asked = this.#asked.get(session) ?? new Map<string, number>();
    if (now - (asked.get(jid) ?? -Infinity) < FRESH_MS) return true;
    this.#asked.set(session, asked.set(jid, now));
    return false;
  }
}

/** What the server refuses is an answer too; a lost stream is not. */
const stanzaError = (error: unknown): undefined => {
  if (!(error instanceof StanzaError)) throw error;
};

const notThere = (error: unknown): void => {
  if (!(error instanceof AppError && error.code === 'not-found')) throw error;
};

const accessOf = async (session: LiveSession, request: Element): Promise<NodeAccess> => {
  try {
    const isOpen = readIsOpen(await session.stream.request(request));
    if (isOpen === undefined) return 'unknown';
    return isOpen ? 'open' : 'closed';
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    return error.condition === 'item-not-found' ? 'missing' : 'unknown';
  }
};
