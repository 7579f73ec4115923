import { useEffect, useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ArchivePreferencesView } from '#shared/api/accounts.ts';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import type { AccountView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import type { TranslationKey } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Select } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import styles from './Settings.module.css';

const cx = classes(styles);

type Policy = ArchivePreferencesView['default'];

/** What is known of the server's archive. */
type Answer =
  | { readonly kind: 'asking' }
  | { readonly kind: 'known'; readonly preferences: ArchivePreferencesView }
  /** The server does not let its users choose. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

/** What the server of an account keeps of its messages; asked for when somebody wants to know. */
export const ArchivePreferences = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <div>
      <Button small kind="ghost" flush aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {t('archive.title')}
      </Button>
      <div id={id}>
        {open &&
          (account.phase === 'online' ? (
            <Preferences accountId={account.id} />
          ) : (
            <p className={cx('hint')}>{t('archive.offline')}</p>
          ))}
      </div>
    </div>
  );
};

/** Servers without preferences answer one of these (XEP-0441 section 2.1, RFC 6120 section 8.4). */
const unsupported: readonly unknown[] = ['feature-not-implemented', 'service-unavailable'];

const failureOf = (error: unknown): Answer =>
  error instanceof AppError && unsupported.includes(error.detail?.['condition'])
    ? { kind: 'unsupported' }
    : { kind: 'failed', code: codeOf(error) };

const Preferences = ({ accountId }: { accountId: AccountId }): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const [answer, setAnswer] = useState<Answer>({ kind: 'asking' });
  const [error, setError] = useState<ErrorCode>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    let gone = false;
    const take = (next: Answer): void => {
      if (!gone) setAnswer(next);
    };
    api.accounts.archivePreferences({ accountId }).then(
      (preferences) => take({ kind: 'known', preferences }),
      (failure: unknown) => take(failureOf(failure)),
    );
    return () => {
      gone = true;
    };
  }, [api, accountId]);

  const choose = (preferences: ArchivePreferencesView): void => {
    const { always, never } = preferences;
    const input = { default: preferences.default, always: [...always], never: [...never] };
    setBusy(true);
    setError(undefined);
    api.accounts
      .setArchivePreferences({ accountId, preferences: input })
      .then(
        (changed) => setAnswer({ kind: 'known', preferences: changed }),
        (failure: unknown) => setError(codeOf(failure)),
      )
      .finally(() => setBusy(false));
  };

  switch (answer.kind) {
    case 'asking':
      return (
        <p className={cx('hint')} role="status">
          {t('archive.asking')}
        </p>
      );
    case 'unsupported':
      return <p className={cx('hint')}>{t('archive.unsupported')}</p>;
    case 'failed':
      return <Alert>{describeError(t, answer.code)}</Alert>;
    case 'known':
      return (
        <>
          <Choice preferences={answer.preferences} busy={busy} onChoose={choose} />
          {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        </>
      );
  }
};

const policies: Readonly<Record<Policy, { readonly name: TranslationKey; readonly means: TranslationKey }>> =
  {
    always: { name: 'archive.always', means: 'archive.alwaysMeans' },
    roster: { name: 'archive.roster', means: 'archive.rosterMeans' },
    never: { name: 'archive.never', means: 'archive.neverMeans' },
  };

interface ChoiceProps {
  readonly preferences: ArchivePreferencesView;
  readonly busy: boolean;
  readonly onChoose: (preferences: ArchivePreferencesView) => void;
}

const Choice = ({ preferences, busy, onChoose }: ChoiceProps): ReactNode => {
  const { t } = useTranslation();
  const { default: policy, always, never } = preferences;
  return (
    <div className={cx('stack')} aria-busy={busy}>
      <Select<Policy>
        label={t('archive.keep')}
        value={policy}
        options={(['always', 'roster', 'never'] as const).map((one) => [one, t(policies[one].name)])}
        onValue={(value) => onChoose({ ...preferences, default: value })}
      />
      <p className={cx('hint')} role="status">
        {t(policies[policy].means)} {t('archive.past')}
      </p>
      <Exceptions
        title={t('archive.exceptAlways')}
        jids={always}
        onRemove={(jid) => onChoose({ ...preferences, always: always.filter((one) => one !== jid) })}
      />
      <Exceptions
        title={t('archive.exceptNever')}
        jids={never}
        onRemove={(jid) => onChoose({ ...preferences, never: never.filter((one) => one !== jid) })}
      />
    </div>
  );
};

interface ExceptionsProps {
  readonly title: string;
  readonly jids: readonly string[];
  readonly onRemove: (jid: string) => void;
}

/** Addresses that other apps have made exceptions of: they count, so they are shown. */
const Exceptions = ({ title, jids, onRemove }: ExceptionsProps): ReactNode => {
  const { t } = useTranslation();
  if (jids.length === 0) return undefined;
  return (
    <div>
      <span className={cx('hint')}>{title}</span>
      <ul className={cx('list')}>
        {jids.map((jid) => (
          <li key={jid} className={cx('blocked')}>
            <bdi className={cx('rowText')}>{displayName(jid)}</bdi>
            <Button small onClick={() => onRemove(jid)}>
              {t('common.remove')}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
};
