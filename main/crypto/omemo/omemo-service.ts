/** OMEMO of all accounts: what happens along their streams, and what messages ask of it. */
import { randomUUID } from 'node:crypto';
import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { TrustPolicy } from '#shared/omemo.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OmemoStore, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import { encryptedElement } from '#main/xmpp/features/omemo.ts';
import { readDeviceListEvent } from '#main/xmpp/features/omemo-nodes.ts';
import { xml, type Element } from '#main/xmpp/stanza.ts';
import type { EncryptionScheme } from '../scheme.ts';
import { Acquaintance } from './device-lists.ts';
import type { Engine, SessionRecord } from './engine.ts';
import { fetchBundle, LiveSessions, type LiveSession } from './live.ts';
import { OmemoScheme, type Aftermath } from './omemo-scheme.ts';
import { emptyKeyMaterial } from './payload.ts';
import { Preparation } from './preparation.ts';
import { wipe } from './ratchet/bytes.ts';
import { Upkeep } from './upkeep.ts';

export interface OmemoServiceDependencies {
  readonly store: OmemoStore;
  readonly transaction: <T>(act: () => T) => T;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly policy: () => TrustPolicy;
  /** Whether lists of an address are kept that nobody has asked for. */
  readonly isContact: (accountId: AccountId, jid: string) => boolean;
  /** Whether an address may learn that we are here: a contact, or somebody we wrote to. */
  readonly mayAnswer: (accountId: AccountId, jid: string) => boolean;
  readonly devicesChanged: (accountId: AccountId, jid: string) => void;
}

/** Without being asked, a session with a device is repaired once in so long. */
const HEAL_AGAIN_MS = 86_400_000;

/** What waits for the end of the catch-up: of each device once. */
interface Waiting {
  readonly answers: Map<string, SessionPlace>;
  readonly repairs: Map<string, SessionPlace>;
  isCaughtUp: boolean;
}

export class OmemoService {
  readonly scheme: EncryptionScheme;
  readonly #deps: OmemoServiceDependencies;
  readonly live = new LiveSessions();
  readonly #preparation: Preparation;
  readonly #upkeep: Upkeep;
  readonly #waiting = new Map<AccountId, Waiting>();

  constructor(deps: OmemoServiceDependencies) {
    this.#deps = deps;
    const parts = { ...deps, live: this.live };
    this.#preparation = new Preparation(parts);
    this.#upkeep = new Upkeep(parts);
    const aftermath: Aftermath = {
      preKeyUsed: (accountId) => this.#upkeep.soon(accountId),
      answer: (accountId, jid, deviceId) => this.#later('answers', { accountId, jid, deviceId }),
      broken: (accountId, jid, deviceId) => this.#later('repairs', { accountId, jid, deviceId }),
      devicesChanged: deps.devicesChanged,
    };
    const acquaintance = new Acquaintance(parts);
    this.scheme = new OmemoScheme({ ...deps, preparation: this.#preparation, acquaintance, aftermath });
  }

  /** A stream has begun. @param full false where it was resumed: then nothing was missed */
  attach(accountId: AccountId, session: LiveSession, full: boolean): void {
    this.live.begin(accountId, session);
    this.#preparation.forget(accountId);
    const waiting = this.#waitingOf(accountId);
    waiting.isCaughtUp = !full;
    void this.#upkeep.begin(accountId);
    if (waiting.isCaughtUp) this.caughtUp(accountId);
  }

  ended(accountId: AccountId): void {
    this.live.end(accountId);
    this.#upkeep.end(accountId);
  }

  /** All that was missed has been read: now peers are answered, and broken sessions repaired. */
  caughtUp(accountId: AccountId): void {
    this.#waitingOf(accountId).isCaughtUp = true;
    this.#workOff(accountId);
  }

  /** A message that may be a changed device list. @returns whether it was one */
  take(accountId: AccountId, message: Element): boolean {
    const session = this.live.get(accountId);
    const event = session && readDeviceListEvent(message, session.jid);
    if (session === undefined || event === undefined) return false;
    const { store, clock, devicesChanged, isContact } = this.#deps;
    const isKnown =
      event.from === bareJid(session.jid) ||
      isContact(accountId, event.from) ||
      store.devices.list(accountId, event.from).length > 0;
    // Servers of strangers could fill the disk with lists of people who do not exist.
    if (!isKnown) return true;
    store.devices.receiveList(accountId, event.from, event.ids, clock.now());
    devicesChanged(accountId, event.from);
    const own = store.keys.own(accountId)?.deviceId;
    // Another device has published a list without us.
    const isOurs = event.from === bareJid(session.jid);
    if (isOurs && own !== undefined && !event.ids.includes(own)) this.#upkeep.soon(accountId);
    // A new device of the user's own is shown to them with its key.
    if (isOurs) void this.#preparation.learn(accountId, event.from);
    return true;
  }

  /** Looks after our keys on the server at once; settles when that is done, well or not. */
  publish(accountId: AccountId): Promise<void> {
    return this.#upkeep.begin(accountId);
  }

  /** Fetches the keys of devices that were never seen, for the user to look at; never rejects. */
  learn(accountId: AccountId, jid: string): Promise<void> {
    return this.#preparation.learn(accountId, jid);
  }

  /** The user wants a new session with a device. Rejects where its bundle cannot be fetched. */
  async repair(place: SessionPlace): Promise<boolean> {
    const { accountId, jid, deviceId } = place;
    const { store, clock, transaction } = this.#deps;
    const session = this.live.get(accountId);
    if (session === undefined) return false;
    const bundle = await fetchBundle(session, jid, deviceId);
    if (bundle === undefined) return false;
    const isStarted = transaction(() => {
      store.sessions.noteHealed(place, clock.now());
      return this.#preparation.useBundle(place, bundle, 'repair') === undefined;
    });
    // The peer learns of the new session by a message.
    if (isStarted) this.#answer(place);
    return isStarted;
  }

  #waitingOf(accountId: AccountId): Waiting {
    const known = this.#waiting.get(accountId);
    const waiting = known ?? { answers: new Map(), repairs: new Map(), isCaughtUp: false };
    this.#waiting.set(accountId, waiting);
    return waiting;
  }

  #later(kind: 'answers' | 'repairs', place: SessionPlace): void {
    const { accountId, jid, deviceId } = place;
    const waiting = this.#waitingOf(accountId);
    waiting[kind].set(`${jid} ${deviceId}`, place);
    // Behind the transaction of the message that asks for it.
    if (waiting.isCaughtUp) setImmediate(() => this.#workOff(accountId));
  }

  /** Nobody waits for this who could be told that it failed; a peer asks again by its next message. */
  #workOff(accountId: AccountId): void {
    if (this.live.get(accountId) === undefined) return;
    const waiting = this.#waitingOf(accountId);
    try {
      this.#upkeep.caughtUp(accountId);
      for (const place of take(waiting.answers)) this.#answer(place);
      for (const place of take(waiting.repairs)) void this.#repair(place);
    } catch (error) {
      this.#deps.log.error('peers could not be answered', {}, error);
    }
  }

  /** An empty message: the peer sees that the session stands, and the ratchet goes on. */
  #answer(place: SessionPlace): void {
    const { accountId, jid, deviceId } = place;
    const { log, mayAnswer } = this.#deps;
    const session = this.live.get(accountId);
    if (session === undefined || !(jid === bareJid(session.jid) || mayAnswer(accountId, jid))) return;
    const element = this.#deps.transaction(() => this.#emptyMessage(place));
    if (element === undefined) return;
    const message = xml(
      'message',
      { type: 'chat', to: jid, id: randomUUID() },
      element,
      xml('store', { xmlns: 'urn:xmpp:hints' }),
    );
    session.stream
      .send(message)
      .catch(() => log.debug('an empty message was not acknowledged', { device: deviceId }));
  }

  #emptyMessage(place: SessionPlace): Element | undefined {
    const { store, engine } = this.#deps;
    const own = store.keys.own(place.accountId);
    const record = store.sessions.record(place);
    if (own === undefined || record === undefined) return undefined;
    const { keyMaterial, iv } = emptyKeyMaterial();
    const result = engine.encrypt(record as SessionRecord, keyMaterial);
    wipe(keyMaterial);
    if (result.kind !== 'encrypted') return undefined;
    store.sessions.keep(place, result.record);
    const key = { rid: place.deviceId, prekey: result.isKeyExchange, data: result.data };
    return encryptedElement({ sid: own.deviceId, keys: [key], iv, payload: undefined });
  }

  /** Of contacts only, and seldom: whoever sends us broken messages must not decide what we send. */
  async #repair(place: SessionPlace): Promise<void> {
    const { accountId, jid, deviceId } = place;
    const { store, clock, log, mayAnswer } = this.#deps;
    const healed = store.sessions.healedAt(place);
    const isRecent = healed !== undefined && clock.now() - healed < HEAL_AGAIN_MS;
    const isKnown = store.devices.get(accountId, jid, deviceId) !== undefined;
    if (isRecent || !isKnown || !mayAnswer(accountId, jid)) return;
    try {
      await this.repair(place);
    } catch (error) {
      log.warn('a session could not be repaired', { device: deviceId }, error);
    }
  }
}

const take = <Value>(map: Map<string, Value>): readonly Value[] => {
  const values = [...map.values()];
  map.clear();
  return values;
};
