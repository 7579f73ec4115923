/** OMEMO of all accounts: what happens along their streams, and what messages ask of it. */
import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { TrustPolicy } from '#shared/omemo.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OmemoStore, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import { readDeviceListEvent } from '#main/xmpp/features/omemo-nodes.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { EncryptionScheme } from '../scheme.ts';
import { Acquaintance } from './device-lists.ts';
import type { Engine } from './engine.ts';
import { Healing } from './healing.ts';
import { LiveSessions, type LiveSession } from './live.ts';
import { OmemoScheme, type Aftermath } from './omemo-scheme.ts';
import { Preparation } from './preparation.ts';
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

export class OmemoService {
  readonly scheme: EncryptionScheme;
  readonly #deps: OmemoServiceDependencies;
  readonly live = new LiveSessions();
  readonly #preparation: Preparation;
  readonly #upkeep: Upkeep;
  readonly #healing: Healing;

  constructor(deps: OmemoServiceDependencies) {
    this.#deps = deps;
    const parts = { ...deps, live: this.live };
    this.#preparation = new Preparation(parts);
    this.#upkeep = new Upkeep(parts);
    this.#healing = new Healing({ ...parts, preparation: this.#preparation });
    const aftermath: Aftermath = {
      preKeyUsed: (accountId) => this.#upkeep.soon(accountId),
      answer: (place) => this.#healing.answerLater(place),
      broken: (place, complaint) => this.#healing.repairLater(place, complaint),
      devicesChanged: deps.devicesChanged,
    };
    const acquaintance = new Acquaintance(parts);
    this.scheme = new OmemoScheme({ ...deps, preparation: this.#preparation, acquaintance, aftermath });
  }

  /** A stream has begun. @param full false where it was resumed: then nothing was missed */
  attach(accountId: AccountId, session: LiveSession, full: boolean): void {
    this.live.begin(accountId, session);
    this.#preparation.forget(accountId);
    this.#healing.begin(accountId);
    void this.#upkeep.begin(accountId);
    if (!full) this.caughtUp(accountId);
  }

  ended(accountId: AccountId): void {
    this.live.end(accountId);
    this.#upkeep.end(accountId);
  }

  /** All that was missed has been read: now peers are answered, and broken sessions repaired. */
  caughtUp(accountId: AccountId): void {
    this.#healing.caughtUp(accountId);
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
    const { added, first } = store.devices.receiveList(accountId, event.from, event.ids, clock.now());
    devicesChanged(accountId, event.from);
    const own = store.keys.own(accountId)?.deviceId;
    // Another device has published a list without us.
    const isOurs = event.from === bareJid(session.jid);
    if (isOurs && own !== undefined && !event.ids.includes(own)) this.#upkeep.soon(accountId);
    // A device that comes later is shown to the user with its key: without it, they cannot decide.
    const isLater = added.length > 0 && !first;
    if (isOurs || isLater) void this.#preparation.learn(accountId, event.from);
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
  repair(place: SessionPlace): Promise<boolean> {
    return this.#healing.repair(place);
  }
}
