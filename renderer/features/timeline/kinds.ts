import type { MessageView } from '#shared/views.ts';

/** The longest time for which the setting "undo" holds a message back. */
const LONGEST_UNDO_MS = 30_000;

/**
 * Why a message has not left yet: `held` for "undo", or `scheduled` by the user; undefined once it is its turn.
 * A message that was scheduled for the next half minute is as good as held. Without a connection the time
 * passes and the message waits like any other.
 */
export const waitOf = (
  { sendAt, at }: MessageView,
  now: number = Date.now(),
): 'held' | 'scheduled' | undefined => {
  if (sendAt === undefined || sendAt <= now) return undefined;
  return sendAt - at <= LONGEST_UNDO_MS ? 'held' : 'scheduled';
};

/** A message whose key this computer does not have, of others or of another own device; its body is no text of the author. */
export const isUndecryptable = ({ failure }: MessageView): boolean => failure === 'not-decryptable';
