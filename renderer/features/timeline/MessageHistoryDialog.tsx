import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageVersionView } from '#shared/api/messages.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { MessageId } from '#shared/ids.ts';
import { codeOf } from '../../api/client.ts';
import { useApp, useFormat } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import styles from './MessageHistoryDialog.module.css';

const cx = classes(styles);

/** Everything that an edited message has said, the present text first. */
export const MessageHistoryDialog = ({
  messageId,
  onClose,
}: {
  messageId: MessageId;
  onClose: () => void;
}): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const format = useFormat();
  const [versions, setVersions] = useState<readonly MessageVersionView[]>();
  const [error, setError] = useState<ErrorCode>();
  useEffect(() => {
    let left = false;
    api.messages.history({ messageId }).then(
      (answer) => !left && setVersions(answer.versions),
      (failure: unknown) => !left && setError(codeOf(failure)),
    );
    return () => {
      left = true;
    };
  }, [api, messageId]);
  return (
    <Dialog title={t('message.historyTitle')} onClose={onClose}>
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <ol className={cx('versions')}>
        {versions?.toReversed().map(({ body, at }, index) => (
          // Versions are only ever added, and this is a picture of one moment.
          <li key={index}>
            <span className={cx('when')}>
              {index === 0 && <b>{t('message.historyPresent')}</b>}
              <time dateTime={new Date(at).toISOString()}>{format.full(at)}</time>
            </span>
            <div dir="auto" className={cx('text')}>
              {body}
            </div>
          </li>
        ))}
      </ol>
      <DialogButtons>
        <Button autoFocus onClick={onClose}>
          {t('common.close')}
        </Button>
      </DialogButtons>
    </Dialog>
  );
};
