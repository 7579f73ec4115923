import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContactRequestView } from '#shared/views.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import styles from './Requests.module.css';

const cx = classes(styles);

/** Who asks to see our presence; nothing is shared with anybody before an answer. */
export const Requests = (): ReactNode => {
  const { t } = useTranslation();
  const requests = usePeople((people) => people.requests);
  if (requests.length === 0) return undefined;
  return (
    <section className={cx('requests')} aria-label={t('contacts.requests')}>
      <h2>{t('contacts.requests')}</h2>
      <ul>
        {requests.map((request) => (
          <li key={`${request.accountId} ${request.jid}`}>
            <Request request={request} />
          </li>
        ))}
      </ul>
    </section>
  );
};

const Request = ({ request }: { request: ContactRequestView }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const { accountId, jid } = request;
  const name = displayName(request.name, jid);
  const answer = (accept: boolean): void => run(api.contacts.answerRequest({ accountId, jid, accept }));
  return (
    <div className={cx('request')}>
      <div className={cx('who')}>
        <Avatar name={name} jid={jid} size="l" />
        <div className={cx('body')}>
          <span className={cx('name')}>
            <Line>{name}</Line>
          </span>
          {/* A name is chosen freely; the address is what counts here. */}
          {name !== jid && (
            <span className={cx('jid')}>
              <Line>{displayName(jid)}</Line>
            </span>
          )}
          <p className={cx('text')}>{t('contacts.requestText')}</p>
          {request.text !== '' && (
            <p className={cx('text')} dir="auto">
              “{displayName(request.text)}”
            </p>
          )}
        </div>
      </div>
      <div className={cx('buttons')}>
        <Button
          small
          kind="primary"
          aria-label={t('contacts.acceptName', { name: isolate(name) })}
          onClick={() => answer(true)}
        >
          {t('contacts.accept')}
        </Button>
        <Button
          small
          aria-label={t('contacts.declineName', { name: isolate(name) })}
          onClick={() => answer(false)}
        >
          {t('contacts.decline')}
        </Button>
      </div>
    </div>
  );
};
