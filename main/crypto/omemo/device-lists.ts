/** The lists of devices of others, as they tell them when they are asked. */
import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { ListChange, OmemoStore } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import { StanzaError, StreamError } from '#main/xmpp/port.ts';
import type { AskOutcome } from '../scheme.ts';
import { fetchDeviceList, type LiveSession, type LiveSessions } from './live.ts';

/**
 * Their own server answers, and there is no list for us. Prosody forbids strangers to look into
 * a node that does not exist just as into one that is not open, and from neither could we get a key.
 */
const NOT_FOR_US = ['service-unavailable', 'feature-not-implemented', 'forbidden', 'not-authorized'];

const hasNoneForUs = (error: unknown): boolean =>
  error instanceof StanzaError && NOT_FOR_US.includes(error.condition);

/**
 * Asks for a list and keeps it. Where devices are known, a server that shows us no list takes none of them away.
 * @throws StanzaError, StreamError; Error where the answer is no list
 */
export const learnDeviceList = async (
  { store, clock }: { readonly store: OmemoStore; readonly clock: Clock },
  session: LiveSession,
  accountId: AccountId,
  jid: string,
): Promise<ListChange> => {
  const ids = await fetchDeviceList(session, jid).catch((error: unknown) => {
    if (hasNoneForUs(error) && store.devices.list(accountId, jid).length === 0) return [];
    throw error;
  });
  return store.devices.receiveList(accountId, jid, ids, clock.now());
};

export interface AcquaintanceDependencies {
  readonly store: OmemoStore;
  readonly live: LiveSessions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly devicesChanged: (accountId: AccountId, jid: string) => void;
}

/** Asks people who were never asked, for the sake of a message that waits for the answer. */
export class Acquaintance {
  readonly #deps: AcquaintanceDependencies;
  readonly #running = new WeakMap<LiveSession, Map<string, Promise<AskOutcome>>>();

  constructor(deps: AcquaintanceDependencies) {
    this.#deps = deps;
  }

  /** Asks once at a time, and again whenever it is called after that; never rejects. */
  ask(accountId: AccountId, jid: string): Promise<AskOutcome> {
    const session = this.#deps.live.get(accountId);
    if (session === undefined) return Promise.resolve('lost');
    const running = this.#running.get(session) ?? new Map<string, Promise<AskOutcome>>();
    this.#running.set(session, running);
    const answer = running.get(jid) ?? this.#ask(session, accountId, jid).finally(() => running.delete(jid));
    running.set(jid, answer);
    return answer;
  }

  async #ask(session: LiveSession, accountId: AccountId, jid: string): Promise<AskOutcome> {
    const { live, log, devicesChanged } = this.#deps;
    for (;;) {
      try {
        await learnDeviceList(this.#deps, session, accountId, jid);
        devicesChanged(accountId, jid);
        return 'answered';
      } catch (error) {
        log.warn('nobody says whether there are devices', {}, error);
        if (error instanceof StreamError) return 'lost';
        // Silence may be that of our own connection, which only then is found to be dead.
        const isTheirs = !isSilence(error) || (await ownServerAnswers(session));
        if (live.get(accountId) !== session) return 'lost';
        if (isTheirs) return 'unanswered';
      }
    }
  }
}

const isSilence = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === 'remote-server-timeout';

/** Whatever it says of our own list. */
const ownServerAnswers = (session: LiveSession): Promise<boolean> =>
  fetchDeviceList(session, bareJid(session.jid)).then(
    () => true,
    (error: unknown) => !(error instanceof StreamError) && !isSilence(error),
  );
