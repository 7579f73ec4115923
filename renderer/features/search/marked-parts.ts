import type { SearchHit } from '#shared/api/messages.ts';

interface Part {
  readonly text: string;
  readonly marked: boolean;
}

/** The excerpt of a hit in parts that were found and parts around them. */
export const markedParts = ({
  snippet,
  matches,
}: Pick<SearchHit, 'snippet' | 'matches'>): readonly Part[] => {
  const parts: Part[] = [];
  let at = 0;
  for (const { start, end } of matches) {
    if (start > at) parts.push({ text: snippet.slice(at, start), marked: false });
    parts.push({ text: snippet.slice(Math.max(at, start), end), marked: true });
    at = end;
  }
  if (at < snippet.length) parts.push({ text: snippet.slice(at), marked: false });
  return parts.filter(({ text }) => text !== '');
};
