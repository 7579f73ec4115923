import { z } from 'zod';
import type { MessageView } from '../views.ts';
import { chatId, messageId, xmlText, MAX_BODY_LENGTH } from './fields.ts';
import { method } from './method.ts';

/** Rows in timeline order, oldest first. */
export interface MessagePage {
  readonly rows: readonly MessageView[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

const limit = z.int().min(1).max(200).default(60);

export const messages = {
  /**
   * A page of a chat: the newest rows (`latest`), or the rows before, after or around one of them.
   * `before` and `after` exclude the anchor, `around` includes it.
   */
  page: method(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('latest'), chatId, limit }),
      z.strictObject({ kind: z.enum(['before', 'after', 'around']), chatId, anchor: messageId, limit }),
    ]),
  )<MessagePage>(),
  /** Stores the message, then sends it when it can. The row comes back at once. */
  send: method(
    z.strictObject({ chatId, text: xmlText(MAX_BODY_LENGTH).refine((text) => text.trim() !== '', 'empty') }),
  )<MessageView>(),
  /** "Send again" for a failed message: the same id, so that nobody sees it twice. */
  resend: method(z.strictObject({ messageId }))<MessageView>(),
};
