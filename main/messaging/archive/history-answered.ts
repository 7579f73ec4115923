import type { AccountId, MessageId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import type { History } from './history.ts';

/** What somebody answers is seldom long ago: so many messages before the answer are looked through. */
const PAGE_SIZE = 200;
const MAX_PAGES = 10;

/**
 * Finds the message that another one answers, also in the archive.
 * @returns undefined where it is nowhere: deleted, or too long ago
 * @throws AppError `not-found` where the answer itself is not there, `offline` where the archive has to be asked
 */
export const findAnswered = async (
  store: Pick<Store, 'messages' | 'chats' | 'references'>,
  historyOf: (accountId: AccountId) => Pick<History, 'older'>,
  messageId: MessageId,
): Promise<MessageId | undefined> => {
  const { chatId, sortAt, reply } = store.messages.require(messageId);
  if (reply === undefined) return undefined;
  const { accountId, jid } = store.chats.properties(chatId);
  for (let page = 0; ; page += 1) {
    const answered = store.references.find(chatId, reply.id);
    if (answered !== undefined) return answered.id;
    if (page === MAX_PAGES || store.chats.properties(chatId).historyStart) return undefined;
    const { atStart } = await historyOf(accountId).older(chatId, jid, { place: sortAt, max: PAGE_SIZE });
    if (atStart) return store.references.find(chatId, reply.id)?.id;
  }
};
