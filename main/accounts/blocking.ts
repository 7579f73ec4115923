import { AppError } from '#shared/errors.ts';
import type { AccountId, MessageId } from '#shared/ids.ts';
import { bareJid, parseJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import {
  blockingCommand,
  blocklistRequest,
  blockRequest,
  isBlocked,
  readBlocklist,
  unblockRequest,
  type BlockPush,
} from '#main/xmpp/features/blocking.ts';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import { REPORTING_FEATURE, type Report } from '#main/xmpp/features/reporting.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';

export interface BlockingServiceDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly log: Logger;
}

/** What the user says about somebody who is blocked. */
export interface BlockReport {
  readonly reason: Report['reason'];
  readonly text: string;
  /** The messages in question. */
  readonly messageIds: readonly MessageId[];
}

/** Runs a request of the user. @throws AppError `stanza-error` with the condition of the refusal */
export const requestForUser = async (xmpp: XmppSession, iq: Element): Promise<Element> => {
  try {
    return await xmpp.stream.request(iq);
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    throw new AppError('stanza-error', error.message, {
      detail: { condition: error.condition },
      cause: error,
    });
  }
};

/** The block list of each account (XEP-0191): the server's, kept here so that it is known offline. */
export class BlockingService {
  readonly #deps: BlockingServiceDependencies;

  constructor(deps: BlockingServiceDependencies) {
    this.#deps = deps;
  }

  /** Listens for changes by other devices on a stream, and fetches the list where the stream is new. */
  attach(accountId: AccountId, xmpp: XmppSession, full: boolean): void {
    blockingCommand((push) => this.#apply(accountId, push)).attach?.(xmpp);
    if (full) void this.#fetch(accountId, xmpp);
  }

  /** Normalised addresses, as last known. */
  list(accountId: AccountId): readonly string[] {
    return this.#deps.store.blocked.list(accountId);
  }

  /**
   * Blocks an address.
   * @returns whether the server was told why, because it takes reports (XEP-0377)
   * @throws AppError `stanza-error`
   */
  async block(accountId: AccountId, xmpp: XmppSession, jid: string, report?: BlockReport): Promise<boolean> {
    if (jid === bareJid(xmpp.jid)) throw new AppError('invalid-jid', 'nobody blocks himself');
    const told = report !== undefined && (await this.#takesReports(xmpp));
    const item = { jid, report: told ? this.#reportOf(xmpp, report) : undefined };
    await requestForUser(xmpp, blockRequest([item]));
    this.#apply(accountId, { kind: 'blocked', jids: [jid] });
    return told;
  }

  /** @throws AppError `stanza-error` */
  async unblock(accountId: AccountId, xmpp: XmppSession, jid: string): Promise<void> {
    await requestForUser(xmpp, unblockRequest([jid]));
    this.#apply(accountId, { kind: 'unblocked', jids: [jid] });
  }

  async #fetch(accountId: AccountId, xmpp: XmppSession): Promise<void> {
    try {
      const jids = readBlocklist(await xmpp.stream.request(blocklistRequest()));
      if (jids !== undefined) this.#write(accountId, () => this.#deps.store.blocked.replace(accountId, jids));
    } catch (error) {
      this.#deps.log.warn('no block list', {}, error);
    }
  }

  async #takesReports(xmpp: XmppSession): Promise<boolean> {
    const info = readDiscoInfo(await requestForUser(xmpp, discoInfoRequest(xmpp.jid.domain)));
    return info?.features.includes(REPORTING_FEATURE) ?? false;
  }

  #reportOf(xmpp: XmppSession, { reason, text, messageIds }: BlockReport): Report {
    const ids = messageIds.flatMap((id) => this.#deps.store.messages.get(id)?.archiveId ?? []);
    const messages = ids.map((id) => ({ id, by: bareJid(xmpp.jid) }));
    // The user has been asked about the own server only.
    return { reason, text, messages, forwardToOrigin: false, forwardToThirdParties: false };
  }

  #apply(accountId: AccountId, push: BlockPush): void {
    const { blocked } = this.#deps.store;
    this.#write(accountId, () => {
      if (push.kind === 'all-unblocked') blocked.replace(accountId, []);
      else for (const jid of push.jids) blocked[push.kind === 'blocked' ? 'add' : 'remove'](accountId, jid);
    });
  }

  /** Changes the list, and with it the standing of chats and the requests that wait. */
  #write(accountId: AccountId, act: () => void): void {
    const { store, changes } = this.#deps;
    const { moved, requests } = store.transaction(() => {
      act();
      const list = new Set(store.blocked.list(accountId));
      const covers = (jid: string): boolean => {
        const parsed = parseJid(jid);
        return parsed !== undefined && isBlocked(list, parsed);
      };
      const chats = store.chats
        .list({ accountId })
        .filter(({ jid, standing }) => covers(jid) !== (standing === 'blocked'));
      for (const { id, standing } of chats)
        store.chats.setStanding(id, standing === 'blocked' ? 'open' : 'blocked');
      const asking = store.contacts.listRequests(accountId).filter(({ jid }) => covers(jid));
      for (const { jid } of asking) store.contacts.removeRequest(accountId, jid);
      return { moved: chats, requests: asking.length };
    });
    changes.announce(
      { kind: 'blocked', accountId },
      ...moved.map(({ id }) => ({ kind: 'chat', chatId: id }) as const),
      ...(requests > 0 ? [{ kind: 'requests', accountId } as const] : []),
    );
  }
}
