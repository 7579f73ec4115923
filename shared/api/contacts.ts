import { z } from 'zod';
import { accountId, bareAddress, xmlText } from './fields.ts';
import { method } from './method.ts';

const address = { accountId, jid: bareAddress };

export const contacts = {
  /** Adds to the roster and asks to see their presence (RFC 6121 section 3.1.1). */
  add: method(z.strictObject({ ...address, name: xmlText(256).optional() }))<void>(),
  rename: method(z.strictObject({ ...address, name: xmlText(256) }))<void>(),
  /** Removes from the roster, both subscriptions with it; the chat's history stays. */
  remove: method(z.strictObject(address))<void>(),
  /** Answers a request; accepting asks back where we do not see them yet. */
  answerRequest: method(z.strictObject({ ...address, accept: z.boolean() }))<void>(),
};
