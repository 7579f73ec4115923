import type { AccountId, ChatId } from '#shared/ids.ts';
import type { ContactView } from '#shared/views.ts';
import { fold, type ChatsState } from '../../state/chats.ts';
import { contactKey } from '../../state/people.ts';

/** Somebody whom a message can be forwarded to. */
export interface Target {
  readonly key: string;
  readonly accountId: AccountId;
  readonly jid: string;
  readonly name: string;
}

/**
 * Open chats, the one with the newest activity first, then contacts without a chat. Neither people who are
 * unknown or blocked, nor the chat where the message stands.
 */
export const targetsOf = (
  { chats, order }: ChatsState,
  contacts: Iterable<ContactView>,
  except: ChatId,
): readonly Target[] => {
  const known = new Set<string>();
  const targets: Target[] = [];
  for (const id of order) {
    const chat = chats.get(id);
    if (chat === undefined) continue;
    const { accountId, jid, name, standing } = chat;
    const key = contactKey(accountId, jid);
    known.add(key);
    if (standing === 'open' && id !== except) targets.push({ key, accountId, jid, name });
  }
  const others = [...contacts]
    .map(({ accountId, jid, name }) => ({ key: contactKey(accountId, jid), accountId, jid, name }))
    .filter(({ key }) => !known.has(key))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return [...targets, ...others];
};

/** Those who match every word of the query; who is chosen stays in sight. */
export const visibleTargets = (
  targets: readonly Target[],
  query: string,
  chosen: ReadonlyMap<string, Target>,
): readonly Target[] => {
  const words = fold(query)
    .split(/\s+/u)
    .filter((word) => word !== '');
  return targets.filter(({ key, name, jid }) => {
    const text = fold(`${name} ${jid}`);
    return chosen.has(key) || words.every((word) => text.includes(word));
  });
};
