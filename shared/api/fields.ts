import { z } from 'zod';
import { isEmoji } from '../emoji.ts';
import type { AccountId, ChatId, DeviceId, MessageId } from '../ids.ts';
import { parseAccountJid, toBare } from '../jid.ts';
import { MAX_BODY_LENGTH } from '../limits.ts';

/** Schemas of the fields that several methods share. Every text has an upper bound. */

const branded = <T>(schema: z.ZodType): z.ZodType<T> => schema as unknown as z.ZodType<T>;

export const accountId = branded<AccountId>(z.uuid());
export const chatId = branded<ChatId>(z.int().positive());
export const messageId = branded<MessageId>(z.int().positive());
/** XEP-0384 section 4.1. */
export const deviceId = branded<DeviceId>(z.int().min(1).max(2_147_483_647));

/** A public identity key: 64 lower-case hexadecimal digits in groups of 8. */
export const fingerprint = z.string().regex(/^[0-9a-f]{8}(?: [0-9a-f]{8}){7}$/);

/** A bare address of anybody, normalised. */
export const bareAddress = z
  .string()
  .max(3071)
  .transform((text, context) => {
    const jid = toBare(text);
    if (jid !== undefined) return jid;
    context.addIssue({ code: 'custom', message: 'invalid-jid' });
    return z.NEVER;
  });

/** An address of one's own, `local@domain`, normalised. */
export const accountAddress = z
  .string()
  .max(3071)
  .transform((text, context) => {
    const jid = parseAccountJid(text);
    if (jid !== undefined) return jid;
    context.addIssue({ code: 'custom', message: 'invalid-jid' });
    return z.NEVER;
  });

/** XML 1.0 section 2.2 has no NUL and no lone surrogates; they would end the stream. */
export const xmlText = (max: number): z.ZodType<string> =>
  z
    .string()
    .max(max)
    .refine(
      (text) => text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text),
      {
        message: 'not-xml-text',
      },
    );

/** Milliseconds since 1970, UTC. */
export const time = z.int().positive().max(8_640_000_000_000_000);

/** How long messages are kept: for ever, or so many days; 0 keeps nothing longer than until it is read. */
export const retention = z.union([z.literal('forever'), z.int().min(0).max(36_500)]);

export const emoji = z.string().max(40).refine(isEmoji, 'not-an-emoji');

/** Text of a message: not blank. */
export const messageText = xmlText(MAX_BODY_LENGTH).refine((text) => text.trim() !== '', 'empty');

export { MAX_BODY_LENGTH } from '../limits.ts';
