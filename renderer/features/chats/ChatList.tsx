import { ShieldCheck, SquarePen } from 'lucide-react';
import { useMemo, type FocusEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp, useChats, usePeople, useUi } from '../../app-context.tsx';
import { visibleChats } from '../../state/chats.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { NoRows, SideList, SideRows } from '../../ui/SideList.tsx';
import { useNow } from '../../ui/use-now.ts';
import { Requests } from '../contacts/Requests.tsx';
import { SearchHints } from '../search/SearchHints.tsx';
import { SearchResults } from '../search/SearchResults.tsx';
import styles from './ChatList.module.css';
import { ChatRow } from './ChatRow.tsx';
import { SearchBox } from './SearchBox.tsx';

const cx = classes(styles);

/** All chats, newest activity first, and the search. */
export const ChatList = (): ReactNode => {
  const { t } = useTranslation();
  const { openDialog, ui } = useApp();
  const query = useUi((state) => state.query);
  const requestsOnly = useUi((state) => state.requestsOnly);
  const searching = useUi((state) => state.searching);
  const isQuery = query.trim() !== '' && !requestsOnly;
  // Whoever leaves an empty box has stopped searching.
  const onBlur = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (query === '' && relatedTarget instanceof Node && !currentTarget.contains(relatedTarget))
      ui.setState({ searching: false });
  };
  return (
    <SideList
      title={t('chats.title')}
      action={
        <IconButton
          icon={SquarePen}
          label={t('chats.new')}
          onClick={() => openDialog({ kind: 'new-chat' })}
        />
      }
      onBlur={onBlur}
    >
      <SearchBox
        label={t('chats.searchLabel')}
        value={query}
        onValue={(value) => ui.setState({ query: value })}
        onEnter={() => ui.setState({ searching: true })}
      />
      {(searching || isQuery) && <SearchHints />}
      {!isQuery && <Chips />}
      {requestsOnly && <p className={cx('about')}>{t('chats.requestsText')}</p>}
      {requestsOnly && <Requests />}
      {isQuery ? <SearchResults /> : <Rows />}
      <Footer />
    </SideList>
  );
};

const Chips = (): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const unreadOnly = useUi((state) => state.unreadOnly);
  const requestsOnly = useUi((state) => state.requestsOnly);
  const asking = usePeople((people) => people.requests.length);
  const writing = useChats(
    ({ chats }) => [...chats.values()].filter(({ standing }) => standing === 'request').length,
  );
  const requests = asking + writing;
  const chip = (
    name: string,
    pressed: boolean,
    filter: { readonly unreadOnly: boolean; readonly requestsOnly: boolean },
  ): ReactNode => (
    <button
      type="button"
      className={cx('chip', pressed && 'on')}
      aria-pressed={pressed}
      onClick={() => ui.setState(filter)}
    >
      {name}
    </button>
  );
  return (
    <div className={cx('chips')} role="group" aria-label={t('chats.filter')}>
      {chip(t('chats.all'), !unreadOnly && !requestsOnly, { unreadOnly: false, requestsOnly: false })}
      {chip(t('chats.unread'), unreadOnly && !requestsOnly, { unreadOnly: true, requestsOnly: false })}
      {(requests > 0 || requestsOnly) &&
        chip(t('chats.requests', { count: requests }), requestsOnly, {
          unreadOnly: false,
          requestsOnly: true,
        })}
    </div>
  );
};

const Rows = (): ReactNode => {
  const { t } = useTranslation();
  const chats = useChats((state) => state.chats);
  const order = useChats((state) => state.order);
  const query = useUi((state) => state.query);
  const unreadOnly = useUi((state) => state.unreadOnly);
  const requestsOnly = useUi((state) => state.requestsOnly);
  const selected = useUi((state) => state.chatId);
  const now = useNow(60_000);
  const ids = useMemo(
    () => visibleChats({ chats, order }, { query, unreadOnly, requestsOnly, keep: selected }),
    [chats, order, query, unreadOnly, requestsOnly, selected],
  );
  if (ids.length === 0) return <Empty />;
  return (
    <SideRows
      label={t(requestsOnly ? 'chats.requestsTitle' : 'chats.list')}
      keys={ids}
      selected={selected === undefined ? -1 : ids.indexOf(selected)}
      renderRow={(index, tabbable) => {
        const id = ids[index];
        return (
          id !== undefined && (
            <ChatRow id={id} index={index} now={now} selected={id === selected} tabbable={tabbable} />
          )
        );
      }}
    />
  );
};

const Empty = (): ReactNode => {
  const { t } = useTranslation();
  const { ui, openDialog } = useApp();
  const query = useUi((state) => state.query);
  const unreadOnly = useUi((state) => state.unreadOnly);
  const requestsOnly = useUi((state) => state.requestsOnly);
  if (requestsOnly && query === '') return <NoRequests />;
  const filtered = query !== '' || unreadOnly;
  return (
    <NoRows>
      <b>{filtered ? t(query === '' ? 'chats.noneUnread' : 'chats.noneFound') : t('chats.emptyTitle')}</b>
      {!filtered && <p>{t('chats.emptyText')}</p>}
      {filtered ? (
        <Button small onClick={() => ui.setState({ query: '', unreadOnly: false })}>
          {t('chats.showAll')}
        </Button>
      ) : (
        <Button kind="primary" small onClick={() => openDialog({ kind: 'new-chat' })}>
          {t('chats.new')}
        </Button>
      )}
    </NoRows>
  );
};

const NoRequests = (): ReactNode => {
  const { t } = useTranslation();
  const asking = usePeople((people) => people.requests.length);
  return <NoRows>{asking === 0 && t('chats.noRequests')}</NoRows>;
};

const Footer = (): ReactNode => {
  const { t } = useTranslation();
  const online = usePeople(
    (people) => [...people.accounts.values()].filter(({ phase }) => phase === 'online').length,
  );
  return (
    <p className={cx('footer')}>
      <ShieldCheck size={14} strokeWidth={1.9} />
      {online === 0 ? t('chats.noneOnline') : t('chats.online', { count: online })}
    </p>
  );
};
