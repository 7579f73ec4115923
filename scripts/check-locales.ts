/**
 * Holds the translations to the English texts and the English texts to the code.
 *
 *   node scripts/check-locales.ts
 *
 * Reports keys that are missing, unused or untranslated, plural forms that a language does not have or lacks
 * (Intl.PluralRules), placeholders that differ, and German that does not say "du".
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Texts by their whole key, `chats.unreadCount_few`. */
export type Texts = ReadonlyMap<string, string>;

/** Reads one locale file. @throws SyntaxError, or TypeError where a value is neither text nor object */
export const readTexts = (json: string): Texts => {
  const texts = new Map<string, string>();
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'string') texts.set(key, value);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, inner] of Object.entries(value)) walk(inner, key === '' ? name : `${key}.${name}`);
    } else throw new TypeError(`${key} is neither a text nor a group of texts`);
  };
  walk(JSON.parse(json), '');
  return texts;
};

const PLURAL = /_(zero|one|two|few|many|other)$/;

/** Keys without their plural ending. */
const baseKeys = (texts: Texts): ReadonlySet<string> =>
  new Set([...texts.keys()].map((key) => key.replace(PLURAL, '')));

const isPlural = (texts: Texts, base: string): boolean => texts.has(`${base}_other`);

/** The texts of one base key: one, or one for each plural form. */
const formsOf = (texts: Texts, base: string): readonly string[] =>
  [...texts.keys()].filter((key) => key === base || key.replace(PLURAL, '') === base);

const placeholders = (text: string): string =>
  [...text.matchAll(/\{\{\s*([^},\s]+)[^}]*\}\}/g)]
    .map(([, name = '']) => name)
    .toSorted((a, b) => a.localeCompare(b))
    .join(', ');

/** Every plural form of the language, and no other. */
const pluralFaults = (texts: Texts, language: string): readonly string[] => {
  const expected = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
  return [...baseKeys(texts)]
    .filter((base) => isPlural(texts, base))
    .flatMap((base) => {
      const forms = formsOf(texts, base).map((key) => key.slice(base.length + 1));
      const missing = expected.filter((form) => !forms.includes(form));
      const foreign = forms.filter((form) => !(expected as readonly string[]).includes(form));
      return [
        ...missing.map((form) => `${language}: ${base} has no form "${form}"`),
        ...foreign.map((form) => `${language}: ${base} has a form "${form}" that the language does not know`),
      ];
    });
};

/** Texts that are the same in every language: names, addresses, and what is only placeholders. */
const SAME_EVERYWHERE =
  /^(?:ChatSecure|OMEMO|Host|Port|Direct TLS|Name|Version \{\{version\}\}|Server: \{\{host\}\}|Details|[^\p{L}]*(?:\{\{[^}]+\}\}[^\p{L}]*)*)$/u;

/** Words that a language shares with English. */
const SHARED_WORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  de: new Set(['Chats', 'Offline', 'Online', 'Passphrase']),
};

const translationFaults = (english: Texts, texts: Texts, language: string): readonly string[] => {
  const bases = baseKeys(texts);
  const missing = [...baseKeys(english)].filter((base) => !bases.has(base));
  const foreign = [...bases].filter((base) => !baseKeys(english).has(base));
  const faults: string[] = [
    ...missing.map((base) => `${language}: ${base} is missing`),
    ...foreign.map((base) => `${language}: ${base} is not in English`),
  ];
  for (const [key, text] of texts) {
    const base = key.replace(PLURAL, '');
    const original = english.get(key) ?? english.get(`${base}_other`) ?? english.get(base);
    if (original === undefined) continue;
    const shared = SAME_EVERYWHERE.test(text) || SHARED_WORDS[language]?.has(text) === true;
    if (text === original && !shared) faults.push(`${language}: ${key} is not translated`);
    // A form for exactly one or two may say the number in words.
    const mayLeaveOut = /_(zero|one|two)$/.test(key);
    const [own, wanted] = [placeholders(text), placeholders(original)];
    const withoutCount = wanted
      .split(', ')
      .filter((name) => name !== 'count')
      .join(', ');
    if (own !== wanted && !(mayLeaveOut && own === withoutCount)) {
      faults.push(`${language}: ${key} has the placeholders {${own}} instead of {${wanted}}`);
    }
  }
  return faults;
};

const plainFaults = (texts: Texts, language: string): readonly string[] =>
  [...texts].flatMap(([key, text]) =>
    text.trim() === '' || text !== text.trim()
      ? [`${language}: ${key} is empty or has blanks around it`]
      : [],
  );

/** The window says "du" to its user: a polite pronoun within a sentence, behind a command or before what one has. */
const POLITE = /(?<=[\p{L},] )(?:Sie|Ihnen|Ihr(?:e[mnrs]?)?)(?!\p{L})/u;

const addressFaults = (texts: Texts, language: string): readonly string[] =>
  language === 'de'
    ? [...texts]
        .filter(([, text]) => POLITE.test(text))
        .map(([key]) => `de: ${key} says "Sie" instead of "du"`)
    : [];

/** English keys that no source names in quotes. */
const unusedFaults = (english: Texts, sources: string): readonly string[] =>
  [...baseKeys(english)]
    .filter((base) => !sources.includes(`'${base}'`))
    .map((base) => `${base} is used nowhere`);

/**
 * Compares all languages with English, and English with the sources.
 * @param sources the text of all files that may use a key
 * @returns one sentence per fault
 */
export const findFaults = (locales: ReadonlyMap<string, Texts>, sources: string): readonly string[] => {
  const english = locales.get('en') ?? new Map<string, string>();
  return [
    ...unusedFaults(english, sources),
    ...[...locales].flatMap(([language, texts]) => [
      ...plainFaults(texts, language),
      ...pluralFaults(texts, language),
      ...addressFaults(texts, language),
      ...(language === 'en' ? [] : translationFaults(english, texts, language)),
    ]),
  ];
};

const readSources = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'))
    .join('\n');

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname, '..');
  const folder = path.join(root, 'resources/locales');
  const locales = new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => [
        path.basename(file, '.json'),
        readTexts(readFileSync(path.join(folder, file), 'utf8')),
      ]),
  );
  const faults = findFaults(locales, readSources(path.join(root, 'renderer')));
  for (const fault of faults) console.error(fault);
  console.log(`${locales.size} languages, ${locales.get('en')?.size ?? 0} texts, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
