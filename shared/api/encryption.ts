import { z } from 'zod';
import type {
  ChatProtectionView,
  DeviceView,
  HealthView,
  KeyLinkView,
  OwnKeysView,
  RecipientsView,
  UnreadableView,
} from '../encryption.ts';
import { MAX_KEY_LINK_LENGTH, parseKeyLink } from '../key-link.ts';
import { accountId, bareAddress, chatId, deviceId, fingerprint, messageId, xmlText } from './fields.ts';
import { method } from './method.ts';

const MAX_LABEL_LENGTH = 60;

/** A key as the user has seen it: what was decided about one must not count for another that came meanwhile. */
const device = { accountId, jid: bareAddress, deviceId };

/** Main reads the link itself: what a window makes of it counts for nothing. */
const keyLink = z
  .string()
  .max(MAX_KEY_LINK_LENGTH)
  .transform((text, context) => {
    const link = parseKeyLink(text);
    if (link !== undefined) return link;
    context.addIssue({ code: 'custom', message: 'not-a-key-link' });
    return z.NEVER;
  });

const healthRepair = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('publish') }),
  z.strictObject({ kind: z.literal('session'), jid: bareAddress, deviceId }),
  z.strictObject({ kind: z.literal('remove-device'), deviceId }),
]);

/**
 * OMEMO as the user decides about it. What changes is announced by `encryption.changed`. Of keys only public
 * fingerprints cross the pipe.
 */
export const encryption = {
  /**
   * The devices of an address, the account's own included: this computer first, then the longest known.
   * `fetch`: behind the answer, their list is fetched anew where the account is online.
   */
  devices: method(z.strictObject({ accountId, jid: bareAddress, fetch: z.boolean().default(false) }))<{
    readonly devices: readonly DeviceView[];
  }>(),
  /** What the user calls a device; empty for no name. Fails with `not-found`. */
  nameDevice: method(z.strictObject({ ...device, label: xmlText(MAX_LABEL_LENGTH) }))<void>(),
  /** The switch. Fails with `not-found` where the device has another key than the one that was shown. */
  setTrust: method(z.strictObject({ ...device, fingerprint, trusted: z.boolean() }))<void>(),
  /** The user has compared a fingerprint with its owner: it is `verified`, or `untrusted`. Fails as `setTrust`. */
  compare: method(z.strictObject({ ...device, fingerprint, matches: z.boolean() }))<void>(),
  /**
   * Another key was offered for a device: takes it, as `trusted`, or stays with the known one.
   * `fingerprint`: the offered one. Fails as `setTrust`.
   */
  decideKey: method(z.strictObject({ ...device, fingerprint, accept: z.boolean() }))<void>(),
  /** What others scan to verify the user. */
  ownKeys: method(z.strictObject({ accountId }))<OwnKeysView>(),
  /**
   * Compares a link with what is known of its address, and changes nothing. `fetch`: the devices of the address are
   * asked for first, where the account is online; only for somebody whom the user has chosen to look at.
   */
  examineKeys: method(z.strictObject({ accountId, link: keyLink, fetch: z.boolean() }))<KeyLinkView>(),
  /**
   * The user has the link from its owner: every key that `matches` is verified, and another one that was offered in
   * its place refused. Nothing is where one `differs`. Answers how it is then, and how many were verified.
   */
  verifyKeys: method(z.strictObject({ accountId, link: keyLink }))<{
    readonly verified: number;
    readonly found: KeyLinkView;
  }>(),
  /** Takes one of the user's other devices from the list of the account. Fails with `offline`, `not-found`. */
  removeDevice: method(z.strictObject({ accountId, deviceId }))<void>(),
  /** What the next message of a chat will be. The devices of an address that was not asked yet are fetched first. */
  protection: method(z.strictObject({ chatId }))<ChatProtectionView>(),
  setProtection: method(
    z.strictObject({ chatId, choice: z.enum(['automatic', 'omemo', 'none']) }),
  )<ChatProtectionView>(),
  /** Who can read a message of the user. Fails with `not-found` for those of others. */
  recipients: method(z.strictObject({ messageId }))<RecipientsView>(),
  unreadable: method(z.strictObject({ messageId }))<UnreadableView>(),
  /**
   * Starts a new session with the device that wrote what could not be read; what it writes from then on can be.
   * The message itself stays unread: only its author can send it again. Fails with `offline`, `not-found`.
   */
  repairMessage: method(z.strictObject({ messageId }))<void>(),
  /** Looks at everything that encryption needs, on the server too. Fails with `offline`. */
  health: method(z.strictObject({ accountId }))<HealthView>(),
  /** Does one thing, or everything but removing devices; answers what is there then. Fails with `offline`. */
  repair: method(
    z.strictObject({ accountId, what: z.union([z.literal('everything'), healthRepair]) }),
  )<HealthView>(),
};
