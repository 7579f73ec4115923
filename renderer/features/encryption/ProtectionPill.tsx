import {
  Check,
  Lock,
  LockKeyhole,
  LockOpen,
  ShieldCheck,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatProtectionView, ProtectionOutlook } from '#shared/encryption.ts';
import type { ChatId } from '#shared/ids.ts';
import type { ProtectionChoice } from '#shared/omemo.ts';
import { useApp } from '../../app-context.tsx';
import type { App } from '../../state/app.ts';
import { classes } from '../../ui/classes.ts';
import { MenuPopover } from '../../ui/Menu.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { useChatProtection } from './protection-context.tsx';
import styles from './ProtectionPill.module.css';
import { choiceWords, outlookWords } from './words.ts';

const cx = classes(styles);

const icons: Readonly<Record<ProtectionOutlook, LucideIcon>> = {
  verified: ShieldCheck,
  encrypted: Lock,
  'no-trusted-device': TriangleAlert,
  'no-device': TriangleAlert,
  plain: LockOpen,
  'plain-no-omemo': LockOpen,
  unasked: LockKeyhole,
};

/** How the next message will be protected, in words. Nothing is said before it is known. */
export const HeaderPill = (): ReactNode => {
  const { t } = useTranslation();
  const protection = useChatProtection();
  if (protection === undefined) return undefined;
  const { tone, words, means } = outlookWords[protection.outlook];
  return (
    <Pill tone={tone} icon={icons[protection.outlook]} tip={t(means)}>
      {t(words)}
    </Pill>
  );
};

const choices: readonly ProtectionChoice[] = ['automatic', 'omemo', 'none'];

/** To another protection; to none only after a warning, where the next message would have been encrypted. */
export const chooseProtection = (
  { api, run, openDialog }: Pick<App, 'api' | 'run' | 'openDialog'>,
  chatId: ChatId,
  choice: ProtectionChoice,
): void => {
  if (choice === 'none') openDialog({ kind: 'unencrypted', chatId });
  else run(api.encryption.setProtection({ chatId, choice }));
};

/** The same in the box to write in, where it can be changed. */
export const ComposerPill = ({ chatId, className }: { chatId: ChatId; className: string }): ReactNode => {
  const protection = useChatProtection();
  return (
    <span className={className}>
      {protection !== undefined && <Opener chatId={chatId} protection={protection} />}
    </span>
  );
};

const Opener = ({ chatId, protection }: { chatId: ChatId; protection: ChatProtectionView }): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const { tone, words, means } = outlookWords[protection.outlook];
  return (
    <>
      <button
        ref={button}
        type="button"
        className={cx('opener')}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={t('protection.change', { state: t(words) })}
        data-tip={t(means)}
        onClick={() => setOpen(true)}
      >
        <Pill tone={tone} icon={icons[protection.outlook]}>
          {t(words)}
        </Pill>
      </button>
      {open && (
        <MenuPopover
          anchor={button}
          label={t('protection.title')}
          onClose={() => setOpen(false)}
          entries={choices.map((choice) => ({
            id: choice,
            label: t(choiceWords[choice].words),
            icon: iconOf(choice, protection),
            danger: choice === 'none',
            onSelect: () => {
              if (choice !== protection.choice) chooseProtection(app, chatId, choice);
            },
          }))}
        />
      )}
    </>
  );
};

const iconOf = (choice: ProtectionChoice, protection: ChatProtectionView): LucideIcon => {
  if (choice === protection.choice) return Check;
  return choice === 'none' ? LockOpen : Lock;
};
