import { useVirtualizer } from '@tanstack/react-virtual';
import { ShieldCheck, SquarePen } from 'lucide-react';
import { useMemo, useRef, type FocusEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import { useApp, useChats, usePeople, useUi } from '../../app-context.tsx';
import { visibleChats } from '../../state/chats.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { useNow } from '../../ui/use-now.ts';
import { useRoving } from '../../ui/use-roving.ts';
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
    <section className={cx('list')} aria-label={t('chats.title')} data-region="list" onBlur={onBlur}>
      <header className={cx('header')}>
        <h1>{t('chats.title')}</h1>
        <IconButton
          icon={SquarePen}
          label={t('chats.new')}
          onClick={() => openDialog({ kind: 'new-chat' })}
        />
      </header>
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
    </section>
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

const ROW_HEIGHT = 58;

const Rows = (): ReactNode => {
  const { t } = useTranslation();
  const chats = useChats((state) => state.chats);
  const order = useChats((state) => state.order);
  const query = useUi((state) => state.query);
  const unreadOnly = useUi((state) => state.unreadOnly);
  const requestsOnly = useUi((state) => state.requestsOnly);
  const selected = useUi((state) => state.chatId);
  const ids = useMemo(
    () => visibleChats({ chats, order }, { query, unreadOnly, requestsOnly, keep: selected }),
    [chats, order, query, unreadOnly, requestsOnly, selected],
  );
  if (ids.length === 0) return <Empty />;
  return (
    <VirtualRows
      ids={ids}
      selected={selected}
      label={t(requestsOnly ? 'chats.requestsTitle' : 'chats.list')}
    />
  );
};

interface VirtualRowsProps {
  readonly ids: readonly ChatId[];
  readonly selected: ChatId | undefined;
  readonly label: string;
}

const VirtualRows = ({ ids, selected, label }: VirtualRowsProps): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow(60_000);
  const at = selected === undefined ? -1 : ids.indexOf(selected);
  const roving = useRoving<HTMLUListElement>(ids.length, Math.max(0, at), (index) =>
    virtual.scrollToIndex(index),
  );
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => ids[index] ?? index,
    overscan: 8,
    // The row that Tab reaches must exist even when it is scrolled away.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const first = Math.max(0, startIndex - overscan);
      const last = Math.min(count - 1, endIndex + overscan);
      const range = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      return range.includes(roving.active) ? range : [...range, roving.active].toSorted((a, b) => a - b);
    },
  });
  return (
    <div ref={scroller} className={cx('scroller')}>
      <ul
        ref={roving.ref}
        aria-label={label}
        className={cx('rows')}
        style={{ blockSize: virtual.getTotalSize() }}
        onKeyDown={roving.onKeyDown}
      >
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const id = ids[index];
          return (
            id !== undefined && (
              <li
                key={key}
                aria-setsize={ids.length}
                aria-posinset={index + 1}
                className={cx('item')}
                style={{ translate: `0 ${start}px` }}
              >
                <ChatRow
                  id={id}
                  index={index}
                  now={now}
                  selected={id === selected}
                  tabbable={index === roving.active}
                />
              </li>
            )
          );
        })}
      </ul>
    </div>
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
    <div className={cx('empty')} role="status">
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
    </div>
  );
};

const NoRequests = (): ReactNode => {
  const { t } = useTranslation();
  const asking = usePeople((people) => people.requests.length);
  return (
    <div className={cx('empty')} role="status">
      {asking === 0 && t('chats.noRequests')}
    </div>
  );
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
