import type { SearchHit as HitView, SearchPage as PageView } from '#shared/api/messages.ts';
import type { SearchHit, SearchPage } from '#main/store/search.ts';

const hitView = ({ message, accountId, excerpt }: SearchHit): HitView => ({
  messageId: message.id,
  chatId: message.chatId,
  accountId,
  at: message.at,
  mine: message.direction === 'out',
  snippet: excerpt.text,
  cutBefore: excerpt.cutBefore,
  cutAfter: excerpt.cutAfter,
  matches: excerpt.matches.map(([start, end]) => ({ start, end })),
});

export const searchPageView = ({ hits, cursor }: SearchPage): PageView => ({
  hits: hits.map(hitView),
  ...(cursor === undefined ? {} : { cursor }),
});
