import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { LockView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert, CardScreen } from '../../ui/Card.tsx';
import { PasswordField } from '../../ui/Field.tsx';
import { CreatePassphrase } from './CreatePassphrase.tsx';
import { useAttempt } from './use-attempt.ts';

/** The profile is closed: asks for what opens it, or says why nothing can. */
export const Locked = ({ lock }: { lock: LockView }): ReactNode => {
  switch (lock.state) {
    case 'create-passphrase':
      return <CreatePassphrase reason={lock.reason} />;
    case 'enter-passphrase':
      return <EnterPassphrase />;
    case 'keychain-locked':
      return <KeychainLocked />;
    case 'broken':
      return <Broken code={lock.code} detail={lock.detail} />;
  }
};

const EnterPassphrase = (): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const { busy, error, run } = useAttempt();
  const [passphrase, setPassphrase] = useState('');
  return (
    <CardScreen title={t('lock.enterTitle')}>
      <p>{t('lock.enterText')}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase !== '' && !busy) run(api.app.unlock({ passphrase }));
        }}
      >
        <PasswordField
          label={t('lock.passphrase')}
          value={passphrase}
          onValue={setPassphrase}
          autoComplete="current-password"
          autoFocus
          error={error === undefined ? undefined : describeError(t, error)}
        />
        <Button kind="primary" submit busy={busy} disabled={passphrase === ''}>
          {t(busy ? 'lock.opening' : 'lock.open')}
        </Button>
      </form>
    </CardScreen>
  );
};

const KeychainLocked = (): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const { busy, error, run } = useAttempt();
  return (
    <CardScreen title={t('lock.keychainTitle')}>
      <p>{t('lock.keychainText')}</p>
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <Button kind="primary" autoFocus busy={busy} onClick={() => run(api.app.retryKeychain({}))}>
        {t(busy ? 'lock.opening' : 'common.tryAgain')}
      </Button>
    </CardScreen>
  );
};

const Broken = ({ code, detail }: { code: ErrorCode; detail: string }): ReactNode => {
  const { t } = useTranslation();
  return (
    <CardScreen title={t('lock.brokenTitle')}>
      <Alert>{describeError(t, code)}</Alert>
      {detail !== '' && <p>{t('lock.brokenDetail', { detail: isolate(detail) })}</p>}
    </CardScreen>
  );
};
