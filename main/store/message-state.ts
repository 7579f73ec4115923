import type { MessageState } from '#shared/views.ts';

/** How far an outgoing message has come. `failed` and `received` stand outside of this order. */
const progress: Partial<Record<MessageState, number>> = {
  queued: 0,
  sending: 1,
  sent: 2,
  acked: 3,
  delivered: 4,
  read: 5,
};

/**
 * Whether an outgoing message may go from one state to another: only forward.
 * - `failed` follows everything but `delivered` and `read`: an error stanza may come long after the own
 *   server's acknowledgement (RFC 6121 section 8.5), but somebody who has the message has it.
 * - After `failed` only the proof that it arrived counts. A late acknowledgement by the own server does
 *   not: that server has sent the error.
 * - Back to `queued` leads only `MessageStore.requeue`, at the user's wish.
 */
export const mayFollow = (from: MessageState, to: MessageState): boolean => {
  if (from === 'failed') return to === 'delivered' || to === 'read';
  const before = progress[from];
  if (before === undefined) return false;
  if (to === 'failed') return before <= 3;
  const after = progress[to];
  return after !== undefined && after > before;
};
