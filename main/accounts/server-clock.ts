import type { Clock } from '#main/util/clock.ts';
import { readTime, timeRequest } from '#main/xmpp/features/entity-time.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';

/**
 * How far the server's clock is ahead of this computer's, in milliseconds, as well as the way of the question
 * lets one know; undefined where the server does not tell its time (XEP-0202). @throws StreamError
 */
export const serverClockAhead = async (
  { stream, jid }: Pick<XmppSession, 'stream' | 'jid'>,
  clock: Clock,
): Promise<number | undefined> => {
  const asked = clock.now();
  try {
    const time = readTime(await stream.request(timeRequest(jid.domain)));
    // It was there in the middle of the way, as far as anybody can tell.
    return time === undefined ? undefined : Math.round(time - (asked + clock.now()) / 2);
  } catch (error) {
    if (error instanceof StanzaError) return undefined;
    throw error;
  }
};
