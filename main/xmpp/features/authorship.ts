/**
 * Who may change a message: the rule that XEP-0308 (section 4), XEP-0424 (section 5) and XEP-0444 (section 4.1)
 * share. Readers of these extensions only say what is asked for; this says whether it may be done.
 */
import { bareJid, formatJid, type Jid } from '#shared/jid.ts';

/**
 * Whether two messages have the same author.
 * @param kind `direct`: any device of the same account; `occupant`: in a room and in private messages of a room,
 *   where only the full address names somebody. There a nickname can change hands: callers that know
 *   occupant-ids (XEP-0421) or real addresses must compare those as well.
 */
export const isSameAuthor = (one: Jid, other: Jid, kind: 'direct' | 'occupant'): boolean => {
  if (kind === 'direct') return bareJid(one) === bareJid(other);
  return one.resource !== '' && formatJid(one) === formatJid(other);
};
