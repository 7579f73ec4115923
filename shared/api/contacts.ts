import { z } from 'zod';
import { accountId, bareAddress, messageId, xmlText } from './fields.ts';
import { method } from './method.ts';

const address = { accountId, jid: bareAddress };

/** What the server is told about somebody who is blocked (XEP-0377). */
const report = z.strictObject({
  /** Unwanted messages, or abuse of another kind. */
  reason: z.enum(['spam', 'abuse']),
  /** In the user's words; may be empty. */
  text: xmlText(2_000),
  /** The messages in question: the server gets their archive ids, not their texts. */
  messageIds: z.array(messageId).max(20).default([]),
});

export const contacts = {
  /** Adds to the roster and asks to see their presence (RFC 6121 section 3.1.1); a request of theirs is opened. */
  add: method(z.strictObject({ ...address, name: xmlText(256).optional() }))<void>(),
  rename: method(z.strictObject({ ...address, name: xmlText(256) }))<void>(),
  /** Removes from the roster, both subscriptions with it; the chat's history stays. */
  remove: method(z.strictObject(address))<void>(),
  /** Answers a request; accepting asks back where we do not see them yet. */
  answerRequest: method(z.strictObject({ ...address, accept: z.boolean() }))<void>(),
  /**
   * Blocks an address on the server (XEP-0191), for all devices; its chat becomes `blocked`. With a report
   * the server is told why, where it takes reports: the answer says whether it does.
   * Fails with `offline`, or `stanza-error` where the server cannot block.
   */
  block: method(z.strictObject({ ...address, report: report.optional() }))<{ readonly reported: boolean }>(),
  /** Takes the block back; the chat is `open` again. Fails as `block` does. */
  unblock: method(z.strictObject(address))<void>(),
  /** The blocked addresses of an account as last known, also offline; changes come as `blocked.changed`. */
  blocked: method(z.strictObject({ accountId }))<{ readonly jids: readonly string[] }>(),
};
