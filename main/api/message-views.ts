import { emojiKey } from '#shared/emoji.ts';
import type { ChatId } from '#shared/ids.ts';
import { oneLine } from '#shared/text.ts';
import type { MessageView, ReactionView, ReplyView } from '#shared/views.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Reaction } from '#main/store/reactions.ts';
import type { Store } from '#main/store/store.ts';

const QUOTE_LENGTH = 200;

type Reading = Pick<Store, 'accounts' | 'chats' | 'outbox' | 'reactions' | 'references'>;

/** Views of messages, with what other tables know about them. */
export const createMessageViews = (
  store: Reading,
): { readonly of: (rows: readonly StoredMessage[]) => readonly MessageView[] } => {
  const replyView = ({ chatId, reply }: StoredMessage): ReplyView | undefined => {
    if (reply === undefined) return undefined;
    const answered = store.references.find(chatId, reply.id);
    if (answered === undefined) return { quote: oneLine(reply.quote ?? '', QUOTE_LENGTH) };
    return {
      messageId: answered.id,
      mine: answered.direction === 'out',
      quote: oneLine(answered.body, QUOTE_LENGTH),
    };
  };

  return {
    of: (rows) => {
      const reactions = Map.groupBy(
        store.reactions.of(rows.map(({ id }) => id)),
        ({ messageId }) => messageId,
      );
      const owners = new Map<ChatId, string>();
      const ownerOf = (chatId: ChatId): string => {
        const known = owners.get(chatId) ?? store.accounts.require(store.chats.accountOf(chatId)).jid;
        owners.set(chatId, known);
        return known;
      };
      return rows.map((row) => {
        const given = reactions.get(row.id);
        return messageView(row, {
          reply: replyView(row),
          reactions: given === undefined ? [] : reactionViews(given, ownerOf(row.chatId)),
          sendAt: row.state === 'queued' ? store.outbox.ofMessage(row.id)?.notBefore : undefined,
        });
      });
    },
  };
};

/** The same emoji of several people is one view; clients differ in presentation selectors. */
export const reactionViews = (reactions: readonly Reaction[], ownJid: string): readonly ReactionView[] => {
  const views = new Map<string, { emoji: string; count: number; mine: boolean }>();
  for (const { senderJid, emojis } of reactions) {
    for (const emoji of emojis) {
      const view = views.get(emojiKey(emoji)) ?? { emoji, count: 0, mine: false };
      view.count += 1;
      view.mine ||= senderJid === ownJid;
      views.set(emojiKey(emoji), view);
    }
  }
  return [...views.values()];
};

const FAILURE_TEXT_LENGTH = 512;

/** @param about what the row itself does not know */
export const messageView = (
  message: StoredMessage,
  about: {
    readonly reply: ReplyView | undefined;
    readonly reactions: readonly ReactionView[];
    readonly sendAt: number | undefined;
  },
): MessageView => ({
  id: message.id,
  chatId: message.chatId,
  direction: message.direction,
  body: message.body,
  at: message.at,
  sortAt: message.sortAt,
  state: message.state,
  ...(message.failure === undefined ? {} : { failure: message.failure }),
  ...(message.failureText === undefined
    ? {}
    : { failureText: oneLine(message.failureText, FAILURE_TEXT_LENGTH) }),
  protection: message.protection,
  ...(message.editedAt === undefined ? {} : { editedAt: message.editedAt }),
  ...(message.retractedAt === undefined ? {} : { retracted: true }),
  ...(about.reply === undefined ? {} : { reply: about.reply }),
  ...(about.reactions.length === 0 ? {} : { reactions: about.reactions }),
  ...(about.sendAt === undefined ? {} : { sendAt: about.sendAt }),
  rev: message.rev,
});
