import { z } from 'zod';
import type { ChatView } from '../views.ts';
import { accountId, bareAddress, chatId, messageId, xmlText, MAX_BODY_LENGTH } from './fields.ts';
import { method } from './method.ts';

export const chats = {
  /** The chat with an address, made when there is none yet. Opening a request accepts nothing. */
  open: method(z.strictObject({ accountId, jid: bareAddress }))<ChatView>(),
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
};
