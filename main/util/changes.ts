import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';

/**
 * What changed, announced after the commit. Services announce; `api/announce.ts` turns it into views and
 * events for the windows. Announcements never steer anything.
 */
export type Change =
  | { readonly kind: 'account'; readonly accountId: AccountId }
  | { readonly kind: 'account-removed'; readonly accountId: AccountId }
  | { readonly kind: 'contact'; readonly accountId: AccountId; readonly jid: string }
  | { readonly kind: 'contact-removed'; readonly accountId: AccountId; readonly jid: string }
  | { readonly kind: 'requests'; readonly accountId: AccountId }
  | { readonly kind: 'chat'; readonly chatId: ChatId }
  | { readonly kind: 'chat-removed'; readonly chatId: ChatId }
  /** Many rows of a chat at once. */
  | { readonly kind: 'timeline'; readonly chatId: ChatId }
  | { readonly kind: 'message'; readonly messageId: MessageId }
  | { readonly kind: 'messages-removed'; readonly chatId: ChatId; readonly messageIds: readonly MessageId[] }
  /** What is known of the devices of an address, or how a chat with it is protected. */
  | { readonly kind: 'encryption'; readonly accountId: AccountId; readonly jid: string }
  | { readonly kind: 'blocked'; readonly accountId: AccountId }
  | { readonly kind: 'settings' };

export class Changes {
  readonly #listeners = new Set<(change: Change) => void>();

  announce(...changes: readonly Change[]): void {
    for (const change of changes) for (const listener of this.#listeners) listener(change);
  }

  /** Returns its own off. */
  on(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
