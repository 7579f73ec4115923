import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountView } from '#shared/views.ts';
import { useApp, useFormat, usePeople } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import styles from './Encryption.module.css';
import { useDevices } from './use-asked.ts';
import { waits } from './words.ts';

const cx = classes(styles);

/** A device of the user's own that they have not decided about: perhaps it is not theirs. */
export const OwnDeviceBanners = (): ReactNode => {
  const accounts = usePeople((people) => people.accounts);
  return (
    <div role="status">
      {[...accounts.values()]
        .filter(({ enabled }) => enabled)
        .map((account) => (
          <Banner key={account.id} account={account} />
        ))}
    </div>
  );
};

const Banner = ({ account: { id, jid } }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const format = useFormat();
  const answer = useDevices(id, jid);
  const fresh =
    answer.kind === 'known' ? answer.value.filter(({ isThis, standing }) => !isThis && waits(standing)) : [];
  const [device] = fresh;
  if (device === undefined) return undefined;
  return (
    <div className={cx('banner')}>
      <TriangleAlert size={16} strokeWidth={1.9} />
      <span>
        {t('encryption.newOwn', {
          count: fresh.length,
          jid: isolate(displayName(jid)),
          date: format.date(device.firstSeen),
        })}
      </span>
      <Button
        small
        onClick={() => ui.setState({ view: 'settings', section: 'encryption', health: undefined })}
      >
        {t('notice.reviewDevices')}
      </Button>
    </div>
  );
};
