import { z } from 'zod';
import type { ChatView } from '../views.ts';
import {
  accountId,
  bareAddress,
  chatId,
  messageId,
  retention,
  time,
  xmlText,
  MAX_BODY_LENGTH,
} from './fields.ts';
import { method } from './method.ts';

export const chats = {
  /** The chat with an address, made when there is none yet. Opening a request accepts nothing. */
  open: method(z.strictObject({ accountId, jid: bareAddress }))<ChatView>(),
  /**
   * Asks the server's archive for what is missing before a message (XEP-0313), by default before the oldest one:
   * to be called where a page says `gapBefore`. What arrives is announced; then ask for the page again.
   * `atStart`: there is nothing older; `archive: false`: because this server keeps no archive. It may have
   * added nothing although there is more: then ask again. Fails with `offline`.
   */
  loadOlder: method(z.strictObject({ chatId, before: messageId.optional() }))<{
    readonly added: number;
    readonly atStart: boolean;
    readonly archive: boolean;
  }>(),
  /** The same for what is missing behind a message: to be called where a page says `gapAfter`. */
  loadNewer: method(z.strictObject({ chatId, after: messageId }))<{ readonly added: number }>(),
  /**
   * Sees to it that the messages from a time on are here: then ask for the page of this date. What is missing
   * around them stays on the server until somebody reads there. Fails with `offline` where it has to be asked.
   */
  loadDate: method(z.strictObject({ chatId, at: time }))<{ readonly added: number }>(),
  /**
   * Everything up to and including this message has been seen. Own other devices learn it (XEP-0490); the
   * sender only where the setting `sendReadMarkers` is on and the chat is an open one with a contact.
   */
  markRead: method(z.strictObject({ chatId, upTo: messageId }))<void>(),
  /** Kept on disk, encrypted; an empty text removes the draft. */
  setDraft: method(z.strictObject({ chatId, text: xmlText(MAX_BODY_LENGTH) }))<void>(),
  /** XEP-0085: tells the other side, if the settings and the contact's capabilities allow it. */
  setTyping: method(z.strictObject({ chatId, typing: z.boolean() }))<void>(),
  /** Turns a request into an open chat. Tells the other side nothing and adds nobody to the contacts. */
  accept: method(z.strictObject({ chatId }))<ChatView>(),
  /**
   * Deletes all messages of a chat from this computer, but not what still waits to be sent; the chat stays. The
   * archive of the server does not bring them back. A long history takes some seconds, and the work goes on
   * after a restart: announced by `timelines.changed` when it begins and when it is done.
   */
  clear: method(z.strictObject({ chatId }))<void>(),
  /** The same, and the chat leaves the list until something new comes. Announced by `chats.removed`. */
  delete: method(z.strictObject({ chatId }))<void>(),
  /** How long this chat's messages are kept; what is older now goes some seconds later. */
  setRetention: method(
    z.strictObject({ chatId, retention: z.union([z.literal('default'), retention]) }),
  )<ChatView>(),
};
