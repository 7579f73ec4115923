import { ChevronRight } from 'lucide-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../app-context.tsx';
import { describeError, stepSentences } from '../../i18n/errors.ts';
import type { Translate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert, CardScreen } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Field, PasswordField, Switch } from '../../ui/Field.tsx';
import { CertificateBox } from './CertificateBox.tsx';
import styles from './Login.module.css';
import type { LoginPlace } from './login-errors.ts';
import { useLogin, type LoginFailure } from './use-login.ts';

const cx = classes(styles);

interface LoginProps {
  readonly onDone: () => void;
  readonly onCancel: () => void;
}

/** Logs in with an address that exists already. Every error stands where the user has to look. */
export const Login = ({ onDone, onCancel }: LoginProps): ReactNode => {
  const { t } = useTranslation();
  const form = useLogin(onDone);
  const { failure, busy } = form;
  const formRef = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (failure !== undefined) formRef.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [failure]);

  return (
    <CardScreen title={t('login.title')}>
      <form
        ref={formRef}
        noValidate
        aria-busy={busy}
        onSubmit={(event) => {
          event.preventDefault();
          form.submit();
        }}
      >
        <Credentials form={form} />
        {failure?.place === 'certificate' && failure.certificate !== undefined && (
          <CertificateBox
            code={failure.code}
            certificate={failure.certificate}
            busy={busy}
            onTrust={() => form.submit(failure.certificate?.spki)}
          />
        )}
        <Advanced form={form} error={errorAt(t, failure, 'server')} />
        {failure?.place === 'form' && <FormFailure failure={failure} />}
        <Button kind="primary" submit busy={busy}>
          {busy && <span className={cx('spinner')} />}
          {t(busy ? 'login.submitting' : 'login.submit')}
        </Button>
        <Button kind="ghost" onClick={onCancel}>
          {t('common.cancel')}
        </Button>
      </form>
    </CardScreen>
  );
};

const errorAt = (t: Translate, failure: LoginFailure | undefined, place: LoginPlace): string | undefined =>
  failure?.place === place ? describeError(t, failure.code) : undefined;

const Credentials = ({ form }: { form: ReturnType<typeof useLogin> }): ReactNode => {
  const { t } = useTranslation();
  const { fields, faults, failure } = form;
  const inKeychain = useSession(({ phase }) => phase.kind === 'ready' && phase.keyProtection === 'keychain');
  return (
    <>
      <Field
        label={t('common.address')}
        value={fields.jid}
        onValue={(jid) => form.set({ jid })}
        placeholder="you@example.org"
        inputMode="email"
        autoComplete="username"
        autoCapitalize="off"
        spellCheck={false}
        dir="ltr"
        autoFocus
        error={
          errorAt(t, failure, 'jid') ?? (faults?.jid === true ? describeError(t, 'invalid-jid') : undefined)
        }
      />
      <PasswordField
        label={t('common.password')}
        value={fields.password}
        onValue={(password) => form.set({ password })}
        autoComplete="current-password"
        hint={t(inKeychain ? 'login.keptInKeychain' : 'login.keptEncrypted')}
        error={
          errorAt(t, failure, 'password') ??
          (faults?.password === true ? t('login.passwordMissing') : undefined)
        }
      />
    </>
  );
};

/** What no field can be blamed for, with the step at which it happened. */
const FormFailure = ({ failure }: { failure: LoginFailure }): ReactNode => {
  const { t } = useTranslation();
  return (
    <Alert title={t('login.failedAt')}>
      {describeError(t, failure.code)}
      {failure.step !== undefined && <p>{t(stepSentences[failure.step])}</p>}
    </Alert>
  );
};

interface AdvancedProps {
  readonly form: ReturnType<typeof useLogin>;
  readonly error: string | undefined;
}

/** Host, port and direct TLS: closed until somebody needs them, or until the error is theirs. */
const Advanced = ({ form, error }: AdvancedProps): ReactNode => {
  const { t } = useTranslation();
  const { fields, faults } = form;
  const [opened, setOpened] = useState(false);
  const badPort = faults?.port === true;
  const open = opened || error !== undefined || badPort;
  return (
    <div className={cx('advanced')}>
      <button type="button" className={cx('toggle')} aria-expanded={open} onClick={() => setOpened(!open)}>
        <ChevronRight size={14} strokeWidth={1.9} className={cx('chevron', open && 'turned')} />
        {t('login.advanced')}
      </button>
      {open && (
        <>
          <div className={cx('server')}>
            <Field
              label={t('login.host')}
              value={fields.host}
              onValue={(host) => form.set({ host })}
              autoCapitalize="off"
              spellCheck={false}
              dir="ltr"
              hint={t('login.hostHint')}
              error={error}
            />
            <Field
              label={t('login.port')}
              value={fields.port}
              onValue={(port) => form.set({ port })}
              inputMode="numeric"
              placeholder="5222"
              dir="ltr"
              error={badPort ? t('login.portInvalid') : undefined}
            />
          </div>
          <Switch
            label={t('login.directTls')}
            hint={t('login.directTlsHint')}
            checked={fields.directTls}
            onChange={(directTls) => form.set({ directTls })}
          />
        </>
      )}
    </div>
  );
};
