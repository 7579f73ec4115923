import { EmojiPicker as Picker, type EmojiPickerListComponents } from 'frimousse';
import { useMemo, useState, type ReactNode } from 'react';
import { Toolbar } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { emojiKey } from '#shared/emoji.ts';
import type { SkinTone } from '#shared/views.ts';
import { useApp, useSession } from '../../app-context.tsx';
import type { LanguageTag, TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { createCanDraw } from './can-draw.ts';
import { emojiResolver } from './emoji-data.ts';
import styles from './EmojiPicker.module.css';

const cx = classes(styles);

const COLUMNS = 9;
const MAX_RECENT = 2 * COLUMNS;

/** All emoji, to search and to choose from. Loaded when somebody opens it: the list is large. */
export const EmojiPicker = ({ onPick }: { onPick: (emoji: string) => void }): ReactNode => {
  const { t, i18n } = useTranslation();
  const { api, run } = useApp();
  const { recentEmoji, skinTone } = useSession((session) => session.settings);
  const [query, setQuery] = useState('');
  // Only the languages of the window are ever set.
  const language = i18n.language as LanguageTag;
  const resolve = useMemo(() => emojiResolver(language, (key) => t(key), createCanDraw()), [language, t]);
  const pick = (emoji: string): void => {
    const others = recentEmoji.filter((one) => emojiKey(one) !== emojiKey(emoji));
    run(api.settings.update({ recentEmoji: [emoji, ...others].slice(0, MAX_RECENT) }));
    onPick(emoji);
  };
  return (
    <Picker.Root
      className={cx('picker')}
      columns={COLUMNS}
      skinTone={skinTone}
      resolveEmojiData={resolve}
      onEmojiSelect={({ emoji }) => pick(emoji)}
    >
      <Picker.Search
        // Whoever opens the list wants to search or to look; both start here.
        autoFocus
        className={cx('search')}
        aria-label={t('emoji.search')}
        placeholder={t('emoji.search')}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      {query === '' && recentEmoji.length > 0 && <Recent emoji={recentEmoji} onPick={pick} />}
      {/* Columns run from left to right in every language, as the arrow keys of the list do. */}
      <Picker.Viewport className={cx('viewport')} dir="ltr" tabIndex={-1}>
        <Picker.Loading className={cx('note')}>{t('emoji.loading')}</Picker.Loading>
        <Picker.Empty className={cx('note')}>{t('emoji.none')}</Picker.Empty>
        <Picker.List aria-label={t('emoji.list')} components={parts} />
      </Picker.Viewport>
      <Footer />
    </Picker.Root>
  );
};

const parts: EmojiPickerListComponents = {
  CategoryHeader: ({ category, ...props }) => (
    <div {...props} dir="auto" className={cx('category')}>
      {category.label}
    </div>
  ),
  Row: ({ children, ...props }) => (
    // The picker counts from 0, which is no row for ARIA; it looks the others up by this number.
    <div {...props} aria-rowindex={props['aria-rowindex'] || undefined} className={cx('emojiRow')}>
      {children}
    </div>
  ),
  Emoji: ({ emoji, ...props }) => (
    <button
      type="button"
      {...props}
      role="gridcell"
      aria-colindex={(props['aria-colindex'] ?? 0) + 1}
      className={cx('emoji', emoji.isActive && 'active')}
    >
      {emoji.emoji}
    </button>
  ),
};

const Recent = ({
  emoji: recent,
  onPick,
}: {
  emoji: readonly string[];
  onPick: (emoji: string) => void;
}): ReactNode => {
  const { t } = useTranslation();
  return (
    <>
      <div className={cx('category')} aria-hidden="true">
        {t('emoji.recent')}
      </div>
      <Toolbar className={cx('recent')} aria-label={t('emoji.recent')}>
        {recent.map((emoji) => (
          <button key={emoji} type="button" className={cx('emoji')} onClick={() => onPick(emoji)}>
            {emoji}
          </button>
        ))}
      </Toolbar>
    </>
  );
};

const tones: readonly (readonly [SkinTone, string, TranslationKey])[] = [
  ['none', '✋', 'emoji.toneNone'],
  ['light', '✋🏻', 'emoji.toneLight'],
  ['medium-light', '✋🏼', 'emoji.toneMediumLight'],
  ['medium', '✋🏽', 'emoji.toneMedium'],
  ['medium-dark', '✋🏾', 'emoji.toneMediumDark'],
  ['dark', '✋🏿', 'emoji.toneDark'],
];

/** What the list points at, in words, and the tone of the hands and people in it. */
const Footer = (): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const chosen = useSession((session) => session.settings.skinTone);
  return (
    <div className={cx('footer')}>
      <Picker.ActiveEmoji>
        {({ emoji }) => (
          // The list itself tells screen readers.
          <span className={cx('name')} aria-hidden="true">
            {emoji?.label}
          </span>
        )}
      </Picker.ActiveEmoji>
      <Toolbar className={cx('tones')} aria-label={t('emoji.tone')}>
        {tones.map(([tone, hand, label]) => (
          <button
            key={tone}
            type="button"
            className={cx('tone', tone === chosen && 'on')}
            aria-label={t(label)}
            aria-pressed={tone === chosen}
            data-tip={t(label)}
            onClick={() => run(api.settings.update({ skinTone: tone }))}
          >
            {hand}
          </button>
        ))}
      </Toolbar>
    </div>
  );
};
