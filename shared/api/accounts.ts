import { z } from 'zod';
import type { AccountView } from '../views.ts';
import { accountAddress, accountId, bareAddress } from './fields.ts';
import { method } from './method.ts';

/** Which messages the own server archives. */
export interface ArchivePreferencesView {
  /** For those in neither list; `roster`: messages with contacts. */
  readonly default: 'always' | 'never' | 'roster';
  /** Addresses. */
  readonly always: readonly string[];
  readonly never: readonly string[];
}

const password = z.string().min(1).max(1024);
/** base64 of a SHA-256: the public key that the user chose to trust for this account. */
const spki = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);

const login = z.strictObject({
  jid: accountAddress,
  password,
  host: z.string().trim().min(1).max(253).optional(),
  port: z.int().min(1).max(65535).optional(),
  directTls: z.boolean().default(false),
  /** Trust this key although no authority vouches for it. */
  trustSpki: spki.optional(),
});

export const accounts = {
  /**
   * Logs in and, only when that worked, keeps the account.
   * Fails with the connection error's code (detail: step, advice, certificate fields), `account-exists`.
   */
  add: method(login)<AccountView>(),
  /** Logs out and deletes the account with its chats, contacts and password from this computer. */
  remove: method(z.strictObject({ accountId }))<void>(),
  setEnabled: method(z.strictObject({ accountId, enabled: z.boolean() }))<void>(),
  /** New password after `auth-failed`; connects at once. */
  setPassword: method(z.strictObject({ accountId, password }))<void>(),
  /** Trusts the certificate key that the account's current error shows; connects at once. */
  trustCertificate: method(z.strictObject({ accountId, spki }))<void>(),
  /**
   * Logs in although the server does not offer the channel binding any more that it had (`binding-lost`); connects
   * at once. Fails with `not-found` where that is not the account's current error.
   */
  acceptUnbound: method(z.strictObject({ accountId }))<void>(),
  /** Ends a wait and connects at once. */
  retryNow: method(z.strictObject({ accountId }))<void>(),
  /**
   * What the server archives (XEP-0441). Fails with `offline`, or `stanza-error` where it has no such
   * preferences (condition `feature-not-implemented` or `service-unavailable`).
   */
  archivePreferences: method(z.strictObject({ accountId }))<ArchivePreferencesView>(),
  /** Replaces them; answers what the server made of it. Fails as `archivePreferences` does. */
  setArchivePreferences: method(
    z.strictObject({
      accountId,
      preferences: z.strictObject({
        default: z.enum(['always', 'never', 'roster']),
        always: z.array(bareAddress).max(1_000),
        never: z.array(bareAddress).max(1_000),
      }),
    }),
  )<ArchivePreferencesView>(),
};
