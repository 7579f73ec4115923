import type { Snapshot } from '#shared/api/app.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';
import { setChats, type ChatsStore } from './chats.ts';
import { noteChange, type EncryptionStore } from './encryption.ts';
import { contactKey, type PeopleStore } from './people.ts';
import { dropRows, replaceRows, upsertRows } from './rows.ts';
import type { MessageSearch } from './search.ts';
import type { SessionStore } from './session.ts';
import type { Timeline } from './timeline.ts';

export interface EventTargets {
  readonly session: SessionStore;
  readonly people: PeopleStore;
  readonly chats: ChatsStore;
  readonly timeline: Timeline;
  readonly search: MessageSearch;
  readonly encryption: EncryptionStore;
  /** The profile was opened or locked. */
  readonly onAppChanged: () => void;
  /** Chats that are gone; whoever shows one of them must not. */
  readonly onChatsRemoved: (ids: readonly ChatId[]) => void;
}

type Route = { readonly [K in EventName]: (payload: Events[K]) => void };

/** Messages are shown in the open timeline and among what was searched for. */
const messageRoutes = ({
  timeline,
  search,
}: EventTargets): Pick<Route, 'messages.upserted' | 'messages.removed' | 'timelines.changed'> => ({
  'messages.upserted': ({ rows }) => {
    timeline.upsert(rows);
    search.upsert(rows);
  },
  'messages.removed': ({ chatId, messageIds }) => {
    timeline.remove(chatId, messageIds);
    search.remove(messageIds);
  },
  'timelines.changed': ({ chatId }) => {
    timeline.invalidate(chatId);
    search.invalidate(chatId);
  },
});

/** The one place where announcements of main become state of the window. */
export const routeEvents = (
  targets: EventTargets,
): (<K extends EventName>(name: K, payload: Events[K]) => void) => {
  const { session, people, chats, search, encryption } = targets;

  const removeChats = (gone: (chat: ChatView) => boolean): void => {
    const before = chats.getState().chats;
    const ids = [...before.values()].filter(gone).map(({ id }) => id);
    setChats(chats, dropRows(before, gone));
    search.removeChats(ids);
    if (ids.length > 0) targets.onChatsRemoved(ids);
  };

  const route: Route = {
    'accounts.upserted': ({ rows }) =>
      people.setState((state) => ({ accounts: upsertRows(state.accounts, rows, (row) => row.id) })),
    'accounts.removed': ({ accountId }) => {
      people.setState((state) => ({
        accounts: dropRows(state.accounts, (row) => row.id === accountId),
        contacts: dropRows(state.contacts, (row) => row.accountId === accountId),
        requests: state.requests.filter((request) => request.accountId !== accountId),
      }));
      removeChats((chat) => chat.accountId === accountId);
    },
    'contacts.upserted': ({ rows }) =>
      people.setState((state) => ({
        contacts: upsertRows(state.contacts, rows, (row) => contactKey(row.accountId, row.jid)),
      })),
    'contacts.removed': ({ accountId, jid }) =>
      people.setState((state) => ({
        contacts: dropRows(state.contacts, (row) => row.accountId === accountId && row.jid === jid),
      })),
    'requests.changed': ({ accountId, rows }) =>
      people.setState((state) => ({
        requests: [...state.requests.filter((request) => request.accountId !== accountId), ...rows].toSorted(
          (a, b) => b.at - a.at,
        ),
      })),
    'chats.upserted': ({ rows }) =>
      setChats(
        chats,
        upsertRows(chats.getState().chats, rows, (row) => row.id),
      ),
    'chats.removed': ({ chatId }) => removeChats((chat) => chat.id === chatId),
    ...messageRoutes(targets),
    'blocked.changed': ({ accountId, jids }) =>
      people.setState((state) => ({ blocked: new Map(state.blocked).set(accountId, jids) })),
    'encryption.changed': ({ accountId, jid }) => noteChange(encryption, contactKey(accountId, jid)),
    'settings.changed': ({ settings }) => session.setState({ settings }),
    'app.changed': () => targets.onAppChanged(),
  };

  return (name, payload) => {
    // A newer main may announce what this window does not know.
    if (Object.hasOwn(route, name)) route[name](payload);
  };
};

/** Fills all stores. A snapshot is the whole truth at its moment: what it does not name is gone. */
export const applySnapshot = (
  {
    session,
    people,
    chats,
    onChatsRemoved,
  }: Omit<EventTargets, 'timeline' | 'search' | 'encryption' | 'onAppChanged'>,
  snapshot: Snapshot,
): void => {
  const about = { host: snapshot.host, version: snapshot.version };
  if (!snapshot.ready) {
    session.setState({ ...about, phase: { kind: 'locked', lock: snapshot.lock } });
    return;
  }
  people.setState({
    accounts: replaceRows(snapshot.accounts, (row) => row.id),
    contacts: replaceRows(snapshot.contacts, (row) => contactKey(row.accountId, row.jid)),
    requests: snapshot.requests,
  });
  const rows = replaceRows(snapshot.chats, (row) => row.id);
  const gone = [...chats.getState().chats.keys()].filter((id) => !rows.has(id));
  setChats(chats, rows);
  if (gone.length > 0) onChatsRemoved(gone);
  session.setState({
    ...about,
    phase: { kind: 'ready', keyProtection: snapshot.keyProtection },
    settings: snapshot.settings,
  });
};
