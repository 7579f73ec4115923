import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView } from '#shared/views.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { describeFailure } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import { UnreadableTools } from '../encryption/UnreadableTools.tsx';
import styles from './Failure.module.css';
import { MessageMeta } from './MessageMeta.tsx';

const cx = classes(styles);

/** Why it was not sent, and what can be done, in place. */
export const Failure = ({ message }: { message: MessageView }): ReactNode => {
  const { t } = useTranslation();
  const { api, timeline, run, openDialog, ui } = useApp();
  const { failureText } = message;
  const name = useChats(({ chats }) => {
    const chat = chats.get(message.chatId);
    return chat === undefined ? '' : displayName(chat.name, chat.jid);
  });
  return (
    <div className={cx('failure')}>
      <p>
        <TriangleAlert size={16} strokeWidth={1.9} />
        <span>
          {message.failure === 'decryption-failed'
            ? t('failure.unread', { name: isolate(name) })
            : t('failure.notSent', { reason: describeFailure(t, message.failure) })}
          {failureText !== undefined && ` ${t('failure.said', { text: isolate(displayName(failureText)) })}`}
        </span>
      </p>
      {isAboutDevices(message) && (
        <Button small onClick={() => ui.setState({ profile: true })}>
          {t('notice.reviewDevices')}
        </Button>
      )}
      {message.failure === 'devices-unknown' && (
        <Button small onClick={() => openDialog({ kind: 'unencrypted', chatId: message.chatId })}>
          {t('failure.withoutEncryption')}
        </Button>
      )}
      <Button
        small
        onClick={() =>
          run(api.messages.resend({ messageId: message.id }).then((row) => timeline.upsert([row])))
        }
      >
        {t('message.sendAgain')}
      </Button>
      <Button small onClick={() => run(navigator.clipboard.writeText(message.body))}>
        {t('common.copy')}
      </Button>
      <Button small onClick={() => openDialog({ kind: 'delete-message', message })}>
        {t('message.delete')}
      </Button>
    </div>
  );
};

/** Nobody could have read it: which devices there are, and what they are to the user, is where to look. */
const isAboutDevices = ({ failure = '' }: MessageView): boolean =>
  ['no-trusted-device', 'no-device', 'keys-unusable', 'keys-unreachable'].includes(failure);

interface UndecryptableProps {
  readonly message: MessageView;
  /** Of its author. */
  readonly name: string;
  readonly now: number;
  readonly children?: ReactNode;
}

/** A message arrived that cannot be read: said as loudly as one that was not sent, never left out. */
export const Undecryptable = ({ message, name, now, children }: UndecryptableProps): ReactNode => {
  const { t } = useTranslation();
  return (
    <div className={cx('undecryptable')} data-content>
      <p className={cx('title')}>
        <TriangleAlert size={14} strokeWidth={1.9} />
        {t('message.undecryptableTitle')}
      </p>
      <p>
        {message.direction === 'out'
          ? t('message.undecryptableOwn')
          : t('message.undecryptableText', { name: isolate(name) })}
      </p>
      <UnreadableTools message={message} name={name} className={cx('tools')} />
      {/* Of an own message it is what this application writes for those who cannot read it: no news to its user. */}
      {message.direction === 'in' && message.body.trim() !== '' && (
        <p dir="auto" className={cx('note')}>
          {t('message.undecryptableNote', { text: isolate(displayName(message.body)) })}
        </p>
      )}
      <MessageMeta message={message} now={now} />
      {children}
    </div>
  );
};
