import { TriangleAlert } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { CertificateView } from '#shared/views.ts';
import { useFormat } from '../../app-context.tsx';
import { errorSentences } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import styles from './CertificateBox.module.css';

const cx = classes(styles);

interface CertificateBoxProps {
  readonly code: ErrorCode;
  readonly certificate: CertificateView;
  readonly busy: boolean;
  /** Takes this key from now on, and tries again. */
  readonly onTrust: () => void;
}

/** A certificate that no authority vouches for: what is wrong, what it says, and the way to trust it alone. */
export const CertificateBox = ({ code, certificate, busy, onTrust }: CertificateBoxProps): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <section className={cx('box')} role="alert" aria-labelledby={id}>
      <div className={cx('head')}>
        <TriangleAlert size={16} strokeWidth={1.9} />
        <b id={id}>{t(errorSentences[code].what)}</b>
      </div>
      <p>{t(errorSentences[code].next)}</p>
      {open ? (
        <CertificateFields certificate={certificate} />
      ) : (
        <div className={cx('mono')}>
          <span dir="ltr">SHA-256 {certificate.fingerprint256.slice(0, 14)}:…</span>{' '}
          {t('certificate.validUntil', { date: format.date(certificate.validTo) })}
        </div>
      )}
      <div className={cx('buttons')}>
        <Button small aria-expanded={open} onClick={() => setOpen(!open)}>
          {t(open ? 'certificate.hide' : 'certificate.view')}
        </Button>
        <Button small busy={busy} onClick={onTrust}>
          {t('certificate.trust')}
        </Button>
      </div>
    </section>
  );
};

const CertificateFields = ({ certificate }: { certificate: CertificateView }): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  const range = { from: format.date(certificate.validFrom), to: format.date(certificate.validTo) };
  return (
    <dl className={cx('fields')}>
      <dt>{t('certificate.fingerprint')}</dt>
      <dd className={cx('mono')} dir="ltr">
        {certificate.fingerprint256.replaceAll(':', ' ')}
      </dd>
      <dt>{t('certificate.subject')}</dt>
      <dd dir="auto">{displayName(certificate.subject)}</dd>
      <dt>{t('certificate.issuer')}</dt>
      <dd dir="auto">{displayName(certificate.issuer)}</dd>
      <dt>{t('certificate.validity')}</dt>
      <dd>{t('certificate.validRange', range)}</dd>
      <dt>{t('certificate.publicKey')}</dt>
      <dd className={cx('mono')} dir="ltr">
        {certificate.spki}
      </dd>
    </dl>
  );
};
