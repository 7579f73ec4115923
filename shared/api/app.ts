import { z } from 'zod';
import type {
  AccountView,
  ChatView,
  ContactRequestView,
  ContactView,
  KeyProtection,
  LockView,
  SettingsView,
} from '../views.ts';
import type { DeepLink } from '../deep-link.ts';
import { method } from './method.ts';

export type HostKind = 'electron' | 'loopback';

/** All live collections; asked for at start and after each reconnect of the pipe. */
export interface ReadySnapshot {
  readonly ready: true;
  readonly host: HostKind;
  readonly version: string;
  readonly keyProtection: KeyProtection;
  readonly accounts: readonly AccountView[];
  readonly contacts: readonly ContactView[];
  readonly requests: readonly ContactRequestView[];
  readonly chats: readonly ChatView[];
  readonly settings: SettingsView;
  /** An `xmpp:` link that the system handed over and no window has seen yet: shown, never acted on by itself. */
  readonly link?: DeepLink;
}

export interface LockedSnapshot {
  readonly ready: false;
  readonly host: HostKind;
  readonly version: string;
  readonly lock: LockView;
}

export type Snapshot = ReadySnapshot | LockedSnapshot;

export const app = {
  snapshot: method(z.strictObject({}))<Snapshot>(),
  /** Opens (or, at first start without a keychain, makes) the profile. Fails with `wrong-passphrase`. */
  unlock: method(z.strictObject({ passphrase: z.string().min(1).max(1024) }))<Snapshot>(),
  /** Asks the keychain again after the user unlocked it. */
  retryKeychain: method(z.strictObject({}))<Snapshot>(),
  /**
   * Whether somebody can see this window now. A window says so at its start and whenever it changes
   * (`document.visibilityState`); one that says nothing, or has gone, counts as not seen. While no window is
   * seen, the accounts tell their servers so (XEP-0352), which then keep back what can wait.
   */
  setVisibility: method(z.strictObject({ visible: z.boolean() }))<void>(),
  /** Opens a link with the system; only https, mailto and xmpp get that far. */
  openLink: method(z.strictObject({ url: z.string().max(4096) }))<void>(),
};
