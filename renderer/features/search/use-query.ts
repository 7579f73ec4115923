import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import type { ContactView } from '#shared/views.ts';
import { useApp, useChats, usePeople, useUi } from '../../app-context.tsx';
import type { LanguageTag, Translate } from '../../i18n/translate.ts';
import { visibleChats } from '../../state/chats.ts';
import { contactKey } from '../../state/people.ts';
import type { SearchInput } from '../../state/search.ts';
import { displayName } from '../../ui/names.ts';
import { visibleContacts } from '../contacts/contact-list.ts';
import { fileWord, isFileWord } from './operators.ts';
import {
  matching,
  nameFor,
  parseQuery,
  type Named,
  type OperatorPart,
  type ParsedQuery,
  type QueryWorld,
} from './query.ts';

/** A value that an operator may get. */
export interface Suggestion {
  readonly value: string;
  readonly label: string;
  readonly detail: string | undefined;
}

export interface Found {
  readonly parsed: ParsedQuery;
  readonly suggestions: readonly Suggestion[];
  readonly chats: readonly ChatId[];
  /** With whom there is no chat yet. */
  readonly contacts: readonly ContactView[];
}

/** A fast typist's next letter comes sooner: questions that nobody waits for are not asked. */
const TYPING_MS = 120;

/** What the query of the window means, and what of it is found without asking main. */
export const useQuery = (): Found => {
  const query = useUi((state) => state.query);
  const unreadOnly = useUi((state) => state.unreadOnly);
  const chats = useChats((state) => state.chats);
  const order = useChats((state) => state.order);
  const contacts = usePeople((people) => people.contacts);
  const world = useWorld();
  const parsed = useMemo(() => parseQuery(query, world), [query, world]);
  useMessages(parsed);
  return useMemo(() => {
    const { words, parts } = parsed;
    // Operators are about messages.
    const isPlain = words !== '' && parts.length === 0;
    const ids = isPlain ? visibleChats({ chats, order }, { query: words, unreadOnly }) : [];
    const talking = new Set([...chats.values()].map(({ accountId, jid }) => contactKey(accountId, jid)));
    const people = isPlain && !unreadOnly ? visibleContacts(contacts.values(), words) : [];
    return {
      parsed,
      suggestions: suggestionsFor(parsed, world),
      chats: ids,
      contacts: people.filter(({ accountId, jid }) => !talking.has(contactKey(accountId, jid))),
    };
  }, [parsed, world, chats, order, contacts, unreadOnly]);
};

/** What queries can name, and how the window says "file". */
type World = QueryWorld & { readonly file: string };

const useWorld = (): World => {
  const { t, i18n } = useTranslation();
  // Only the languages of the window are ever set.
  const file = fileWord(i18n.language as LanguageTag);
  const chats = useChats((state) => state.chats);
  const order = useChats((state) => state.order);
  const contacts = usePeople((people) => people.contacts);
  const accounts = usePeople((people) => people.accounts);
  return useMemo(
    () => ({ ...worldOf(t, { chats, order }, contacts, accounts), file }),
    [t, file, chats, order, contacts, accounts],
  );
};

const worldOf = (
  t: Translate,
  { chats, order }: Parameters<typeof visibleChats>[0],
  contacts: ReadonlyMap<string, ContactView>,
  accounts: ReadonlyMap<string, { readonly jid: string }>,
): QueryWorld => {
  const named = order.flatMap((id) => {
    const chat = chats.get(id);
    return chat === undefined ? [] : [{ ...chat, name: displayName(chat.name, chat.jid) }];
  });
  const people = new Map<string, Named>();
  for (const { jid, name } of [...named, ...contacts.values()])
    if (!people.has(jid)) people.set(jid, { jid, name: displayName(name, jid) });
  return {
    chats: named,
    people: [...people.values()],
    own: [...accounts.values()].map(({ jid }) => jid),
    me: ['me', t('search.me')],
    days: { today: t('search.today'), yesterday: t('search.yesterday') },
    now: Date.now(),
  };
};

const useMessages = ({ input }: ParsedQuery): void => {
  const { search } = useApp();
  // Chats change all the time, and with them the objects; what is asked seldom does.
  const asked = input === undefined ? undefined : JSON.stringify(input);
  useEffect(() => {
    if (asked === undefined) {
      search.search(undefined);
      return;
    }
    const timer = setTimeout(() => search.search(JSON.parse(asked) as SearchInput), TYPING_MS);
    return () => clearTimeout(timer);
  }, [search, asked]);
  useEffect(() => () => search.search(undefined), [search]);
};

const MAX_SUGGESTIONS = 6;

const suggestionsFor = ({ typed, problems }: ParsedQuery, world: World): readonly Suggestion[] => {
  // Also where it is written out, but means several.
  const part = typed ?? problems.find(({ kind }) => kind === 'several')?.part;
  if (part === undefined) return [];
  const named = (all: readonly Named[]): readonly Suggestion[] =>
    (part.value === '' ? all : matching(all, part.value))
      .filter(({ name }) => name !== part.value)
      .slice(0, MAX_SUGGESTIONS)
      .map((one) => ({ value: nameFor(one, all), label: one.name, detail: one.jid }));
  switch (part.operator) {
    case 'in':
      return named(world.chats);
    case 'from': {
      const own = world.own.map((jid) => ({ jid, name: jid }));
      return named([...world.people, ...own]);
    }
    case 'before':
    case 'after':
      return daysFor(part.value, world);
    case 'has':
      return fileFor(part, world.file);
  }
};

const fileFor = ({ word, value }: OperatorPart, file: string): readonly Suggestion[] =>
  isFileWord(value) ? [] : [{ value: file, label: `${word}:${file}`, detail: undefined }];

const daysFor = (value: string, { days }: QueryWorld): readonly Suggestion[] =>
  [days.today, days.yesterday]
    .filter((word) => word.startsWith(value) && word !== value)
    .map((word) => ({ value: word, label: word, detail: undefined }));
