import { Ban, Info, Keyboard, Lock, MessageCircle, Palette, UserRound, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp, useUi } from '../../app-context.tsx';
import type { TranslationKey } from '../../i18n/translate.ts';
import type { SettingsSection } from '../../state/ui.ts';
import { classes } from '../../ui/classes.ts';
import { EncryptionSettings } from '../encryption/EncryptionSettings.tsx';
import { About } from './About.tsx';
import { Accounts } from './Accounts.tsx';
import { Blocked } from './Blocked.tsx';
import { Keys } from './Keys.tsx';
import { Appearance, Privacy } from './Preferences.tsx';
import styles from './Settings.module.css';

const cx = classes(styles);

interface Section {
  readonly title: TranslationKey;
  readonly icon: LucideIcon;
  readonly content: () => ReactNode;
}

const sections: Readonly<Record<SettingsSection, Section>> = {
  accounts: { title: 'settings.accounts', icon: UserRound, content: Accounts },
  privacy: { title: 'settings.privacy', icon: MessageCircle, content: Privacy },
  encryption: { title: 'encryption.title', icon: Lock, content: EncryptionSettings },
  blocked: { title: 'blocked.title', icon: Ban, content: Blocked },
  appearance: { title: 'settings.appearance', icon: Palette, content: Appearance },
  keyboard: { title: 'settings.keyboard', icon: Keyboard, content: Keys },
  about: { title: 'settings.about', icon: Info, content: About },
};

const order: readonly SettingsSection[] = [
  'accounts',
  'privacy',
  'encryption',
  'blocked',
  'appearance',
  'keyboard',
  'about',
];

/** The settings, one section at a time. */
export const Settings = (): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const current = useUi((state) => state.section);
  const { title, content: Content } = sections[current];
  return (
    <div className={cx('settings')}>
      <nav className={cx('nav')} aria-label={t('settings.sections')} data-region="list">
        <h1 className={cx('heading')}>{t('settings.title')}</h1>
        <ul>
          {order.map((section) => {
            const { title: name, icon: Icon } = sections[section];
            const on = section === current;
            return (
              <li key={section}>
                <button
                  type="button"
                  className={cx('entry', on && 'on')}
                  aria-current={on ? 'page' : undefined}
                  data-region-focus={on ? true : undefined}
                  onClick={() => ui.setState({ section, health: undefined })}
                >
                  <Icon size={16} strokeWidth={1.9} />
                  {t(name)}
                </button>
              </li>
            );
          })}
        </ul>
      </nav>
      <main id="conversation" tabIndex={-1} className={cx('content')} data-region="detail">
        <h2 className={cx('title')}>{t(title)}</h2>
        <Content />
      </main>
    </div>
  );
};
