import { createInstance, type i18n, type ParseKeys, type TFunction } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from '#shared/views.ts';
import ar from '../../resources/locales/ar.json';
import de from '../../resources/locales/de.json';
import en from '../../resources/locales/en.json';

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** A key of `resources/locales/en.json`; the other languages are held to it by scripts/check-locales.ts. */
export type TranslationKey = ParseKeys;
export type Translate = TFunction;
export type LanguageTag = Exclude<Language, 'system'>;

const resources = { en: { translation: en }, de: { translation: de }, ar: { translation: ar } };

/** The languages of the app under their own names, so that everybody finds theirs. */
export const languageNames: Record<LanguageTag, string> = { en: 'English', de: 'Deutsch', ar: 'العربية' };

/** Starts with the given language; all texts are in the bundle, so nothing is awaited. */
export const createTranslator = (language: LanguageTag): i18n => {
  const instance = createInstance();
  void instance.use(initReactI18next).init({
    resources,
    lng: language,
    fallbackLng: 'en',
    initAsync: false,
    // React escapes; escaping twice would show entities.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  return instance;
};

/** The language of the setting; for `system` the first one of the system that the app speaks. */
export const resolveLanguage = (setting: Language, system: readonly string[]): LanguageTag => {
  if (setting !== 'system') return setting;
  const known = system
    .map((tag) => tag.split('-')[0])
    .find((tag) => tag !== undefined && Object.hasOwn(resources, tag));
  return (known as LanguageTag | undefined) ?? 'en';
};

export const directionOf = (language: LanguageTag): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr');

/**
 * Isolates a name inside a sentence, so that its direction cannot reorder the words around it
 * (Unicode UAX #9, FSI and PDI).
 */
export const isolate = (text: string): string => `\u2068${text}\u2069`;
