/**
 * XEP-0393: Message Styling, version 1.1.1 — https://xmpp.org/extensions/xep-0393.html
 * Reads a body into a tree for the window. Nothing is lost: the directives stay part of it, and
 * `stylingSource` gives the body back. Takes time linear in the length of the body, whatever it contains.
 */

/** Part of a line (section 6.2). Styled spans are drawn with their directives (section 8). */
export type StyledSpan =
  | { readonly kind: 'text'; readonly text: string }
  /** Preformatted; `text` is what stands between the two grave accents. */
  | { readonly kind: 'mono'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly spans: readonly StyledSpan[] };

/** What surrounds the content of every line. */
interface Line {
  /** The `>` of all quotations around it with the one blank that belongs to each; empty outside of quotations. */
  readonly quotes: string;
  /** A line break, but for the last line of a body. */
  readonly end: '' | '\n';
}

/** A line of its own (section 6.1.1); without spans where it is empty. */
export interface PlainBlock extends Line {
  readonly kind: 'plain';
  readonly spans: readonly StyledSpan[];
}

/** A line of a preformatted block, taken as it is. */
export interface PreLine extends Line {
  readonly text: string;
}

/** Preformatted text (section 6.1.2). */
export interface PreBlock {
  readonly kind: 'pre';
  /** The grave accents and what follows them on their line, which is often the name of a language. */
  readonly opening: PreLine;
  readonly lines: readonly PreLine[];
  /** Undefined where the block ends with its parent. */
  readonly closing: PreLine | undefined;
}

/** A quotation (section 6.1.3). */
export interface QuoteBlock {
  readonly kind: 'quote';
  readonly blocks: readonly StyledBlock[];
}

export type StyledBlock = PlainBlock | PreBlock | QuoteBlock;

/** Deeper quotations are shown as text: nobody reads them, and a tree must not be as deep as a body is long. */
export const MAX_QUOTE_DEPTH = 16;

const FENCE = '```';

/** The character before and after each span. */
export const spanDirectives = { mono: '`', strong: '*', emphasis: '_', strike: '~' } as const;
type SpanKind = keyof typeof spanDirectives;

const spanKinds: ReadonlyMap<string, SpanKind> = new Map([
  ['`', 'mono'],
  ['*', 'strong'],
  ['_', 'emphasis'],
  ['~', 'strike'],
]);

/** Section 4: White_Space, or category Z. */
const isWhitespace = (character: string | undefined): boolean =>
  character !== undefined && /[\p{White_Space}\p{Z}]/u.test(character);

/** A line of the body and how much of it the quotations around it have taken. */
interface Cursor {
  readonly line: string;
  readonly content: number;
  readonly end: '' | '\n';
}

/**
 * Reads a body.
 * @returns an empty list for an empty body
 */
export const parseStyling = (body: string): readonly StyledBlock[] => {
  const lines = body.split('\n');
  const cursors = lines.map((line, index): Cursor => ({
    line,
    content: 0,
    end: index < lines.length - 1 ? '\n' : '',
  }));
  // A line break at the very end ends a line; it does not begin one.
  return parseBlocks(lines.at(-1) === '' ? cursors.slice(0, -1) : cursors, 0);
};

const startsWith = (cursor: Cursor, text: string): boolean => cursor.line.startsWith(text, cursor.content);

/** The first place from `from` on that does not match, or the length. */
const endOf = (cursors: readonly Cursor[], from: number, matches: (cursor: Cursor) => boolean): number => {
  let index = from;
  for (let cursor = cursors[index]; cursor !== undefined && matches(cursor); cursor = cursors[index])
    index += 1;
  return index;
};

const parseBlocks = (cursors: readonly Cursor[], depth: number): readonly StyledBlock[] => {
  const blocks: StyledBlock[] = [];
  let index = 0;
  for (let cursor = cursors[index]; cursor !== undefined; cursor = cursors[index]) {
    if (startsWith(cursor, FENCE)) {
      const close = endOf(cursors, index + 1, (one) => one.line.slice(one.content) !== FENCE);
      blocks.push(preBlock(cursor, cursors.slice(index + 1, close), cursors[close]));
      index = close + 1;
    } else if (depth < MAX_QUOTE_DEPTH && startsWith(cursor, '>')) {
      const end = endOf(cursors, index, (one) => startsWith(one, '>'));
      blocks.push({
        kind: 'quote',
        blocks: parseBlocks(cursors.slice(index, end).map(afterQuote), depth + 1),
      });
      index = end;
    } else {
      blocks.push({
        kind: 'plain',
        ...surroundings(cursor),
        spans: parseSpans(cursor.line.slice(cursor.content)),
      });
      index += 1;
    }
  }
  return blocks;
};

/** Section 6.1.3: the first whitespace character after the `>` goes with it. */
const afterQuote = (cursor: Cursor): Cursor => {
  const next = cursor.content + 1;
  return { ...cursor, content: isWhitespace(cursor.line[next]) ? next + 1 : next };
};

const surroundings = ({ line, content, end }: Cursor): Line => ({ quotes: line.slice(0, content), end });

const preLine = (cursor: Cursor): PreLine => ({
  ...surroundings(cursor),
  text: cursor.line.slice(cursor.content),
});

const preBlock = (opening: Cursor, lines: readonly Cursor[], closing: Cursor | undefined): PreBlock => ({
  kind: 'pre',
  opening: preLine(opening),
  lines: lines.map(preLine),
  closing: closing && preLine(closing),
});

/** Finds closing directives. Asked only for places further and further to the right, so that nothing is scanned twice. */
interface Closers {
  /** First place from `from` on where the directive may close (section 6.2), or undefined. */
  next(directive: string, from: number): number | undefined;
}

const findClosers = (text: string): Closers => {
  const places = new Map<string, number[]>();
  for (const directive of spanKinds.keys()) {
    const found: number[] = [];
    for (let at = text.indexOf(directive, 1); at >= 0; at = text.indexOf(directive, at + 1)) {
      if (!isWhitespace(text[at - 1])) found.push(at);
    }
    places.set(directive, found.toReversed());
  }
  return {
    next: (directive, from) => {
      const left = places.get(directive) ?? [];
      for (let place = left.at(-1); place !== undefined; place = left.at(-1)) {
        if (place >= from) return place;
        left.pop();
      }
      return undefined;
    },
  };
};

const parseSpans = (text: string): readonly StyledSpan[] =>
  spansBetween(text, 0, text.length, findClosers(text));

/**
 * Section 6.2. The start of the range is the beginning of the block or follows another opening directive, so a
 * directive may open there. A span cannot contain one of its own kind, because it ends at the first place where
 * its directive may close: the recursion is never deeper than there are kinds.
 */
const spansBetween = (text: string, start: number, end: number, closers: Closers): readonly StyledSpan[] => {
  const spans: StyledSpan[] = [];
  let plainFrom = start;
  let at = start;
  while (at < end) {
    const kind = spanKinds.get(text[at] ?? '');
    const mayOpen =
      kind !== undefined && (at === start || isWhitespace(text[at - 1])) && !isWhitespace(text[at + 1]);
    const close = mayOpen ? closers.next(text[at] ?? '', at + 1) : undefined;
    // A directive that closes right after it was opened has nothing to style: neither of the two is one.
    if (kind === undefined || close === undefined || close >= end || close === at + 1) {
      at += 1;
    } else {
      if (at > plainFrom) spans.push({ kind: 'text', text: text.slice(plainFrom, at) });
      spans.push(styledSpan(kind, text, at + 1, close, closers));
      at = close + 1;
      plainFrom = at;
    }
  }
  if (end > plainFrom) spans.push({ kind: 'text', text: text.slice(plainFrom, end) });
  return spans;
};

const styledSpan = (kind: SpanKind, text: string, start: number, end: number, closers: Closers): StyledSpan =>
  kind === 'mono'
    ? { kind, text: text.slice(start, end) }
    : { kind, spans: spansBetween(text, start, end, closers) };

const spanSource = (span: StyledSpan): string => {
  if (span.kind === 'text') return span.text;
  const directive = spanDirectives[span.kind];
  const content = span.kind === 'mono' ? span.text : span.spans.map(spanSource).join('');
  return `${directive}${content}${directive}`;
};

const preLineSource = (line: PreLine): string => line.quotes + line.text + line.end;

/** The text from which the blocks were read. */
export const stylingSource = (blocks: readonly StyledBlock[]): string =>
  blocks
    .map((block) => {
      switch (block.kind) {
        case 'plain':
          return block.quotes + block.spans.map(spanSource).join('') + block.end;
        case 'pre':
          return [block.opening, ...block.lines, ...(block.closing === undefined ? [] : [block.closing])]
            .map(preLineSource)
            .join('');
        case 'quote':
          return stylingSource(block.blocks);
      }
    })
    .join('');

/** The preformatted text alone, for copying it. */
export const preText = (block: PreBlock): string => block.lines.map((line) => line.text).join('\n');
