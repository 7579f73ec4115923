import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { UnpublishedRead } from '#main/store/chats.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import {
  configureDisplayed,
  displayedRequest,
  publishDisplayed,
  publishDisplayedPrivately,
  readDisplayedStates,
  type DisplayedState,
} from '#main/xmpp/features/displayed-sync.ts';
import {
  isOptionUnknown,
  isPreconditionNotMet,
  PUBLISH_OPTIONS_FEATURE,
} from '#main/xmpp/features/pubsub.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';

export interface DisplayedSyncDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Reading goes message by message; the other devices need only where it stopped. */
const SETTLE_MS = 2_000;

interface Live {
  readonly xmpp: XmppSession;
  /** Whether the server keeps the node private (XEP-0490 section 7); undefined while nobody knows. */
  mayPublish: boolean | undefined;
  /** The server knows few publish-options: the node is configured on its own. */
  fewOptions: boolean;
  cancel: () => void;
  /** One publication at a time, so that the order of the wire is that of reading. */
  publishing: boolean;
}

/** Keeps the read positions of all devices of an account together (XEP-0490). */
export class DisplayedSync {
  readonly #deps: DisplayedSyncDependencies;
  readonly #live = new Map<AccountId, Live>();
  /** Positions in chats that are not here yet: a new device learns them before their messages. */
  readonly #ahead = new Map<string, string>();

  constructor(deps: DisplayedSyncDependencies) {
    this.#deps = deps;
  }

  /** A stream has begun. @param full false where it was resumed: then nothing was missed */
  attach(accountId: AccountId, xmpp: XmppSession, full: boolean): void {
    const live: Live = {
      xmpp,
      mayPublish: undefined,
      fewOptions: false,
      cancel: () => undefined,
      publishing: false,
    };
    this.#live.set(accountId, live);
    void this.#begin(accountId, live, full);
  }

  ended(accountId: AccountId): void {
    this.#live.get(accountId)?.cancel();
    this.#live.delete(accountId);
  }

  /** Something was read here. */
  moved(accountId: AccountId): void {
    const live = this.#live.get(accountId);
    if (live === undefined) return;
    live.cancel();
    live.cancel = this.#deps.clock.after(SETTLE_MS, () => void this.#publish(accountId, live));
  }

  /** Up to which archive id a chat that is new here was read on other devices. */
  ahead(accountId: AccountId, jid: string): string | undefined {
    return this.#ahead.get(`${accountId} ${jid}`);
  }

  async #begin(accountId: AccountId, live: Live, full: boolean): Promise<void> {
    const { stream, jid } = live.xmpp;
    try {
      const info = readDiscoInfo(await stream.request(discoInfoRequest(bareJid(jid))));
      live.mayPublish = info?.features.includes(PUBLISH_OPTIONS_FEATURE) ?? false;
      if (full)
        this.#apply(accountId, readDisplayedStates(await stream.request(displayedRequest()), jid) ?? []);
    } catch (error) {
      // A node that nobody has published to does not exist.
      if (!(error instanceof StanzaError && error.condition === 'item-not-found')) {
        this.#deps.log.warn('read positions of other devices are unknown', {}, error);
      }
    }
    if (this.#live.get(accountId) === live) await this.#publish(accountId, live);
  }

  #apply(accountId: AccountId, states: readonly DisplayedState[]): void {
    const { store, changes } = this.#deps;
    for (const { chat: jid, stanzaId } of states) {
      const chat = store.chats.find(accountId, jid);
      if (chat === undefined) this.#ahead.set(`${accountId} ${jid}`, stanzaId);
      else if (store.chats.setReadUpToArchiveId(chat.id, stanzaId))
        changes.announce({ kind: 'chat', chatId: chat.id });
    }
  }

  async #publish(accountId: AccountId, live: Live): Promise<void> {
    if (live.mayPublish !== true || live.publishing) return;
    live.publishing = true;
    try {
      for (const read of this.#deps.store.chats.unpublishedReads(accountId)) {
        await this.#publishOne(live, read);
        if (this.#live.get(accountId) !== live) return;
        this.#deps.store.chats.setReadPublished(read.chatId, read.archiveId);
      }
    } catch (error) {
      // What is not published is found again with the next position, or the next stream.
      this.#deps.log.warn('a read position could not be published', {}, error);
    } finally {
      live.publishing = false;
    }
  }

  async #publishOne(live: Live, { jid: chat, archiveId }: UnpublishedRead): Promise<void> {
    const { stream, jid } = live.xmpp;
    const state: DisplayedState = { chat, stanzaId: archiveId, by: bareJid(jid) };
    const publish = (): Promise<unknown> =>
      stream.request(live.fewOptions ? publishDisplayedPrivately(state) : publishDisplayed(state));
    try {
      await publish();
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      if (!live.fewOptions && isOptionUnknown(error)) {
        live.fewOptions = true;
        await this.#prepareNode(live, publish);
      } else if (isPreconditionNotMet(error)) {
        // Another client has made the node otherwise: it must be private first (section 7).
        await stream.request(configureDisplayed());
      } else throw error;
      await publish();
    }
  }

  /** Gives the node its options before a publication could push the positions of other chats out of it. */
  async #prepareNode({ xmpp: { stream } }: Live, publish: () => Promise<unknown>): Promise<void> {
    try {
      await stream.request(configureDisplayed());
    } catch (error) {
      if (!(error instanceof StanzaError) || error.condition !== 'item-not-found') throw error;
      // There is none to configure: the first publication makes it.
      await publish();
      await stream.request(configureDisplayed());
    }
  }
}
