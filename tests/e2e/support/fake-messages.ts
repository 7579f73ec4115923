/** What the scripted application does with messages: it takes every change at once, and keeps no network waiting. */
import { emojiKey } from '#shared/emoji.ts';
import type { SearchHit } from '#shared/api/messages.ts';
import { AppError } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageView, ReactionView } from '#shared/views.ts';
import type { FakeBackend, Scripted } from './fake-backend.ts';
import { firstAt, listHistory, pageOf } from './fake-history.ts';

/** Longer histories are made while somebody looks at them; nobody searches those. */
const LONGEST_SEARCHED = 1_000;

const hitsFor = (backend: FakeBackend, query: string, chatId?: ChatId): readonly SearchHit[] => {
  const wanted = query.toLowerCase();
  const hitOf = ({ id, chatId: in_, at, direction, body }: MessageView): readonly SearchHit[] => {
    const start = body.toLowerCase().indexOf(wanted);
    const chat = backend.chats.get(in_);
    if (start < 0 || chat === undefined) return [];
    const place = { messageId: id, chatId: in_, accountId: chat.accountId, at, mine: direction === 'out' };
    const matches = [{ start, end: start + wanted.length }];
    return [
      { ...place, snippet: body.slice(0, 240), cutBefore: false, cutAfter: body.length > 240, matches },
    ];
  };
  return [...backend.histories]
    .filter(([id, { length }]) => length <= LONGEST_SEARCHED && (chatId === undefined || id === chatId))
    .flatMap(([, history]) => pageOf(history, 0, history.length).rows.flatMap(hitOf))
    .toSorted((a, b) => b.at - a.at);
};

export const messageHandlers = (backend: FakeBackend): Scripted['messages'] => {
  const find = (messageId: MessageId): MessageView => {
    for (const history of backend.histories.values()) {
      const at = history.indexOf(messageId);
      if (at >= 0) return history.at(at);
    }
    throw new AppError('not-found', 'no such message');
  };
  const remove = (message: MessageView): void => {
    backend.histories.get(message.chatId)?.remove(message.id);
    backend.emit('messages.removed', { chatId: message.chatId, messageIds: [message.id] });
  };
  const versions = new Map<MessageId, { body: string; at: number }[]>();
  return {
    page: (input) => {
      const history = backend.histories.get(input.chatId) ?? listHistory([]);
      const half = Math.floor(input.limit / 2);
      if (input.kind === 'latest') return pageOf(history, history.length - input.limit, history.length);
      if (input.kind === 'date') {
        const from = firstAt(history, input.at);
        return pageOf(history, from - half, from + half);
      }
      const at = history.indexOf(input.anchor);
      if (at < 0) throw new AppError('not-found', 'no such message');
      if (input.kind === 'before') return pageOf(history, at - input.limit, at);
      if (input.kind === 'after') return pageOf(history, at + 1, at + 1 + input.limit);
      return pageOf(history, at - half, at + half);
    },
    search: ({ query, chatId, limit }) => ({ hits: hitsFor(backend, query, chatId).slice(0, limit) }),
    send: ({ chatId, text, replyTo, sendAt }) => {
      const answered = replyTo === undefined ? undefined : find(replyTo);
      const due =
        sendAt ??
        (backend.settings.undoSeconds > 0 ? Date.now() + backend.settings.undoSeconds * 1000 : undefined);
      return backend.addMessage(chatId, {
        body: text,
        direction: 'out',
        state: 'queued',
        ...(due === undefined ? {} : { sendAt: due }),
        ...(answered === undefined
          ? {}
          : {
              reply: {
                messageId: answered.id,
                mine: answered.direction === 'out',
                quote: answered.body.slice(0, 200),
              },
            }),
      });
    },
    resend: ({ messageId }) => backend.changeMessage(find(messageId), { state: 'queued' }),
    edit: ({ messageId, text }) => {
      const message = find(messageId);
      const known = versions.get(messageId) ?? [{ body: message.body, at: message.at }];
      versions.set(messageId, [...known, { body: text, at: Date.now() }]);
      return backend.changeMessage(message, { body: text, editedAt: Date.now() });
    },
    history: ({ messageId }) => ({ versions: versions.get(messageId) ?? [] }),
    retract: ({ messageId }) => {
      const { reactions: _, reply: __, editedAt: ___, ...bare } = find(messageId);
      return backend.changeMessage(bare, { body: '', retracted: true });
    },
    delete: ({ messageId }) => remove(find(messageId)),
    react: ({ messageId, emoji, on }) => {
      const { reactions = [], ...bare } = find(messageId);
      const changed = toggled(reactions, emoji, on);
      return backend.changeMessage(bare, changed.length === 0 ? {} : { reactions: changed });
    },
    cancel: ({ messageId }) => {
      const message = find(messageId);
      if (message.sendAt === undefined) return { withdrawn: false };
      remove(message);
      const replyTo = message.reply?.messageId;
      return { withdrawn: true, text: message.body, ...(replyTo === undefined ? {} : { replyTo }) };
    },
    sendNow: ({ messageId }) => {
      const { sendAt: _, ...bare } = find(messageId);
      return backend.changeMessage(bare, { state: 'sent' });
    },
    reschedule: ({ messageId, sendAt }) => backend.changeMessage(find(messageId), { sendAt }),
  };
};

const toggled = (reactions: readonly ReactionView[], emoji: string, on: boolean): readonly ReactionView[] => {
  const same = (reaction: ReactionView): boolean => emojiKey(reaction.emoji) === emojiKey(emoji);
  if (!reactions.some(same)) return on ? [...reactions, { emoji, count: 1, mine: true }] : reactions;
  return reactions
    .map((reaction) =>
      same(reaction) && reaction.mine !== on
        ? { ...reaction, mine: on, count: reaction.count + (on ? 1 : -1) }
        : reaction,
    )
    .filter(({ count }) => count > 0);
};
