import type { AccountId } from '#shared/ids.ts';
import type { SettingsView } from '#shared/views.ts';
import type { OwnDisco } from '#main/xmpp/features/disco.ts';
import { idleSince } from '#main/xmpp/features/last-activity.ts';
import { availablePresence } from '#main/xmpp/features/presence.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';

export interface OwnPresenceDependencies {
  readonly disco: OwnDisco;
  /** What may be told, as the settings say now. */
  readonly settings: () => Pick<SettingsView, 'sendIdle' | 'awayWhenIdle'>;
}

/** What contacts see of this computer: that it is there, and, if the user wants, whether somebody uses it. */
export class OwnPresence {
  readonly #deps: OwnPresenceDependencies;
  readonly #live = new Map<AccountId, XmppSession>();
  /** What was sent last to each server, which may still hold it for a stream that is resumed. */
  readonly #told = new Map<AccountId, string>();
  #idleSince: number | undefined;

  constructor(deps: OwnPresenceDependencies) {
    this.#deps = deps;
  }

  /** Says that we are here, on a stream whose server may not know it. */
  introduce(accountId: AccountId, xmpp: XmppSession): void {
    this.#live.set(accountId, xmpp);
    this.#told.delete(accountId);
    this.#tell(accountId, xmpp);
  }

  /**
   * A stream goes on whose server knows us already: says only what has changed.
   * @param lost whether the presence that was sent last did not get there
   */
  resume(accountId: AccountId, xmpp: XmppSession, lost: boolean): void {
    if (lost) this.#told.delete(accountId);
    this.#live.set(accountId, xmpp);
    this.#tell(accountId, xmpp);
  }

  ended(accountId: AccountId): void {
    this.#live.delete(accountId);
  }

  /** @param since since when nobody uses this computer, milliseconds since 1970; undefined: somebody does */
  setIdle(since: number | undefined): void {
    this.#idleSince = since;
    this.changed();
  }

  /** Something may be told that was not, or the other way round. */
  changed(): void {
    for (const [accountId, xmpp] of this.#live) this.#tell(accountId, xmpp);
  }

  #tell(accountId: AccountId, xmpp: XmppSession): void {
    const presence = this.#presence();
    const text = presence.toString();
    if (this.#told.get(accountId) === text) return;
    this.#told.set(accountId, text);
    // Should the stream end before it gets there, the next one says it again.
    xmpp.stream.send(presence).catch(() => undefined);
  }

  #presence(): Element {
    const { sendIdle, awayWhenIdle } = this.#deps.settings();
    const since = this.#idleSince;
    return availablePresence(
      this.#deps.disco.caps(),
      since !== undefined && awayWhenIdle ? 'away' : undefined,
      since !== undefined && sendIdle ? idleSince(since) : undefined,
    );
  }
}
