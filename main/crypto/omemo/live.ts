/** The stream of an account while it is there, and the requests that OMEMO makes on it. */
import type { AccountId, DeviceId } from '#shared/ids.ts';
import { bareJid, type Jid } from '#shared/jid.ts';
import {
  bundleRequest,
  deviceListRequest,
  readBundleAnswer,
  readDeviceListAnswer,
} from '#main/xmpp/features/omemo-nodes.ts';
import type { WireBundle } from '#main/xmpp/features/omemo.ts';
import { StanzaError, type Stream } from '#main/xmpp/port.ts';

/** As much of a session on a stream as is needed here. */
export interface LiveSession {
  readonly jid: Jid;
  readonly stream: Pick<Stream, 'request' | 'send'>;
}

/** A node that nobody has published to does not exist; some servers say so in other words. */
const isMissing = (error: unknown): boolean =>
  error instanceof StanzaError && error.condition === 'item-not-found';

/** The accounts that are online. */
export class LiveSessions {
  readonly #sessions = new Map<AccountId, LiveSession>();

  begin(accountId: AccountId, session: LiveSession): void {
    this.#sessions.set(accountId, session);
  }

  end(accountId: AccountId): void {
    this.#sessions.delete(accountId);
  }

  get(accountId: AccountId): LiveSession | undefined {
    return this.#sessions.get(accountId);
  }
}

/** Undefined for our own account: then the request needs no address. */
const addressFor = (session: LiveSession, jid: string): string | undefined =>
  jid === bareJid(session.jid) ? undefined : jid;

/**
 * The devices of an address, empty where it has no list.
 * @throws StanzaError, StreamError; Error where the answer is no list
 */
export const fetchDeviceList = async (session: LiveSession, jid: string): Promise<readonly DeviceId[]> => {
  try {
    const ids = readDeviceListAnswer(
      await session.stream.request(deviceListRequest(addressFor(session, jid))),
    );
    if (ids === undefined) throw new Error('an answer that is no device list');
    return ids;
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/** Undefined where the answer holds no bundle. @throws StanzaError, StreamError */
export const fetchBundle = async (
  session: LiveSession,
  jid: string,
  deviceId: DeviceId,
): Promise<WireBundle | undefined> => {
  const request = bundleRequest(addressFor(session, jid), deviceId);
  return readBundleAnswer(await session.stream.request(request), deviceId);
};
