import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate, type TranslationKey } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert, CardScreen } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { PasswordField } from '../../ui/Field.tsx';
import styles from './CreatePassphrase.module.css';
import { useAttempt } from './use-attempt.ts';
import { strengthOf, type Strength } from './strength.ts';

const cx = classes(styles);

/** First start without a keychain: the passphrase is typed twice, because nobody can restore it. */
export const CreatePassphrase = ({ reason }: { reason: string }): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const { busy, error, run } = useAttempt();
  const [passphrase, setPassphrase] = useState('');
  const [repeated, setRepeated] = useState('');
  const [submitted, setSubmitted] = useState(false);
  const strength = strengthOf(passphrase);
  const tooWeak = strength === 'weak';
  const mismatch = repeated !== passphrase;
  return (
    <CardScreen title={t('lock.createTitle')}>
      <p>{t('lock.createText', { reason: isolate(reason) })}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setSubmitted(true);
          if (!tooWeak && !mismatch && !busy) run(api.app.unlock({ passphrase }));
        }}
      >
        <PasswordField
          label={t('lock.passphrase')}
          value={passphrase}
          onValue={setPassphrase}
          autoComplete="new-password"
          autoFocus
          hint={t('lock.passphraseHint')}
          error={submitted && tooWeak ? t('lock.tooWeak') : undefined}
        />
        <Meter strength={strength} empty={passphrase === ''} />
        <PasswordField
          label={t('lock.repeat')}
          value={repeated}
          onValue={setRepeated}
          autoComplete="new-password"
          error={submitted && !tooWeak && mismatch ? t('lock.mismatch') : undefined}
        />
        <p className={cx('warning')}>{t('lock.createWarning')}</p>
        {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        <Button kind="primary" submit busy={busy} disabled={passphrase === ''}>
          {t(busy ? 'lock.opening' : 'lock.create')}
        </Button>
      </form>
    </CardScreen>
  );
};

const LEVELS: Readonly<Record<Strength, readonly [level: number, words: TranslationKey]>> = {
  weak: [1, 'lock.strength.weak'],
  fair: [2, 'lock.strength.fair'],
  strong: [3, 'lock.strength.strong'],
};

const Meter = ({ strength, empty }: { strength: Strength; empty: boolean }): ReactNode => {
  const { t } = useTranslation();
  const [level, words] = LEVELS[strength];
  return (
    <div
      className={cx('meter', strength)}
      role="meter"
      aria-label={t('lock.strength.label')}
      aria-valuemin={0}
      aria-valuemax={3}
      aria-valuenow={empty ? 0 : level}
      aria-valuetext={empty ? '' : t(words)}
    >
      {[1, 2, 3].map((step) => (
        <span key={step} className={cx('step', !empty && step <= level && 'full')} />
      ))}
      <span className={cx('words')}>{empty ? '' : t(words)}</span>
    </div>
  );
};
