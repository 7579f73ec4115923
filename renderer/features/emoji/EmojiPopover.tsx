import { lazy, Suspense, type ReactNode, type RefObject } from 'react';
import { Dialog, Popover } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { classes } from '../../ui/classes.ts';
import styles from './EmojiPicker.module.css';

const cx = classes(styles);

const NotLoaded = (): ReactNode => {
  const { t } = useTranslation();
  return (
    <p className={cx('note')} role="alert">
      {t('emoji.notLoaded')}
    </p>
  );
};

/** A part of the program of its own: where it cannot be had, that is said here and the window goes on. */
const EmojiPicker = lazy(() =>
  import('./EmojiPicker.tsx').then(
    (part) => ({ default: part.EmojiPicker }),
    () => ({ default: NotLoaded }),
  ),
);

interface EmojiPopoverProps {
  readonly anchor: RefObject<HTMLElement | null>;
  /** What the chosen emoji is for. */
  readonly label: string;
  /** Called with the emoji; the popover closes then. */
  readonly onPick: (emoji: string) => void;
  readonly onClose: () => void;
}

/** The list of all emoji, hanging on what opened it. */
export const EmojiPopover = ({ anchor, label, onPick, onClose }: EmojiPopoverProps): ReactNode => {
  const { t } = useTranslation();
  return (
    <Popover
      isOpen
      triggerRef={anchor}
      placement="top"
      className={cx('popover')}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Dialog className={cx('dialog')} aria-label={label}>
        <Suspense
          fallback={
            <p className={cx('note')} role="status">
              {t('emoji.loading')}
            </p>
          }
        >
          <EmojiPicker
            onPick={(emoji) => {
              onPick(emoji);
              onClose();
            }}
          />
        </Suspense>
      </Dialog>
    </Popover>
  );
};
