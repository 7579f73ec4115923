import { z } from 'zod';
import { isEmoji } from '../emoji.ts';
import type { MessageId } from '../ids.ts';
import type { MessageView } from '../views.ts';
import { chatId, messageId, messageText, time } from './fields.ts';
import { method } from './method.ts';

/** Rows in timeline order, oldest first. */
export interface MessagePage {
  readonly rows: readonly MessageView[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
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

const limit = z.int().min(1).max(200).default(60);
const emoji = z.string().max(40).refine(isEmoji, 'not-an-emoji');

export const messages = {
  /**
   * A page of a chat: the newest rows (`latest`), the rows before, after or around one of them, or around
   * a time (`date`: the first row at that time or later stands in the middle).
   * `before` and `after` exclude the anchor, `around` includes it.
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
  /** "Send again" for a failed message: the same id, so that nobody sees it twice. */
  resend: method(z.strictObject({ messageId }))<MessageView>(),
  /**
   * Replaces the text of an own message (XEP-0308), however old. One that still waits for its time is changed
   * before it leaves; one that the server has keeps its former text in `history`. Shown at once, sent when it
   * can be. Fails with `not-found` for what is not one's own, retracted or failed.
   */
  edit: method(z.strictObject({ messageId, text: messageText }))<MessageView>(),
  /** All versions of a message, the first one first, the present one last; empty where it was never edited. */
  history: method(z.strictObject({ messageId }))<{ readonly versions: readonly MessageVersionView[] }>(),
  /**
   * Takes an own message back for everybody (XEP-0424): text, versions and reactions go from this computer,
   * and the others are asked to forget it, which nobody can force. Fails with `not-found` as `edit` does.
   */
  retract: method(z.strictObject({ messageId }))<MessageView>(),
  /** Adds or removes one emoji of the user under a message (XEP-0444); 20 at most, more are left out. */
  react: method(z.strictObject({ messageId, emoji, on: z.boolean() }))<MessageView>(),
  /** "Undo", or withdrawing a scheduled message: possible until it leaves. */
  cancel: method(z.strictObject({ messageId }))<Withdrawn>(),
  /** Sends a waiting message without waiting for its time; one that has left already is only answered. */
  sendNow: method(z.strictObject({ messageId }))<MessageView>(),
  /** Another time for a waiting message; one that has left already is only answered. */
  reschedule: method(z.strictObject({ messageId, sendAt: time }))<MessageView>(),
};
