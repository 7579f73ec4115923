import { createStore, type StoreApi } from 'zustand/vanilla';
import type { HostKind } from '#shared/api/app.ts';
import { defaultSettings } from '#shared/default-settings.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { KeyProtection, LockView, SettingsView } from '#shared/views.ts';
import type { LinkState } from '../api/link.ts';

/** What stands between the user and the chats. */
export type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | { readonly kind: 'locked'; readonly lock: LockView }
  | { readonly kind: 'ready'; readonly keyProtection: KeyProtection };

export interface SessionState {
  readonly link: LinkState;
  readonly phase: Phase;
  readonly host: HostKind | undefined;
  readonly version: string;
  readonly settings: SettingsView;
}

export type SessionStore = StoreApi<SessionState>;

export const createSessionStore = (link: LinkState): SessionStore =>
  createStore(() => ({
    link,
    phase: { kind: 'starting' },
    host: undefined,
    version: '',
    // Before the profile is open nobody knows them.
    settings: defaultSettings,
  }));
