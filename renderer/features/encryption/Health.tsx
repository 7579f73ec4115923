import { Check, ChevronLeft, TriangleAlert } from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { HealthLine, HealthRepair, HealthView } from '#shared/encryption.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { AccountView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp, useFormat, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import { Pill } from '../../ui/Pill.tsx';
import styles from './Encryption.module.css';
import { factWords, healthReport } from './health-words.ts';
import { useAsked } from './use-asked.ts';

const cx = classes(styles);

/** Everything that encryption needs, line by line: a fact, and where needed one action. */
export const Health = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  return (
    <section aria-label={t('health.title', { jid: isolate(displayName(account.jid)) })}>
      <div className={cx('back')}>
        <IconButton
          icon={ChevronLeft}
          label={t('health.back')}
          onClick={() => ui.setState({ health: undefined })}
        />
        <h3 className={cx('heading')}>{t('health.title', { jid: isolate(displayName(account.jid)) })}</h3>
      </div>
      {account.phase === 'online' ? (
        <Lines account={account} />
      ) : (
        <p className={cx('note')}>{t('health.offline')}</p>
      )}
    </section>
  );
};

const Lines = ({ account: { id: accountId, jid } }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const [round, setRound] = useState(0);
  const ask = useCallback(() => api.encryption.health({ accountId }), [api, accountId]);
  const answer = useAsked(ask, round);
  const [repaired, setRepaired] = useState<HealthView>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorCode>();
  const repair = (what: 'everything' | HealthRepair): void => {
    setBusy(true);
    setError(undefined);
    api.encryption
      .repair({ accountId, what })
      .then(setRepaired, (failure: unknown) => setError(codeOf(failure)))
      .finally(() => setBusy(false));
  };
  if (answer.kind === 'asking')
    return (
      <p className={cx('note')} role="status">
        {t('health.asking')}
      </p>
    );
  if (answer.kind === 'failed') return <Alert>{describeError(t, answer.code)}</Alert>;
  const health = repaired ?? answer.value;
  return (
    <>
      <ul aria-busy={busy}>
        {health.lines.map((line) => (
          <Line
            key={JSON.stringify(line.fact)}
            accountId={accountId}
            line={line}
            busy={busy}
            onRepair={repair}
          />
        ))}
      </ul>
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <Buttons
        {...{ jid, health, busy }}
        onRepairAll={() => repair('everything')}
        onAgain={() => {
          setRepaired(undefined);
          setRound(round + 1);
        }}
      />
    </>
  );
};

interface ButtonsProps {
  readonly jid: string;
  readonly health: HealthView;
  readonly busy: boolean;
  readonly onRepairAll: () => void;
  readonly onAgain: () => void;
}

const Buttons = ({ jid, health, busy, onRepairAll, onAgain }: ButtonsProps): ReactNode => {
  const { t } = useTranslation();
  const { run } = useApp();
  const format = useFormat();
  const canRepair = health.lines.some(
    ({ repair }) => repair !== undefined && repair.kind !== 'remove-device',
  );
  return (
    <>
      <div className={cx('buttons')}>
        {canRepair && (
          <Button kind="primary" busy={busy} onClick={onRepairAll}>
            {t('health.repairAll')}
          </Button>
        )}
        <Button busy={busy} onClick={onAgain}>
          {t('health.again')}
        </Button>
        <Button onClick={() => run(navigator.clipboard.writeText(healthReport(t, format, jid, health)))}>
          {t('health.copy')}
        </Button>
      </div>
      <p className={cx('note')} role="status">
        {health.lines.every(({ isFine }) => isFine) && t('health.allFine')}
      </p>
    </>
  );
};

interface LineProps {
  readonly accountId: AccountView['id'];
  readonly line: HealthLine;
  readonly busy: boolean;
  readonly onRepair: (repair: HealthRepair) => void;
}

const Line = ({ accountId, line, busy, onRepair }: LineProps): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  const format = useFormat();
  const contacts = usePeople((people) => people.contacts);
  const nameOf = (jid: string): string =>
    displayName(contacts.get(contactKey(accountId, jid))?.name ?? jid, jid);
  const { title, detail } = factWords(t, format, line, nameOf);
  const { isFine, repair } = line;
  return (
    <li className={cx('line')}>
      <Pill tone={isFine ? 'ok' : 'warn'} icon={isFine ? Check : TriangleAlert}>
        {t(isFine ? 'health.fine' : 'health.look')}
      </Pill>
      <div className={cx('fact')}>
        {title}
        <span className={cx('detail')}>{detail}</span>
      </div>
      {repair?.kind === 'remove-device' && (
        <Button
          small
          onClick={() =>
            openDialog({ kind: 'remove-device', accountId, deviceId: repair.deviceId, name: title })
          }
        >
          {t('device.remove')}
        </Button>
      )}
      {repair !== undefined && repair.kind !== 'remove-device' && (
        <Button
          small
          kind="primary"
          busy={busy}
          aria-label={t('health.repairOf', { what: title })}
          onClick={() => onRepair(repair)}
        >
          {t('health.repair')}
        </Button>
      )}
    </li>
  );
};
