import type { AccountId, ChatId } from '#shared/ids.ts';
import { fold } from '../../state/chats.ts';
import type { SearchInput } from '../../state/search.ts';
import type { LanguageTag } from '../../i18n/translate.ts';
import { readDay, type DayWords } from './day-words.ts';
import { isFileWord, operatorCode, operatorOf, operatorPattern, type Operator } from './operators.ts';

/** What is typed into the search box: words, and operators such as `from:nadia before:2027-05`. */

/** Somebody or a chat that an operator can name. */
export interface Named {
  readonly name: string;
  readonly jid: string;
}

export interface NamedChat extends Named {
  readonly id: ChatId;
  readonly accountId: AccountId;
}

/** What the operators can name, and how days are called in the language of the window. */
export interface QueryWorld {
  readonly chats: readonly NamedChat[];
  readonly people: readonly Named[];
  /** The user's own addresses. */
  readonly own: readonly string[];
  /** How the user may call themselves after `from:`. */
  readonly me: readonly string[];
  readonly days: DayWords;
  readonly now: number;
}

/** An operator in the text and where it stands, in UTF-16 units; `end` is exclusive. */
export interface OperatorPart {
  readonly operator: Operator;
  /** The word that was typed for it. */
  readonly word: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

export type ProblemKind = 'not-a-date' | 'no-chat' | 'nobody' | 'several' | 'unknown-has' | 'empty';

/** Why an operator cannot be used. */
export interface QueryProblem {
  readonly kind: ProblemKind;
  readonly part: OperatorPart;
}

export interface ParsedQuery {
  /** Without the operators. */
  readonly words: string;
  readonly parts: readonly OperatorPart[];
  /** The operator at whose end the text ends: it is still being typed. */
  readonly typed: OperatorPart | undefined;
  readonly problems: readonly QueryProblem[];
  /** What to ask for; undefined where there is nothing to ask, or a problem. */
  readonly input: SearchInput | undefined;
}

const OPERATOR = new RegExp(`(?<=^|\\s)(${operatorPattern})[:\uff1a]("[^"]*"?|\\S*)`, 'giu');

const partsOf = (text: string): readonly OperatorPart[] =>
  [...text.matchAll(OPERATOR)].flatMap((match) => {
    const word = match[1] ?? '';
    const operator = operatorOf(word);
    const value = (match[2] ?? '').replaceAll('"', '').trim();
    const place = { start: match.index, end: match.index + match[0].length };
    return operator === undefined ? [] : [{ operator, word, value, ...place }];
  });

/** The words of a query, for lists of names. */
export const wordsOf = (text: string): string =>
  text.replaceAll(OPERATOR, ' ').replaceAll(/\s+/gu, ' ').trim();

type Filter = Pick<SearchInput, 'chatId' | 'accountId' | 'from' | 'after' | 'before' | 'hasFile'>;

export const parseQuery = (text: string, world: QueryWorld): ParsedQuery => {
  const parts = partsOf(text);
  const words = wordsOf(text);
  const read = parts.map((part) => ({ part, result: readPart(part, world) }));
  const problems = read.flatMap(({ part, result }) =>
    typeof result === 'string' ? [{ kind: result, part }] : [],
  );
  const filter = read.reduce<Filter>(
    (all, { result }) => (typeof result === 'string' ? all : { ...all, ...result }),
    {},
  );
  const last = parts.at(-1);
  const isAskable = problems.length === 0 && (words !== '' || isSelective(filter));
  return {
    words,
    parts,
    typed: last?.end === text.length ? last : undefined,
    problems,
    input: isAskable ? { query: words, ...filter } : undefined,
  };
};

/** A time alone would find everything. */
const isSelective = ({ chatId, from, hasFile }: Filter): boolean =>
  chatId !== undefined || from !== undefined || hasFile === true;

const readPart = (part: OperatorPart, world: QueryWorld): Filter | ProblemKind => {
  const { operator, value } = part;
  if (value === '') return 'empty';
  switch (operator) {
    case 'in': {
      const found = matching(world.chats, value);
      const [chat] = found;
      if (chat === undefined) return 'no-chat';
      return found.length > 1 ? 'several' : { chatId: chat.id };
    }
    case 'from':
      return readFrom(value, world);
    case 'before':
    case 'after': {
      const day = readDay(value, world.now, world.days);
      return day === undefined ? 'not-a-date' : { [operator]: Math.max(1, day) };
    }
    case 'has':
      return isFileWord(value) ? { hasFile: true } : 'unknown-has';
  }
};

const readFrom = (value: string, { people, own, me }: QueryWorld): Filter | ProblemKind => {
  const isMe = me.some((word) => fold(word) === fold(value));
  const jids = isMe ? own : [...new Set(matching(people, value).map(({ jid }) => jid))];
  const [jid] = jids;
  if (jids.length > 1) return 'several';
  if (jid !== undefined) return { from: jid };
  // Somebody of whom nothing is known but what they wrote.
  return /^[^\s@/]+@[^\s@/]+$/u.test(value) ? { from: value } : 'nobody';
};

/** Who is meant: by the whole name or address, else by its beginning, else by a part of it. */
export const matching = <N extends Named>(all: readonly N[], value: string): readonly N[] => {
  const wanted = fold(value);
  const tests: readonly ((text: string) => boolean)[] = [
    (text) => text === wanted,
    (text) => text.startsWith(wanted),
    (text) => text.includes(wanted),
  ];
  for (const test of tests) {
    const found = all.filter(({ name, jid }) => test(fold(name)) || test(jid));
    if (found.length > 0) return found;
  }
  return [];
};

/** The text with another value for an operator, ready for the next word. */
export const complete = (text: string, part: OperatorPart, value: string): string => {
  const quoted = /\s/u.test(value) ? `"${value.replaceAll('"', ' ')}"` : value;
  return `${text.slice(0, part.start)}${part.word}:${quoted} ${text.slice(part.end).trimStart()}`;
};

/** The text with an operator at its end, ready for its value. */
export const withOperator = (text: string, operator: Operator, language: LanguageTag): string => {
  const code = operatorCode(language, operator);
  return `${text.trimEnd()}${text.trim() === '' ? '' : ' '}${code}${operator === 'has' ? ' ' : ''}`;
};

/** How an operator names a chat so that no other is meant. */
export const nameFor = <N extends Named>(named: N, all: readonly N[]): string => {
  const isOnly = all.filter(({ name }) => fold(name) === fold(named.name)).length === 1;
  return isOnly && !named.name.includes('"') ? named.name : named.jid;
};
