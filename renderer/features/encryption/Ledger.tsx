import { MonitorSmartphone } from 'lucide-react';
import { useCallback, useRef, useState, type ReactNode } from 'react';
import { Dialog, Heading, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { RecipientView, RecipientsView } from '#shared/encryption.ts';
import type { MessageView } from '#shared/views.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate, type Translate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import { Pill } from '../../ui/Pill.tsx';
import { StateIcon, wordsOfState } from '../timeline/StateIcon.tsx';
import styles from './Ledger.module.css';
import { useAsked } from './use-asked.ts';
import { outcomeWords } from './words.ts';

const cx = classes(styles);

/** The state of an encrypted message, which leads to who can read it. */
export const LedgerButton = ({ message }: { message: MessageView }): ReactNode => {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={cx('opener')}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={t('ledger.open', { state: t(wordsOfState(message)) })}
        onClick={() => setOpen(true)}
      >
        <StateIcon state={message.state} failure={message.failure} size={13} />
      </button>
      {open && (
        <Popover
          isOpen
          triggerRef={button}
          placement="bottom end"
          className={cx('popover')}
          onOpenChange={setOpen}
        >
          <Dialog className={cx('ledger')}>
            <Heading slot="title" level={2} className={cx('title')}>
              {t('ledger.title')}
            </Heading>
            <Ledger message={message} onReview={() => setOpen(false)} />
          </Dialog>
        </Popover>
      )}
    </>
  );
};

const Ledger = ({ message, onReview }: { message: MessageView; onReview: () => void }): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const name = useChats(({ chats }) => {
    const chat = chats.get(message.chatId);
    return chat === undefined ? '' : displayName(chat.name, chat.jid);
  });
  const { id: messageId } = message;
  const ask = useCallback(() => api.encryption.recipients({ messageId }), [api, messageId]);
  const answer = useAsked(ask, message.rev);
  switch (answer.kind) {
    case 'asking':
      return (
        <p className={cx('note')} role="status">
          {t('device.asking')}
        </p>
      );
    case 'failed':
      return <p className={cx('note')}>{describeError(t, answer.code)}</p>;
    case 'known':
      return <Lines ledger={answer.value} name={name} onReview={onReview} />;
  }
};

interface LinesProps {
  readonly ledger: RecipientsView;
  /** Of the other side. */
  readonly name: string;
  readonly onReview: () => void;
}

const Lines = ({ ledger, name, onReview }: LinesProps): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const { recipients, state } = ledger;
  const ordered = recipients.toSorted((a, b) => Number(a.isOwn) - Number(b.isOwn));
  const leftOut = recipients.some(({ outcome }) => outcome !== 'encrypted');
  if (recipients.length === 0) return <p className={cx('note')}>{t('ledger.notYet')}</p>;
  return (
    <>
      <ul className={cx('list')}>
        {ordered.map((recipient, index) => (
          <Line
            key={`${recipient.isOwn} ${recipient.deviceId}`}
            recipient={recipient}
            name={name}
            number={ordered.slice(0, index + 1).filter(({ isOwn }) => isOwn === recipient.isOwn).length}
          />
        ))}
      </ul>
      <p className={cx('note')}>{progress(t, state, name)}</p>
      {leftOut && (
        <div>
          <Button
            small
            onClick={() => {
              onReview();
              ui.setState({ profile: true });
            }}
          >
            {t('notice.reviewDevices')}
          </Button>
        </div>
      )}
    </>
  );
};

/** Receipts come from a person's apps, which do not say which of the devices they are. */
const progress = (t: Translate, state: MessageView['state'], name: string): string => {
  if (state === 'read') return t('ledger.read', { name: isolate(name) });
  if (state === 'delivered') return t('ledger.delivered', { name: isolate(name) });
  return t('ledger.noReceipt');
};

interface LineProps {
  readonly recipient: RecipientView;
  readonly name: string;
  /** Its place among the devices of the same person. */
  readonly number: number;
}

const Line = ({ recipient: { isOwn, label, fingerprint, outcome }, name, number }: LineProps): ReactNode => {
  const { t } = useTranslation();
  const { tone, words } = outcomeWords[outcome];
  const owner = isOwn ? t('message.you') : name;
  const device = label === '' ? t('ledger.device', { number }) : displayName(label);
  return (
    <li className={cx('line')}>
      <MonitorSmartphone size={16} strokeWidth={1.9} />
      <span className={cx('name')} data-tip={fingerprint}>
        {t('ledger.owner', { name: isolate(owner), device: isolate(device) })}
      </span>
      <Pill tone={tone}>{t(words)}</Pill>
    </li>
  );
};
