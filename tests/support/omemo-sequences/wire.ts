/** What a suspicious observer of all wires knows, and what they hold against what is sent. */
import { siacs } from '#main/crypto/omemo/ratchet/profile.ts';
import { readDeviceList, readEncrypted, type WireKey } from '#main/xmpp/features/omemo.ts';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { Computer } from './computer.ts';
import type { Setting } from './acts.ts';
import type { StreamWatch } from './stream.ts';

const PUBSUB = 'http://jabber.org/protocol/pubsub';
const LIST = 'eu.siacs.conversations.axolotl.devicelist';
const BUNDLES = 'eu.siacs.conversations.axolotl.bundles:';

/** A message as it left for the first time. */
export interface SealedMessage {
  readonly id: string;
  readonly from: Computer;
  readonly to: string;
  readonly isEncrypted: boolean;
  /** Device ids that got a key. */
  readonly readers: ReadonlySet<number>;
  /** Device and prekey of the key exchanges in it, by device id. */
  readonly exchanges: ReadonlyMap<number, string>;
  /** The message whose text it replaces. */
  readonly replaces: string | undefined;
  readonly element: string;
}

/** What one computer was told of the devices of an address. */
interface Told {
  /** Those of the first list. */
  readonly first: ReadonlySet<number>;
  last: ReadonlySet<number>;
}

export class Wire {
  /** By id, in the order in which they left. */
  readonly sealed = new Map<string, SealedMessage>();
  /** What must never happen, and has. */
  readonly offences: string[] = [];
  /** By device id. */
  readonly computers = new Map<number, Computer>();
  /** What the user of a computer has decided, by device id. */
  readonly decisions = new Map<Computer, Map<number, 'trust' | 'distrust' | 'verify'>>();
  readonly #setting: Setting;
  readonly #told = new Map<string, Told>();
  /** Places in ratchets that were used, and for what. */
  readonly #places = new Map<string, string>();
  /** Base keys by device and prekey. */
  readonly #preKeys = new Map<string, Set<string>>();
  /** The present prekeys of each device, as in `#preKeys`. */
  readonly #bundles = new Map<string, ReadonlySet<string>>();
  /** Prekeys that a device has offered, with their public keys; and those it has withdrawn. */
  readonly #offered = new Map<string, string>();
  readonly #withdrawn = new Set<string>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  watch(computer: () => Computer): StreamWatch {
    return {
      sent: (stanza) => this.#sent(computer(), stanza),
      delivered: (stanza) => this.#delivered(computer(), stanza),
    };
  }

  /** Whether somebody else has used the prekey of this exchange too: the one who comes second is not read. */
  hasCollided(exchange: string | undefined): boolean {
    return exchange !== undefined && (this.#preKeys.get(exchange)?.size ?? 0) > 1;
  }

  /** Whether a device got the key of an edit of this message. */
  hasNewText({ id }: SealedMessage, { deviceId }: Computer): boolean {
    return [...this.sealed.values()].some(
      ({ replaces, readers }) => replaces === id && readers.has(deviceId),
    );
  }

  deviceIdOf(computer: Computer): number | undefined {
    return [...this.computers].find(([, one]) => one === computer)?.[0];
  }

  /** Whether a bundle still offers the prekey of an exchange. */
  offers(exchange: string): boolean {
    return this.#bundles.get(exchange.split(' ')[0] ?? '')?.has(exchange) === true;
  }

  #sent(from: Computer, text: string): void {
    const stanza = parseStanza(text);
    if (stanza.is('iq')) return this.#published(from, stanza);
    if (!stanza.is('message')) return;
    const id = stanza.attrs['id'] ?? '';
    const to = stanza.attrs['to'] ?? '';
    const encrypted = readEncrypted(stanza);
    if (encrypted === undefined) return this.#plain(from, { id, to, text });
    if (encrypted.kind !== 'encrypted') throw new Error('a message that nobody can read');
    if (/secret/.test(text)) this.offences.push(`${from.name} sent in the clear: ${text}`);
    const element = stanza.getChild('encrypted')?.toString() ?? '';
    const { keys, payload } = encrypted.message;
    const known = this.sealed.get(id);
    if (known !== undefined) {
      if (known.element !== element) this.offences.push(`${from.name} sealed ${id} twice`);
      return;
    }
    const exchanges = new Map<number, string>();
    for (const key of keys) this.#ratchet(from, key, exchanges);
    if (payload === undefined) return;
    const readers = new Set<number>(keys.map(({ rid }) => rid));
    for (const reader of readers) this.#mayRead(from, to, reader, id);
    this.#mustRead(from, to, readers, id);
    const replaces = stanza.getChild('replace')?.attrs['id'];
    this.sealed.set(id, { id, from, to, isEncrypted: true, readers, exchanges, replaces, element });
  }

  #plain(
    from: Computer,
    { id, to, text }: { readonly id: string; readonly to: string; readonly text: string },
  ): void {
    if (!/secret/.test(text)) return;
    const [row] = from.ask<{ protection: string }>('SELECT protection FROM messages WHERE origin_id = $id', {
      id,
    });
    if (row?.protection !== 'none') this.offences.push(`${from.name} sent in the clear: ${text}`);
    if (!this.sealed.has(id))
      this.sealed.set(id, {
        ...{ id, from, to, isEncrypted: false, readers: new Set(), exchanges: new Map() },
        ...{ replaces: undefined, element: '' },
      });
  }

  /** No key of a ratchet is used for two things. */
  #ratchet(from: Computer, { rid, data }: WireKey, exchanges: Map<number, string>): void {
    const exchange = siacs.parseKeyExchange(data);
    const { header } = siacs.parseMessage(exchange?.message ?? data);
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    const place = `${from.name} ${rid} ${hex(header.ratchetKey)} ${header.counter}`;
    const used = this.#places.get(place);
    if (used !== undefined && used !== hex(data)) this.offences.push(`${from.name} used a key twice`);
    this.#places.set(place, hex(data));
    if (exchange === undefined) return;
    const preKey = `${rid} ${exchange.preKeyId}`;
    this.#preKeys.set(preKey, (this.#preKeys.get(preKey) ?? new Set()).add(hex(exchange.baseKey)));
    exchanges.set(rid, preKey);
  }

  /** Nobody gets a key whom the user has not let in, knowingly or by being there first. */
  #mayRead(from: Computer, to: string, reader: number, id: string): void {
    const other = this.computers.get(reader);
    const say = (why: string): void =>
      void this.offences.push(`${from.name} gave a key of ${id} to ${other?.name ?? reader}: ${why}`);
    if (other === undefined || (other.jid !== to && other.jid !== from.jid)) return say('a stranger');
    const told = this.#told.get(`${from.name} ${other.jid}`);
    if (other.jid !== from.jid && told?.last.has(reader) !== true) say('not in the list');
    const decision = this.decisions.get(from)?.get(reader);
    if (decision === 'distrust') say('distrusted');
    if (decision === undefined && this.#setting.policy === 'first-use' && told?.first.has(reader) !== true)
      say('undecided');
  }

  /** Whoever is trusted gets a key, or the ledger says why not. */
  #mustRead(from: Computer, to: string, readers: ReadonlySet<number>, id: string): void {
    const expected = from.ask<{ device: number; outcome: string | null }>(
      `SELECT d.device_id AS device, r.outcome FROM omemo_devices d
       JOIN omemo_identities i
         ON i.account_id = d.account_id AND i.jid = d.jid AND i.identity_key = d.identity_key
       LEFT JOIN messages m ON m.origin_id = $id
       LEFT JOIN omemo_recipients r ON r.message_id = m.id AND r.jid = d.jid AND r.device_id = d.device_id
       WHERE d.jid IN ($to, $own) AND d.listed = 1 AND d.offered_key IS NULL
         AND i.trust NOT IN ('undecided', 'untrusted')
         AND d.device_id <> (SELECT device_id FROM omemo_own)`,
      { id, to, own: from.jid },
    );
    const isEdit = from.ask('SELECT 1 FROM messages WHERE origin_id = $id', { id }).length === 0;
    for (const { device, outcome } of expected) {
      if (readers.has(device) || isEdit || outcome === 'unreachable' || outcome === 'unusable') continue;
      const name = this.computers.get(device)?.name;
      this.offences.push(`${from.name} left ${name} out of ${id}, and says ${outcome}`);
    }
  }

  /** A prekey that was used is not offered again, and no number is given to two. */
  #published(from: Computer, iq: Element): void {
    const publish = iq.getChild('pubsub', PUBSUB)?.getChild('publish');
    const node = publish?.attrs['node'] ?? '';
    const payload = publish?.getChildElements()[0]?.getChildElements()[0];
    if (node === LIST) {
      const ids = readDeviceList(payload);
      if (ids !== undefined) this.#tell(from, from.jid, ids);
    }
    if (!node.startsWith(BUNDLES)) return;
    const id = node.slice(BUNDLES.length);
    this.computers.set(Number(id), from);
    const offered = new Map(
      (payload?.getChild('prekeys')?.getChildElements() ?? []).map((key) => [
        `${id} ${key.attrs['preKeyId']}`,
        key.text(),
      ]),
    );
    for (const [preKey, key] of offered) {
      if ((this.#offered.get(preKey) ?? key) !== key) this.offences.push(`${preKey} is two prekeys`);
      if (this.#withdrawn.has(preKey)) this.offences.push(`the prekey ${preKey} is offered again`);
      this.#offered.set(preKey, key);
    }
    for (const preKey of this.#bundles.get(id) ?? []) if (!offered.has(preKey)) this.#withdrawn.add(preKey);
    this.#bundles.set(id, new Set(offered.keys()));
  }

  #delivered(to: Computer, text: string): void {
    if (!text.includes(LIST)) return;
    const stanza = parseStanza(text);
    const holder = stanza.getChild('event') ?? stanza.getChild('pubsub');
    const items = holder?.getChild('items');
    const ids = readDeviceList(items?.getChildElements()[0]?.getChildElements()[0]);
    if (items?.attrs['node'] === LIST && ids !== undefined) this.#tell(to, stanza.attrs['from'] ?? '', ids);
  }

  #tell(to: Computer, owner: string, ids: readonly number[]): void {
    const key = `${to.name} ${owner}`;
    const last = new Set(ids);
    const told = this.#told.get(key);
    if (told === undefined) this.#told.set(key, { first: last, last });
    else told.last = last;
  }
}
