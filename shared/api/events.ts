import type { AccountId, ChatId, MessageId } from '../ids.ts';
import type {
  AccountView,
  ChatView,
  ContactRequestView,
  ContactView,
  MessageView,
  SettingsView,
} from '../views.ts';

/** The only list of push events. Events announce what changed; they never command. */
export interface Events {
  readonly 'accounts.upserted': { readonly rows: readonly AccountView[] };
  /** The account with its contacts, requests and chats. */
  readonly 'accounts.removed': { readonly accountId: AccountId };
  readonly 'contacts.upserted': { readonly rows: readonly ContactView[] };
  readonly 'contacts.removed': { readonly accountId: AccountId; readonly jid: string };
  readonly 'requests.changed': {
    readonly accountId: AccountId;
    readonly rows: readonly ContactRequestView[];
  };
  readonly 'chats.upserted': { readonly rows: readonly ChatView[] };
  readonly 'chats.removed': { readonly chatId: ChatId };
  readonly 'messages.upserted': { readonly rows: readonly MessageView[] };
  /** Deleted on this computer. */
  readonly 'messages.removed': { readonly chatId: ChatId; readonly messageIds: readonly MessageId[] };
  /**
   * Many rows of this chat have gone or come at once (cleared, retention, archive): a window that shows it
   * asks for its page again.
   */
  readonly 'timelines.changed': { readonly chatId: ChatId };
  /** The block list of an account (XEP-0191), whole. */
  readonly 'blocked.changed': { readonly accountId: AccountId; readonly jids: readonly string[] };
  /**
   * What is known of the devices of an address, or how a chat with it is protected, is another: whoever shows it
   * asks again.
   */
  readonly 'encryption.changed': { readonly accountId: AccountId; readonly jid: string };
  readonly 'settings.changed': { readonly settings: SettingsView };
  /** The profile was opened or locked, or a link waits: ask for `app.snapshot` again. */
  readonly 'app.changed': Record<string, never>;
}

export type EventName = keyof Events;
