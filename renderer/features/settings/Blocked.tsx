import { Ban } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import { toBare } from '#shared/jid.ts';
import type { AccountView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Field } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import styles from './Settings.module.css';

const cx = classes(styles);

/** Who is blocked, account by account. */
export const Blocked = (): ReactNode => {
  const { t } = useTranslation();
  const accounts = usePeople((people) => people.accounts);
  return (
    <>
      <p className={cx('intro')}>{t('blocked.intro')}</p>
      {[...accounts.values()].map((account) => (
        <BlockedOf key={account.id} account={account} />
      ))}
    </>
  );
};

/** Asks once; afterwards the announcements keep it up to date. */
const useBlocked = (
  accountId: AccountId,
): { readonly jids: readonly string[] | undefined; readonly error: ErrorCode | undefined } => {
  const { api, people } = useApp();
  const jids = usePeople((state) => state.blocked.get(accountId));
  const [error, setError] = useState<ErrorCode>();
  useEffect(() => {
    let gone = false;
    api.contacts.blocked({ accountId }).then(
      (answer) =>
        people.setState(({ blocked }) => ({ blocked: new Map(blocked).set(accountId, answer.jids) })),
      (failure: unknown) => {
        if (!gone) setError(codeOf(failure));
      },
    );
    return () => {
      gone = true;
    };
  }, [api, people, accountId]);
  return { jids, error };
};

const BlockedOf = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { id: accountId, jid } = account;
  const { jids, error } = useBlocked(accountId);
  const name = displayName(jid);
  return (
    <section className={cx('account')} aria-label={t('blocked.of', { jid: isolate(name) })}>
      <h3 className={cx('jid')}>
        <bdi>{name}</bdi>
      </h3>
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      {jids?.length === 0 && <p className={cx('hint')}>{t('blocked.nobody')}</p>}
      {jids !== undefined && jids.length > 0 && (
        <ul className={cx('list')}>
          {jids.toSorted().map((one) => (
            <BlockedRow key={one} accountId={accountId} jid={one} online={account.phase === 'online'} />
          ))}
        </ul>
      )}
      <BlockForm account={account} />
    </section>
  );
};

interface BlockedRowProps {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly online: boolean;
}

const BlockedRow = ({ accountId, jid, online }: BlockedRowProps): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const name = usePeople((people) => people.contacts.get(contactKey(accountId, jid))?.name);
  const address = displayName(jid);
  const known = name === undefined || name === jid ? undefined : displayName(name, jid);
  return (
    <li className={cx('blocked')}>
      <span className={cx('rowText')}>
        <bdi>{known ?? address}</bdi>
        {known !== undefined && (
          <span className={cx('hint')}>
            <bdi>{address}</bdi>
          </span>
        )}
      </span>
      <Button
        small
        disabled={!online}
        aria-label={t('blocked.unblockName', { name: isolate(known ?? address) })}
        onClick={() => run(api.contacts.unblock({ accountId, jid }))}
      >
        {t('request.unblock')}
      </Button>
    </li>
  );
};

/** Blocks an address that is nowhere in the lists, or a whole server. */
const BlockForm = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<ErrorCode>();
  const submit = (): void => {
    const jid = toBare(text.trim());
    if (jid === undefined || jid === account.jid) return setWrong('invalid-jid');
    setText('');
    openDialog({ kind: 'block', accountId: account.id, jid, report: false });
  };
  return (
    <form
      className={cx('form')}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Field
        label={t('blocked.address')}
        hint={t(account.phase === 'online' ? 'blocked.addressHint' : 'blocked.offline')}
        error={wrong === undefined ? undefined : describeError(t, wrong)}
        value={text}
        onValue={(value) => {
          setText(value);
          setWrong(undefined);
        }}
        autoCapitalize="off"
        spellCheck={false}
        dir="ltr"
      />
      <Button icon={Ban} submit disabled={text.trim() === '' || account.phase !== 'online'}>
        {t('request.block')}
      </Button>
    </form>
  );
};
