import { createStore, type StoreApi } from 'zustand/vanilla';
import type { DeepLink } from '#shared/deep-link.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { AccountId, ChatId, DeviceId, MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';

export type View = 'chats' | 'contacts' | 'settings' | 'add-account';
export type SettingsSection =
  | 'accounts'
  | 'privacy'
  | 'encryption'
  | 'blocked'
  | 'appearance'
  | 'keyboard'
  | 'about';

/** A dialog that is open above the window, with what it is about. */
export type OpenDialog =
  | { readonly kind: 'new-chat' }
  | { readonly kind: 'add-contact'; readonly accountId?: AccountId; readonly jid?: string }
  | { readonly kind: 'rename-contact'; readonly accountId: AccountId; readonly jid: string }
  | { readonly kind: 'remove-contact'; readonly accountId: AccountId; readonly jid: string }
  | { readonly kind: 'block'; readonly accountId: AccountId; readonly jid: string; readonly report: boolean }
  | { readonly kind: 'clear-chat'; readonly chatId: ChatId }
  | { readonly kind: 'delete-chat'; readonly chatId: ChatId }
  /** Without `chatId`: of all chats that have no rule of their own. */
  | { readonly kind: 'retention'; readonly chatId?: ChatId }
  | { readonly kind: 'forward'; readonly message: MessageView }
  /** `deviceId`: one that can be compared by eye; without it, by codes only. */
  | {
      readonly kind: 'verify-device';
      readonly accountId: AccountId;
      readonly jid: string;
      readonly deviceId?: DeviceId;
    }
  /** `link`: with keys of somebody, and where it comes from only the user knows. */
  | { readonly kind: 'verify-link'; readonly accountId: AccountId; readonly link: string }
  | { readonly kind: 'share-keys'; readonly accountId: AccountId }
  | {
      readonly kind: 'name-device';
      readonly accountId: AccountId;
      readonly jid: string;
      readonly deviceId: DeviceId;
      readonly label: string;
    }
  | {
      readonly kind: 'remove-device';
      readonly accountId: AccountId;
      readonly deviceId: DeviceId;
      readonly name: string;
    }
  /** Before a chat goes on without encryption. */
  | { readonly kind: 'unencrypted'; readonly chatId: ChatId }
  | { readonly kind: 'remove-account'; readonly accountId: AccountId }
  /** `message`: one that waits already; without it, what stands in the box of the chat. */
  | { readonly kind: 'schedule'; readonly chatId: ChatId; readonly message?: MessageView }
  /** Within the open chat. `at`: a time of the day that is proposed. */
  | { readonly kind: 'jump-to-date'; readonly at: number }
  | { readonly kind: 'message-history'; readonly messageId: MessageId }
  | { readonly kind: 'delete-message'; readonly message: MessageView };

/** Something that went wrong and has no place of its own in the window. */
export interface Notice {
  readonly id: number;
  readonly code: ErrorCode;
}

/** What this window shows; nothing of it outlives the window. */
export interface UiState {
  readonly view: View;
  readonly section: SettingsSection;
  readonly chatId: ChatId | undefined;
  /** The profile of the other side stands beside the chat. */
  readonly profile: boolean;
  /** Whose encryption the settings look at in detail. */
  readonly health: AccountId | undefined;
  /** `contactKey` of the contact that the contacts view shows. */
  readonly contact: string | undefined;
  readonly query: string;
  /** Somebody is in the search box or its results: where there is room for one thing only, it is these. */
  readonly searching: boolean;
  /** What had the focus before. */
  readonly searchedFrom: HTMLElement | undefined;
  readonly unreadOnly: boolean;
  /** The list shows who is unknown and wants to write, instead of the chats. */
  readonly requestsOnly: boolean;
  readonly dialog: OpenDialog | undefined;
  /** An `xmpp:` link that the system handed over; it waits for the user's decision. */
  readonly deepLink: DeepLink | undefined;
  readonly notices: readonly Notice[];
}

export type UiStore = StoreApi<UiState>;

export const createUiStore = (): UiStore =>
  createStore(() => ({
    view: 'chats',
    section: 'accounts',
    chatId: undefined,
    profile: false,
    health: undefined,
    contact: undefined,
    query: '',
    searching: false,
    searchedFrom: undefined,
    unreadOnly: false,
    requestsOnly: false,
    dialog: undefined,
    deepLink: undefined,
    notices: [],
  }));

const MAX_NOTICES = 3;

/** Shows the sentence of an error in the corner; the same one is not shown twice. */
export const addNotice = (store: UiStore, code: ErrorCode): void => {
  const { notices } = store.getState();
  if (notices.some((notice) => notice.code === code)) return;
  const id = (notices.at(-1)?.id ?? 0) + 1;
  store.setState({ notices: [...notices, { id, code }].slice(-MAX_NOTICES) });
};

export const dropNotice = (store: UiStore, id: number): void =>
  store.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
