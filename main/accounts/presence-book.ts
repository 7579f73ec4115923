import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Availability } from '#shared/views.ts';
import type { CapsHash, Presence } from '#main/xmpp/features/presence.ts';

interface Resource {
  readonly availability: Exclude<Availability, 'offline'>;
  readonly status: string;
  readonly priority: number;
  readonly caps: CapsHash | undefined;
  /** XEP-0319; undefined while somebody uses it, or where it does not say. */
  readonly idleSince: number | undefined;
}

/** What the contact list shows of somebody's presence. */
export interface PresenceSummary {
  readonly availability: Availability;
  readonly statusText: string;
  /** Connected resources. */
  readonly devices: number;
  /** Since when nobody has touched any of the devices; undefined while one is in use. */
  readonly idleSince: number | undefined;
  /** When this last changed; a counter shared with the rows of the store. */
  readonly rev: number;
}

const OFFLINE = { availability: 'offline', statusText: '', devices: 0, idleSince: undefined } as const;

/** The more reachable, the higher. */
const rank: Record<Exclude<Availability, 'offline'>, number> = { chat: 5, online: 4, dnd: 3, away: 2, xa: 1 };

/**
 * Who is online, as the streams have told: it is true as long as a stream is, or what resumes it.
 * One book for all accounts.
 */
export class PresenceBook {
  readonly #nextRev: () => number;
  readonly #resources = new Map<AccountId, Map<string, Map<string, Resource>>>();
  readonly #revs = new Map<string, number>();

  constructor(nextRev: () => number) {
    this.#nextRev = nextRev;
  }

  /** Notes an available or unavailable presence. Answers whether anything shown has changed. */
  note(
    accountId: AccountId,
    presence: Extract<Presence, { kind: 'available' | 'unavailable' }>,
    idleSince?: number,
  ): boolean {
    const bare = bareJid(presence.from);
    const contacts = this.#resources.get(accountId) ?? new Map<string, Map<string, Resource>>();
    this.#resources.set(accountId, contacts);
    const before = this.summary(accountId, bare);
    const resources = contacts.get(bare) ?? new Map<string, Resource>();
    if (presence.kind === 'available') {
      const { availability, status, priority, caps } = presence;
      resources.set(presence.from.resource, { availability, status, priority, caps, idleSince });
    } else if (presence.from.resource === '') {
      // RFC 6121 section 4.5.2 by a server for the whole account.
      resources.clear();
    } else {
      resources.delete(presence.from.resource);
    }
    if (resources.size === 0) contacts.delete(bare);
    else contacts.set(bare, resources);
    const after = this.summary(accountId, bare);
    const changed =
      before.availability !== after.availability ||
      before.statusText !== after.statusText ||
      before.devices !== after.devices ||
      before.idleSince !== after.idleSince;
    if (changed) this.#revs.set(`${accountId} ${bare}`, this.#nextRev());
    return changed;
  }

  /** Forgets everybody of an account, because its stream has ended. Answers whose presence changed. */
  clear(accountId: AccountId): readonly string[] {
    const gone = [...(this.#resources.get(accountId)?.keys() ?? [])];
    this.#resources.delete(accountId);
    for (const bare of gone) this.#revs.set(`${accountId} ${bare}`, this.#nextRev());
    return gone;
  }

  summary(accountId: AccountId, bare: string): PresenceSummary {
    const rev = this.#revs.get(`${accountId} ${bare}`) ?? 0;
    const resources = [...(this.#resources.get(accountId)?.get(bare)?.values() ?? [])];
    const best = resources.toSorted(
      (a, b) => b.priority - a.priority || rank[b.availability] - rank[a.availability],
    )[0];
    if (best === undefined) return { ...OFFLINE, rev };
    const idle = resources.flatMap((resource) => resource.idleSince ?? []);
    const idleSince = idle.length === resources.length ? Math.max(...idle) : undefined;
    const { availability, status: statusText } = best;
    return { availability, statusText, devices: resources.length, idleSince, rev };
  }

  /** What is known of a contact's devices, as text for `recall`; undefined where none is online. */
  devices(accountId: AccountId, bare: string): string | undefined {
    const resources = this.#resources.get(accountId)?.get(bare);
    return resources === undefined ? undefined : JSON.stringify([...resources]);
  }

  /** Takes back what `devices` gave out. */
  recall(accountId: AccountId, bare: string, devices: string): void {
    const contacts = this.#resources.get(accountId) ?? new Map<string, Map<string, Resource>>();
    this.#resources.set(accountId, contacts);
    contacts.set(bare, new Map(JSON.parse(devices) as readonly (readonly [string, Resource])[]));
    this.#revs.set(`${accountId} ${bare}`, this.#nextRev());
  }

  /** The capability hashes of all resources of a contact. */
  caps(accountId: AccountId, bare: string): readonly CapsHash[] {
    const resources = this.#resources.get(accountId)?.get(bare)?.values() ?? [];
    return [...resources].flatMap((resource) => resource.caps ?? []);
  }
}
