/** What is done about sessions without being asked: peers are answered, broken sessions replaced, senders told. */
import { randomUUID } from 'node:crypto';
import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OmemoStore, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import {
  decryptionError,
  emptyMessage,
  messageForOne,
  type Complaint,
} from '#main/xmpp/features/omemo-answers.ts';
import { encryptedElement } from '#main/xmpp/features/omemo.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { Engine, SessionRecord } from './engine.ts';
import { fetchBundle, type LiveSessions } from './live.ts';
import { emptyKeyMaterial, silentPayload } from './payload.ts';
import type { Preparation } from './preparation.ts';
import { wipe } from './ratchet/bytes.ts';

export interface HealingDependencies {
  readonly store: OmemoStore;
  readonly transaction: <T>(act: () => T) => T;
  readonly engine: Engine;
  readonly live: LiveSessions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly preparation: Pick<Preparation, 'useBundle'>;
  /** Whether an address may learn that we are here: a contact, or somebody we wrote to. */
  readonly mayAnswer: (accountId: AccountId, jid: string) => boolean;
}

const DAY_MS = 86_400_000;
/** Without being asked, a session with a device is repaired once in so long, and its owner told. */
const AGAIN_MS = DAY_MS;
/** What was opened longer ago is not remembered: archives and servers bring nothing older for a second time. */
const REMEMBER_OPENED_MS = 60 * DAY_MS;

interface Broken {
  readonly place: SessionPlace;
  /** The first message that could not be read, where its sender may be told. */
  readonly complaint: Complaint | undefined;
}

/** What waits for the end of the catch-up: of each device once. */
interface Waiting {
  readonly answers: Map<string, SessionPlace>;
  readonly repairs: Map<string, Broken>;
  isCaughtUp: boolean;
}

export class Healing {
  readonly #deps: HealingDependencies;
  readonly #waiting = new Map<AccountId, Waiting>();

  constructor(deps: HealingDependencies) {
    this.#deps = deps;
  }

  /** A stream has begun; until `caughtUp` everything waits. */
  begin(accountId: AccountId): void {
    this.#waitingOf(accountId).isCaughtUp = false;
  }

  /** All that was missed has been read: now peers are answered, and broken sessions repaired. */
  caughtUp(accountId: AccountId): void {
    this.#waitingOf(accountId).isCaughtUp = true;
    this.#forgetOpened(accountId);
    this.#workOff(accountId);
  }

  /** An empty message shall go to a device. */
  answerLater(place: SessionPlace): void {
    this.#waitingOf(place.accountId).answers.set(keyOf(place), place);
    this.#workOffSoon(place.accountId);
  }

  /** A message of a device could not be read. */
  repairLater(place: SessionPlace, complaint: Complaint | undefined): void {
    const { repairs } = this.#waitingOf(place.accountId);
    const known = repairs.get(keyOf(place));
    repairs.set(keyOf(place), { place, complaint: known?.complaint ?? complaint });
    this.#workOffSoon(place.accountId);
  }

  /** The user wants a new session with a device. Rejects where its bundle cannot be fetched. */
  async repair(place: SessionPlace): Promise<boolean> {
    const { accountId, jid, deviceId } = place;
    const { store, clock, transaction, live, preparation } = this.#deps;
    const session = live.get(accountId);
    if (session === undefined) return false;
    const bundle = await fetchBundle(session, jid, deviceId);
    if (bundle === undefined) return false;
    const isStarted = transaction(() => {
      store.sessions.noteHealed(place, clock.now());
      return preparation.useBundle(place, bundle, 'repair') === undefined;
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

  /** Behind the transaction of the message that asks for it. */
  #workOffSoon(accountId: AccountId): void {
    if (this.#waitingOf(accountId).isCaughtUp) setImmediate(() => this.#workOff(accountId));
  }

  /** Nobody waits for this who could be told that it failed; a peer asks again by its next message. */
  #workOff(accountId: AccountId): void {
    const { store, live, log } = this.#deps;
    if (live.get(accountId) === undefined) return;
    const waiting = this.#waitingOf(accountId);
    try {
      // Nobody can need a used prekey any more.
      store.keys.forgetUsedPreKeys(accountId);
      for (const place of take(waiting.answers)) this.#answer(place);
      for (const broken of take(waiting.repairs)) void this.#heal(broken);
    } catch (error) {
      log.error('peers could not be answered', {}, error);
    }
  }

  #forgetOpened(accountId: AccountId): void {
    const { store, clock, log } = this.#deps;
    try {
      store.sessions.forgetOpened(accountId, clock.now() - REMEMBER_OPENED_MS);
    } catch (error) {
      // It takes some room until the next stream.
      log.error('what was opened long ago could not be forgotten', {}, error);
    }
  }

  /** A message without a text: the peer sees that the session stands, and the ratchet goes on. */
  #answer(place: SessionPlace): void {
    const { log, live, transaction } = this.#deps;
    const session = live.get(place.accountId);
    if (session === undefined || !this.#mayAnswer(place)) return;
    const message = transaction(() => this.#answerFor(place));
    if (message === undefined) return;
    session.stream
      .send(message)
      .catch(() => log.debug('an empty message was not acknowledged', { device: place.deviceId }));
  }

  #answerFor(place: SessionPlace): Element | undefined {
    const { accountId, jid, deviceId } = place;
    const resource = this.#deps.store.devices.get(accountId, jid, deviceId)?.chatSecure;
    if (resource === undefined) {
      const element = this.#seal(place, { ...emptyKeyMaterial(), ciphertext: undefined });
      return element && emptyMessage(jid, randomUUID(), element);
    }
    const element = this.#seal(place, silentPayload());
    return element && messageForOne(`${jid}/${resource}`, randomUUID(), element);
  }

  #seal(
    place: SessionPlace,
    {
      keyMaterial,
      iv,
      ciphertext,
    }: { keyMaterial: Uint8Array; iv: Uint8Array; ciphertext: Uint8Array | undefined },
  ): Element | undefined {
    const { store, engine } = this.#deps;
    const own = store.keys.own(place.accountId);
    const record = store.sessions.record(place);
    if (own === undefined || record === undefined) return undefined;
    const result = engine.encrypt(record as SessionRecord, keyMaterial);
    wipe(keyMaterial);
    if (result.kind !== 'encrypted') return undefined;
    store.sessions.keep(place, result.record);
    const key = { rid: place.deviceId, prekey: result.isKeyExchange, data: result.data };
    return encryptedElement({ sid: own.deviceId, keys: [key], iv, payload: ciphertext });
  }

  /** Of contacts and our own devices only, and seldom: whoever sends us broken messages must not decide what we send. */
  async #heal({ place, complaint }: Broken): Promise<void> {
    const { accountId, jid, deviceId } = place;
    const { store, log } = this.#deps;
    const isKnown = store.devices.get(accountId, jid, deviceId) !== undefined;
    if (!isKnown || !this.#mayAnswer(place)) return;
    try {
      if (this.#isDue(store.sessions.healedAt(place))) await this.repair(place);
    } catch (error) {
      log.warn('a session could not be repaired', { device: deviceId }, error);
    }
    // Behind the new session: what is sent again upon it uses that one.
    if (complaint !== undefined) this.#tell(place, complaint);
  }

  /** Our own other devices may know that we are here. */
  #mayAnswer({ accountId, jid }: SessionPlace): boolean {
    const session = this.#deps.live.get(accountId);
    return (session !== undefined && jid === bareJid(session.jid)) || this.#deps.mayAnswer(accountId, jid);
  }

  #isDue(last: number | undefined): boolean {
    return last === undefined || this.#deps.clock.now() - last >= AGAIN_MS;
  }

  /** Their app shows it at the message that it is about. */
  #tell(place: SessionPlace, complaint: Complaint): void {
    const { store, clock, live, log } = this.#deps;
    const session = live.get(place.accountId);
    // Our own other devices are this user's, who sees the message here.
    if (session === undefined || place.jid === bareJid(session.jid)) return;
    try {
      if (!this.#isDue(store.sessions.toldAt(place))) return;
      store.sessions.noteTold(place, clock.now());
      session.stream
        .send(decryptionError(complaint))
        .catch(() => log.debug('nobody was told of an unreadable message', { device: place.deviceId }));
    } catch (error) {
      log.error('a sender could not be told', {}, error);
    }
  }
}

const keyOf = ({ jid, deviceId }: SessionPlace): string => `${jid} ${deviceId}`;

const take = <Value>(map: Map<string, Value>): readonly Value[] => {
  const values = [...map.values()];
  map.clear();
  return values;
};
