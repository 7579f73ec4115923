import type { EmojiData, EmojiDataResolver } from 'frimousse';
import type { LanguageTag } from '../../i18n/translate.ts';

/** One emoji as `emojibase-data` describes it; only what is used here. */
interface Entry {
  readonly emoji: string;
  readonly label: string;
  readonly tags?: readonly string[];
  /** Of the Unicode emoji list; absent for parts of others, such as single letters of flags. */
  readonly group?: number;
  readonly subgroup?: number;
  readonly version: number;
  /** `tone`: 1 is light, 5 is dark; two of them where two people are shown. */
  readonly skins?: readonly { readonly emoji: string; readonly tone: number | readonly number[] }[];
}

const readEntries = async (list: Promise<{ readonly default: unknown }>): Promise<readonly Entry[]> =>
  (await list).default as readonly Entry[];

/** The names of each language are a part of the program that is only loaded when the list opens. */
const entries: Readonly<Record<LanguageTag, () => Promise<readonly Entry[]>>> = {
  en: () => readEntries(import('emojibase-data/en/data.json')),
  de: () => readEntries(import('emojibase-data/de/data.json')),
  // emojibase has no Arabic; Unicode has.
  ar: async () => {
    const [english, { default: names }] = await Promise.all([
      readEntries(import('emojibase-data/en/data.json')),
      import('../../../resources/emoji/ar.json'),
    ]);
    return english.map((entry) => renamed(entry, names));
  },
};

/** An entry with its names in another language, the best first; the English ones are found as well. */
const renamed = (entry: Entry, names: Readonly<Record<string, readonly string[]>>): Entry => {
  const [label, ...tags] = names[entry.emoji.replaceAll('\ufe0f', '')] ?? [];
  return label === undefined
    ? entry
    : { ...entry, label, tags: [...tags, entry.label, ...(entry.tags ?? [])] };
};

/** The keys of the texts for the groups of Unicode, by their number; 2 holds parts that are no emoji alone. */
export const categories = [
  [0, 'emoji.smileys'],
  [1, 'emoji.people'],
  [3, 'emoji.animals'],
  [4, 'emoji.food'],
  [5, 'emoji.travel'],
  [6, 'emoji.activities'],
  [7, 'emoji.objects'],
  [8, 'emoji.symbols'],
  [9, 'emoji.flags'],
] as const;

const FLAGS = 9;
/** From here on emojibase counts flags of countries and of their parts; some systems have no pictures for them. */
const COUNTRY_FLAGS = 98;
const tones = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'] as const;

/**
 * Reads the list of one language from the program itself: nothing is fetched from anywhere, and nothing kept in
 * the browser's own storage, which is not encrypted.
 * @param nameOf the name of a category in the language of the window
 * @param canDraw whether this system has a picture
 */
export const emojiResolver =
  (
    language: LanguageTag,
    nameOf: (key: (typeof categories)[number][1]) => string,
    canDraw: (emoji: string) => boolean,
  ): EmojiDataResolver =>
  async () => {
    return readEmoji(await entries[language](), nameOf, canDraw);
  };

/** Turns the list into what the picker draws, without what this system cannot draw. */
export const readEmoji = (
  all: readonly Entry[],
  nameOf: (key: (typeof categories)[number][1]) => string,
  canDraw: (emoji: string) => boolean,
): EmojiData => {
  const groups = new Map<number, string>(categories.map(([index, key]) => [index, nameOf(key)]));
  const listed = all.filter(({ group }) => group !== undefined && groups.has(group));
  const version = newestDrawn(listed, canDraw);
  const hasFlags = canDraw('🇪🇺');
  return {
    locale: 'en',
    emojis: listed
      .filter((entry) => entry.version <= version && (hasFlags || !isCountryFlag(entry)))
      .map((entry) => ({
        emoji: entry.emoji,
        category: entry.group ?? FLAGS,
        label: entry.label,
        version: entry.version,
        tags: [...(entry.tags ?? [])],
        skins: skinsOf(entry),
      })),
    categories: [...groups].map(([index, label]) => ({ index, label })),
    // Named by the window itself, beside the buttons that choose them.
    skinTones: { light: '', 'medium-light': '', medium: '', 'medium-dark': '', dark: '' },
  };
};

const isCountryFlag = ({ group, subgroup = 0 }: Entry): boolean =>
  group === FLAGS && subgroup >= COUNTRY_FLAGS;

/** Pictures come with the system, which may be older than the list: one of each version is tried. */
const newestDrawn = (all: readonly Entry[], canDraw: (emoji: string) => boolean): number => {
  const samples = new Map<number, string>();
  for (const { version, emoji } of all) if (!samples.has(version)) samples.set(version, emoji);
  const newestFirst = [...samples].toSorted(([a], [b]) => b - a);
  return newestFirst.find(([, sample]) => canDraw(sample))?.[0] ?? newestFirst[0]?.[0] ?? 0;
};

const skinsOf = ({ skins }: Entry): Record<(typeof tones)[number], string> | undefined => {
  const found = tones.map((_, index) => skins?.find(({ tone }) => tone === index + 1)?.emoji);
  const [light, mediumLight, medium, mediumDark, dark] = found;
  if (!light || !mediumLight || !medium || !mediumDark || !dark) return undefined;
  return { light, 'medium-light': mediumLight, medium, 'medium-dark': mediumDark, dark };
};
