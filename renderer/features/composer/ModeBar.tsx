import { Pencil, Reply, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ComposeMode } from '../../state/compose.ts';
import { isolate } from '../../i18n/translate.ts';
import { IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Line } from '../../ui/Line.tsx';
import styles from './ModeBar.module.css';

const cx = classes(styles);

interface ModeBarProps {
  readonly mode: ComposeMode;
  /** Of the other side. */
  readonly name: string;
  readonly onCancel: () => void;
}

/** What the text below it is going to be: an answer, or another text for a message. */
export const ModeBar = ({ mode, name, onCancel }: ModeBarProps): ReactNode => {
  const { t } = useTranslation();
  const { kind, message } = mode;
  const toSelf = message.direction === 'out';
  const reply = toSelf ? t('composer.replyingSelf') : t('composer.replying', { name: isolate(name) });
  const Icon = kind === 'edit' ? Pencil : Reply;
  return (
    <div className={cx('bar')}>
      <Icon size={16} strokeWidth={1.9} />
      <div className={cx('what')}>
        <b role="status">{kind === 'edit' ? t('composer.editing') : reply}</b>
        {/* One line is enough to know it again. */}
        <Line>{message.body.slice(0, 300).replaceAll(/\s+/g, ' ')}</Line>
      </div>
      <IconButton
        icon={X}
        label={t(kind === 'edit' ? 'composer.cancelEdit' : 'composer.cancelReply')}
        onClick={onCancel}
      />
    </div>
  );
};
