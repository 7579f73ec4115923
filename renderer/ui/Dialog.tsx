import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import styles from './Dialog.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

interface DialogProps {
  readonly title: string;
  /** `alert` for what cannot be taken back: it does not close by a click beside it. */
  readonly kind?: 'plain' | 'alert';
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A dialog above the window: keeps the focus, closes by Escape, gives the focus back. */
export const Dialog = ({ title, kind = 'plain', onClose, children }: DialogProps): ReactNode => (
  <ModalOverlay
    isOpen
    isDismissable={kind === 'plain'}
    className={cx('scrim')}
    onOpenChange={(open) => {
      if (!open) onClose();
    }}
  >
    <Modal className={cx('card')}>
      <AriaDialog className={cx('dialog')} role={kind === 'alert' ? 'alertdialog' : 'dialog'}>
        <Heading slot="title" className={cx('title')}>
          {title}
        </Heading>
        {children}
      </AriaDialog>
    </Modal>
  </ModalOverlay>
);

/** The buttons at the end of a dialog; the one that does it comes last. */
export const DialogButtons = ({ children }: { children: ReactNode }): ReactNode => (
  <div className={cx('buttons')}>{children}</div>
);

/** A form within a dialog. */
export const DialogForm = ({
  onSubmit,
  children,
}: {
  onSubmit: () => void;
  children: ReactNode;
}): ReactNode => (
  <form
    className={cx('form')}
    noValidate
    onSubmit={(event) => {
      event.preventDefault();
      onSubmit();
    }}
  >
    {children}
  </form>
);
