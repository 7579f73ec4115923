import { LinkifyIt } from 'linkify-it';
import { externalUrl } from '#shared/security-policy.ts';
import { parseStyling, type StyledBlock } from '#shared/styling.ts';

/** What a message says, as plain parts: nothing of it ever becomes HTML. */
export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string };

export interface MessageText {
  /** XEP-0245: the text tells what the author does. */
  readonly action: boolean;
  /** A few emoji and nothing else: how many; otherwise 0. */
  readonly emoji: number;
  readonly parts: readonly TextPart[];
  /** The same text with its styling (XEP-0393); undefined where it has none. */
  readonly styled: readonly StyledBlock[] | undefined;
  /** Text was left out because of its length; `full` shows it. */
  readonly shortened: boolean;
}

/** Longer texts are folded: a wall of text should not push everything else out of the window. */
const FOLD_AT = 2_000;
const FOLD_LINES = 40;
/** Beyond this length links stay text: a hostile megabyte must not cost seconds. */
const LINKIFY_UP_TO = 60_000;
const MAX_BIG_EMOJI = 6;

// An address of somebody (ada@example.org) is as likely one for chat as one for mail: it stays text.
const finder = new LinkifyIt({
  fuzzyLink: true,
  fuzzyEmail: false,
  fuzzyIP: false,
  urlAuth: true,
  maxLength: 4096,
})
  .add('ftp:', null)
  .add('//', null)
  .add('xmpp:', {
    validate: (text, at) =>
      /^[^\s<>"'`@]+@[^\s<>"'`]+[^\s<>"'`.,;:!?)]/.exec(text.slice(at, at + 4096))?.[0].length ?? 0,
  })
  .tlds('onion', true);

/** Overrides force even Latin letters into another order; honest text needs only the isolates and embeddings. */
const OVERRIDES = /[\u202d\u202e]/g;
const EMOJI_ONLY = /^(?:\p{RGI_Emoji}|\s)+$/v;
const EMOJI = /\p{RGI_Emoji}/gv;

/** Takes a message apart. @param full shows a long text whole */
export const readMessageText = (body: string, full = false): MessageText => {
  const action = body.startsWith('/me ');
  const whole = (action ? body.slice(4) : body).replaceAll(OVERRIDES, '');
  const text = full ? whole : fold(whole);
  return {
    action,
    emoji: action ? 0 : countEmoji(whole),
    parts: findLinks(text),
    styled: readStyling(text),
    shortened: text !== whole,
  };
};

const fold = (text: string): string => {
  let end = text.length > FOLD_AT ? FOLD_AT : text.length;
  let newline = -1;
  for (let lines = 0; lines < FOLD_LINES; lines += 1) {
    newline = text.indexOf('\n', newline + 1);
    if (newline < 0 || newline >= end) return cut(text, end);
  }
  end = newline;
  return cut(text, end);
};

/** Never between the halves of a surrogate pair. */
const cut = (text: string, end: number): string =>
  end >= text.length ? text : `${text.slice(0, end).replace(/[\ud800-\udbff]$/, '')}…`;

const countEmoji = (text: string): number => {
  if (text.length > 100 || !EMOJI_ONLY.test(text)) return 0;
  const count = text.match(EMOJI)?.length ?? 0;
  return count <= MAX_BIG_EMOJI ? count : 0;
};

/** Most texts have no styling: they are drawn as they are. */
const readStyling = (text: string): readonly StyledBlock[] | undefined => {
  if (!/[*_~`>]/.test(text)) return undefined;
  const blocks = parseStyling(text);
  const plain = blocks.every(
    (block) => block.kind === 'plain' && block.spans.every((span) => span.kind === 'text'),
  );
  return plain ? undefined : blocks;
};

/** The links in a text; in front of, between and behind them what is text. */
export const findLinks = (text: string): readonly TextPart[] => {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.length > LINKIFY_UP_TO ? [] : (finder.match(text) ?? [])) {
    // What main would not open must not look like a link; a name without a scheme is taken for https.
    const url = externalUrl(match.schema === '' ? `https://${match.raw}` : match.raw);
    if (url === undefined) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: match.raw, url });
    end = match.lastIndex;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
};
