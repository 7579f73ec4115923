import { Copy, ShieldCheck, X } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ProtectionChoice } from '#shared/omemo.ts';
import type { ChatView, ContactView } from '#shared/views.ts';
import { useApp, useChats, usePeople, useUi } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Select } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import { availabilityDot } from '../../ui/presence.ts';
import { DeviceList } from './DeviceList.tsx';
import styles from './ProfilePanel.module.css';
import { chooseProtection } from './ProtectionPill.tsx';
import { useDevices, useProtection } from './use-asked.ts';
import { choiceWords } from './words.ts';

const cx = classes(styles);

/** Who somebody is and which of their devices can read, beside the chat. */
export const ProfilePanel = ({ covers }: { covers: boolean }): ReactNode => {
  const chatId = useUi((ui) => ui.chatId);
  const chat = useChats(({ chats }) => (chatId === undefined ? undefined : chats.get(chatId)));
  return chat && <Panel key={chat.id} chat={chat} covers={covers} />;
};

const Panel = ({ chat, covers }: { chat: ChatView; covers: boolean }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const { accountId, jid } = chat;
  const contact = usePeople(({ contacts }) => contacts.get(contactKey(accountId, jid)));
  const name = displayName(chat.name, jid);
  const panel = useRef<HTMLElement>(null);
  // Where it lies above the chat, it is what the window is about.
  const [Frame, Heading] = covers ? (['main', 'h2'] as const) : (['aside', 'h3'] as const);
  // Whoever opens it wants to be in it.
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  const close = (): void => ui.setState({ profile: false });
  return (
    <Frame
      ref={panel}
      tabIndex={-1}
      className={cx('panel')}
      aria-label={t('profile.label', { name: isolate(name) })}
      data-region="profile"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.stopPropagation();
        close();
        document.querySelector<HTMLElement>('[data-opens="profile"]')?.focus();
      }}
    >
      <span className={cx('close')}>
        <IconButton icon={X} label={t('profile.close')} onClick={close} />
      </span>
      <Who chat={chat} name={name} contact={contact} covers={covers} />
      <Protection chat={chat} />
      <section className={cx('section')}>
        <Heading>{t('profile.devices')}</Heading>
        <DeviceList accountId={accountId} jid={jid} none={t('profile.noDevices', { name: isolate(name) })} />
      </section>
    </Frame>
  );
};

interface WhoProps {
  readonly chat: ChatView;
  readonly name: string;
  readonly contact: ContactView | undefined;
  readonly covers: boolean;
}

const Who = ({ chat: { accountId, jid }, name, contact, covers }: WhoProps): ReactNode => {
  const { t } = useTranslation();
  const { openDialog, run } = useApp();
  const answer = useDevices(accountId, jid);
  const Title = covers ? 'h1' : 'h2';
  // To compare by eye, the one that needs it most: what waits for the user, then what was never compared.
  const candidates =
    answer.kind === 'known'
      ? answer.value.filter(
          ({ standing, fingerprint }) =>
            fingerprint !== undefined && !['verified', 'removed', 'key-changed'].includes(standing),
        )
      : [];
  const toVerify = candidates.find(({ standing }) => standing === 'undecided') ?? candidates[0];
  return (
    <div className={cx('who')}>
      <Avatar name={name} jid={jid} size="xl" dot={contact && availabilityDot[contact.availability]} />
      <Title>
        <bdi>{name}</bdi>
      </Title>
      <bdi className={cx('jid')}>{displayName(jid)}</bdi>
      <div className={cx('actions')}>
        {answer.kind === 'known' && answer.value.length > 0 && (
          <Button
            small
            kind={toVerify === undefined ? 'plain' : 'primary'}
            icon={ShieldCheck}
            onClick={() =>
              openDialog({
                ...{ kind: 'verify-device', accountId, jid },
                ...(toVerify === undefined ? {} : { deviceId: toVerify.deviceId }),
              })
            }
          >
            {t('verify.open')}
          </Button>
        )}
        <Button small icon={Copy} onClick={() => run(navigator.clipboard.writeText(jid))}>
          {t('chat.copyAddress')}
        </Button>
      </div>
    </div>
  );
};

const Protection = ({ chat }: { chat: ChatView }): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const protection = useProtection(chat);
  if (protection === undefined) return undefined;
  const choices: readonly ProtectionChoice[] = ['automatic', 'omemo', 'none'];
  return (
    <section className={cx('section')}>
      <h3 aria-hidden="true">{t('protection.title')}</h3>
      <Select
        label={t('protection.title')}
        labelHidden
        value={protection.choice}
        options={choices.map((choice) => [choice, t(choiceWords[choice].words)])}
        onValue={(choice) => chooseProtection(app, chat.id, choice)}
      />
      <p className={cx('hint')}>{t(choiceWords[protection.choice].means)}</p>
    </section>
  );
};
