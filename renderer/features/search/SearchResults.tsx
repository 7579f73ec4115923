import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ChatId } from '#shared/ids.ts';
import type { ContactView } from '#shared/views.ts';
import { useApp, useUi } from '../../app-context.tsx';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { availabilityDot } from '../../ui/presence.ts';
import { useNow } from '../../ui/use-now.ts';
import { useRoving } from '../../ui/use-roving.ts';
import { ChatRow } from '../chats/ChatRow.tsx';
import { useStartChat } from '../contacts/use-start-chat.ts';
import { MessageHits } from './MessageHits.tsx';
import { Problems } from './Problems.tsx';
import { complete, type OperatorPart } from './query.ts';
import styles from './Search.module.css';
import { focusSearchEnd } from './SearchHints.tsx';
import { useQuery, type Suggestion } from './use-query.ts';

const cx = classes(styles);

/** So many chats stand above the messages until somebody wants to see all. */
const FEW_CHATS = 6;

/** Everything that the query of the window finds: one list for the arrow keys, from suggestions to messages. */
export const SearchResults = (): ReactNode => {
  const { t } = useTranslation();
  const { search } = useApp();
  const { parsed, suggestions, chats, contacts } = useQuery();
  const [allFor, setAllFor] = useState<string>();
  const hits = useStore(search.store, (state) => state.hits);
  const hasMore = useStore(search.store, (state) => state.cursor !== undefined);
  const shown = allFor === parsed.words ? chats : chats.slice(0, FEW_CHATS);
  const showsAll = shown.length === chats.length;

  // Where each part begins in the one row of stops that the arrow keys know.
  const chatsFrom = suggestions.length;
  const moreChatsAt = chatsFrom + shown.length;
  const contactsFrom = moreChatsAt + (showsAll ? 0 : 1);
  const hitsFrom = contactsFrom + contacts.length;
  const count = hitsFrom + hits.length + (hasMore ? 1 : 0);
  const { ref, active, onKeyDown } = useRoving<HTMLDivElement>(count, 0, () => undefined);
  const part = parsed.typed ?? parsed.problems.find(({ kind }) => kind === 'several')?.part;

  return (
    <div className={cx('scroller')}>
      {/* Arrows within a list of buttons, as in every list of the window. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div ref={ref} onKeyDown={(event) => backToBox(event) || onKeyDown(event)}>
        <Problems parsed={parsed} />
        {part !== undefined && suggestions.length > 0 && (
          <Suggestions part={part} suggestions={suggestions} from={0} active={active} />
        )}
        {chats.length > 0 && <Chats ids={shown} from={chatsFrom} active={active} />}
        {!showsAll && (
          <button
            type="button"
            className={cx('all')}
            data-row={moreChatsAt}
            tabIndex={active === moreChatsAt ? 0 : -1}
            onClick={() => setAllFor(parsed.words)}
          >
            {t('search.allChats', { count: chats.length })}
          </button>
        )}
        {contacts.length > 0 && <Contacts contacts={contacts} from={contactsFrom} active={active} />}
        <MessageHits from={hitsFrom} active={active} />
      </div>
      <Nothing found={chats.length + contacts.length + suggestions.length + parsed.problems.length > 0} />
    </div>
  );
};

/** Above the first result is the box. @returns whether the key meant that */
const backToBox = (event: KeyboardEvent): boolean => {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
  if (event.key !== 'ArrowUp' || row?.dataset['row'] !== '0') return false;
  event.preventDefault();
  focusSearchEnd();
  return true;
};

interface RowsProps {
  /** Index of the first row. */
  readonly from: number;
  readonly active: number;
}

const Suggestions = ({
  part,
  suggestions,
  from,
  active,
}: RowsProps & { part: OperatorPart; suggestions: readonly Suggestion[] }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  return (
    <section>
      <h2 className={cx('heading')}>{t('search.suggestions')}</h2>
      <ul aria-label={t('search.suggestions')}>
        {suggestions.map(({ value, label, detail }, index) => (
          <li key={`${value} ${detail ?? ''}`}>
            <button
              type="button"
              className={cx('suggestion')}
              data-row={from + index}
              tabIndex={from + index === active ? 0 : -1}
              onClick={() => {
                ui.setState(({ query }) => ({ query: complete(query, part, value) }));
                focusSearchEnd();
              }}
            >
              <Line>{label}</Line>
              {detail !== undefined && detail !== label && (
                <span className={cx('detail')}>
                  <Line>{detail}</Line>
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
};

const Chats = ({ ids, from, active }: RowsProps & { ids: readonly ChatId[] }): ReactNode => {
  const { t } = useTranslation();
  const now = useNow(60_000);
  const selected = useUi((state) => state.chatId);
  return (
    <section>
      <h2 className={cx('heading')}>{t('search.chats')}</h2>
      <ul aria-label={t('chats.list')}>
        {ids.map((id, index) => (
          <li key={id}>
            <ChatRow
              id={id}
              index={from + index}
              now={now}
              selected={id === selected}
              tabbable={from + index === active}
            />
          </li>
        ))}
      </ul>
    </section>
  );
};

const Contacts = ({
  contacts,
  from,
  active,
}: RowsProps & { contacts: readonly ContactView[] }): ReactNode => {
  const { t } = useTranslation();
  const { run } = useApp();
  const start = useStartChat();
  return (
    <section>
      <h2 className={cx('heading')}>{t('search.people')}</h2>
      <ul aria-label={t('search.people')}>
        {contacts.map(({ accountId, jid, name, availability }, index) => (
          <li key={`${accountId} ${jid}`}>
            <button
              type="button"
              className={cx('contact')}
              data-row={from + index}
              tabIndex={from + index === active ? 0 : -1}
              onClick={() => run(start(accountId, jid))}
            >
              <Avatar name={displayName(name, jid)} jid={jid} dot={availabilityDot[availability]} />
              <span className={cx('who')}>
                <Line>{displayName(name, jid)}</Line>
                <span className={cx('detail')}>
                  <Line>{jid}</Line>
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
};

/** Nothing at all: what to try. */
const Nothing = ({ found }: { found: boolean }): ReactNode => {
  const { t } = useTranslation();
  const { search, ui } = useApp();
  const isEmpty = useStore(
    search.store,
    ({ status, hits, cursor }) => status === 'ready' && hits.length === 0 && cursor === undefined,
  );
  if (found || !isEmpty) return undefined;
  return (
    <div className={cx('none')} role="status">
      <b>{t('search.noneTitle')}</b>
      <p>{t('search.noneText')}</p>
      <p>{t('search.noneHere')}</p>
      <Button
        small
        onClick={() => {
          ui.setState({ query: '' });
          focusSearchEnd();
        }}
      >
        {t('chats.clearSearch')}
      </Button>
    </div>
  );
};
