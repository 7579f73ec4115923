import { z } from 'zod';
import type { AccountId, ChatId, MessageId } from '../ids.ts';
import type { MessageView } from '../views.ts';
import { accountId, bareAddress, chatId, emoji, messageId, messageText, time } from './fields.ts';
import { method } from './method.ts';

/** Rows in timeline order, oldest first. */
export interface MessagePage {
  readonly rows: readonly MessageView[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  /** What is older is, or may be, in the server's archive alone: `chats.loadOlder` comes before the next page. */
  readonly gapBefore?: true;
  /** The same for what is newer, and `chats.loadNewer`. */
  readonly gapAfter?: true;
}

/** One version of an edited message. */
export interface MessageVersionView {
  readonly body: string;
  /** When it was written. */
  readonly at: number;
}

/** What came of `messages.cancel`. */
export type Withdrawn =
  /** Nobody got it and the row is gone; what was written goes back into the composer. */
  | { readonly withdrawn: true; readonly text: string; readonly replyTo?: MessageId }
  /** It had left already. */
  | { readonly withdrawn: false };

export interface SearchHit {
  readonly messageId: MessageId;
  readonly chatId: ChatId;
  readonly accountId: AccountId;
  /** When it was written. */
  readonly at: number;
  /** The user wrote it. */
  readonly mine: boolean;
  /** Part of the text around the first match, on one line; plain text. */
  readonly snippet: string;
  /** Whether text was left out before and behind it: draw an ellipsis there. */
  readonly cutBefore: boolean;
  readonly cutAfter: boolean;
  /** What matched within the snippet, in UTF-16 units: from `start` up to, not including, `end`; ascending. */
  readonly matches: readonly { readonly start: number; readonly end: number }[];
}

export interface SearchPage {
  /** The newest first. */
  readonly hits: readonly SearchHit[];
  /** For the next page; absent on the last one. */
  readonly cursor?: string;
}

/** To more people at once than this, a list for many is the better way. */
const MAX_FORWARDS = 20;

const limit = z.int().min(1).max(200).default(60);

export const messages = {
  /**
   * A page of a chat: the newest rows (`latest`), the rows before, after or around one of them, or around
   * a time (`date`: the first row at that time or later stands in the middle).
   * `before` and `after` exclude the anchor, `around` includes it. A page ends where messages are missing.
   */
  page: method(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('latest'), chatId, limit }),
      z.strictObject({ kind: z.enum(['before', 'after', 'around']), chatId, anchor: messageId, limit }),
      z.strictObject({ kind: z.literal('date'), chatId, at: time, limit }),
    ]),
  )<MessagePage>(),
  /**
   * Stores the message, then sends it when it can. The row comes back at once. A chat of a stranger becomes
   * `open` by it.
   * `replyTo`: a message of the same chat that this one answers; `not-found` where it is not there.
   * `sendAt`: not before this time, also when the application was restarted meanwhile; without it the setting
   * `undoSeconds` applies. Either shows as `MessageView.sendAt`.
   */
  send: method(
    z.strictObject({ chatId, text: messageText, replyTo: messageId.optional(), sendAt: time.optional() }),
  )<MessageView>(),
  /**
   * Sends the text of a message to others as a message of one's own, all of them or, where something fails,
   * none; chats are made where there are none. Drafts and what is unread there stay. Fails with `not-found`
   * for what was taken back or could not be decrypted. The rows are in the order of `to`, one for each chat.
   */
  forward: method(
    z.strictObject({
      messageId,
      to: z
        .array(z.strictObject({ accountId, jid: bareAddress }))
        .min(1)
        .max(MAX_FORWARDS),
    }),
  )<{ readonly rows: readonly MessageView[] }>(),
  /** "Send again" for a failed message: the same id, so that nobody sees it twice. */
  resend: method(z.strictObject({ messageId }))<MessageView>(),
  /**
   * Replaces the text of an own message (XEP-0308), however old. One that still waits for its time is changed
   * before it leaves; one that the server has keeps its former text in `history`. Shown at once, sent when it
   * can be. Fails with `not-found` for what is not one's own, retracted or failed.
   */
  edit: method(z.strictObject({ messageId, text: messageText }))<MessageView>(),
  /**
   * Finds the message that this one answers, where `ReplyView.messageId` is absent: asks the archive for what
   * came before. Without `answeredId` it is gone, or too long ago. Fails with `offline`, or `not-found` where
   * the answer itself is gone.
   */
  findAnswered: method(z.strictObject({ messageId }))<{ readonly answeredId?: MessageId }>(),
  /** All versions of a message, the first one first, the present one last; empty where it was never edited. */
  history: method(z.strictObject({ messageId }))<{ readonly versions: readonly MessageVersionView[] }>(),
  /**
   * Takes an own message back for everybody (XEP-0424): text, versions and reactions go from this computer,
   * and the others are asked to forget it, which nobody can force. Fails with `not-found` as `edit` does.
   */
  retract: method(z.strictObject({ messageId }))<MessageView>(),
  /**
   * Adds or removes one emoji of the user under a message (XEP-0444); 20 at most, more are left out. Fails with
   * `denied` where the message is encrypted: a reaction could only leave in the clear.
   */
  react: method(z.strictObject({ messageId, emoji, on: z.boolean() }))<MessageView>(),
  /** "Undo", or withdrawing a scheduled message: possible until it leaves. */
  cancel: method(z.strictObject({ messageId }))<Withdrawn>(),
  /** Sends a waiting message without waiting for its time; one that has left already is only answered. */
  sendNow: method(z.strictObject({ messageId }))<MessageView>(),
  /** Another time for a waiting message; one that has left already is only answered. */
  reschedule: method(z.strictObject({ messageId, sendAt: time }))<MessageView>(),
  /**
   * Deletes a message from this computer alone: nobody is told, and the archive does not bring it back. One
   * that has not left is not sent. Announced by `messages.removed`.
   */
  delete: method(z.strictObject({ messageId }))<void>(),
  /**
   * Searches the texts of all chats, newest first; blocked ones only where `chatId` names them. Words must all
   * occur, the last one may be the beginning of a word; "quoted words" must follow each other. Case, accents,
   * Arabic vowel signs and ß/ss make no difference; Chinese and Japanese need no spaces. An empty query finds
   * what fits `chatId`, `from` or `hasFile`, where one of them is given, and nothing otherwise.
   * `from`: bare JID of the author. `after` and `before` are times, the latter excluded.
   * A page may have fewer hits than `limit`, even none, and still have a cursor: ask on while there is one.
   * Fails with `bad-request` for a cursor that is none.
   */
  search: method(
    z.strictObject({
      query: z.string().max(500),
      accountId: accountId.optional(),
      chatId: chatId.optional(),
      from: bareAddress.optional(),
      after: time.optional(),
      before: time.optional(),
      hasFile: z.boolean().optional(),
      limit: z.int().min(1).max(100).default(30),
      /** `SearchPage.cursor` of the page before, with the same query. */
      cursor: z.string().max(100).optional(),
    }),
  )<SearchPage>(),
};
