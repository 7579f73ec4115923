import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ClientApi } from '#shared/api/contract.ts';
import type { MessagePage } from '#shared/api/messages.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';
import { codeOf } from '../api/client.ts';
import { addNewer, addOlder, applyRows, emptyWindow, type TimelineWindow } from './timeline-window.ts';

export interface TimelineState {
  readonly chatId: ChatId | undefined;
  readonly status: 'loading' | 'ready' | 'failed';
  readonly error: ErrorCode | undefined;
  readonly window: TimelineWindow;
  /** Which message is at the top when the rows appear; undefined: the newest at the bottom. */
  readonly startAt: MessageId | undefined;
  /** The "new messages" divider stands before this message until the chat is left. */
  readonly dividerAt: MessageId | undefined;
  readonly loadingOlder: boolean;
  readonly loadingNewer: boolean;
  /** An edge whose page could not be had; it is asked for again only when the reader says so. */
  readonly failedEdge: 'older' | 'newer' | undefined;
  /** Counts fresh starts: another number means that the list has nothing to do with the one before. */
  readonly generation: number;
}

export interface Timeline {
  readonly store: StoreApi<TimelineState>;
  open(chat: ChatView): void;
  close(): void;
  /** After a lost connection, or to try again: fetches the rows of this chat anew. */
  reload(): void;
  loadOlder(): void;
  loadNewer(): void;
  /** Goes to the newest rows, asking for them where the window has dropped them. */
  jumpToLatest(): void;
  /** Rows of any chat, from events and answers; others than the open chat's are ignored. */
  upsert(rows: readonly MessageView[]): void;
  setDivider(id: MessageId): void;
  /** The reader sees the end of the list; decides which side gives way when rows come in. */
  setAtEnd(atEnd: boolean): void;
}

const closed: TimelineState = {
  chatId: undefined,
  status: 'loading',
  error: undefined,
  window: emptyWindow,
  startAt: undefined,
  dividerAt: undefined,
  loadingOlder: false,
  loadingNewer: false,
  failedEdge: undefined,
  generation: 0,
};

const PAGE_ROWS = 60;

/** The history of the one open chat: a bounded window that pages in both directions. */
export const createTimeline = (messages: ClientApi['messages']): Timeline => {
  const store = createStore<TimelineState>(() => closed);
  let atEnd = true;
  /** Rows announced while a page was under way: its answer may be older than they are. */
  let meanwhile: MessageView[] = [];

  /** True while the answer still belongs to what the reader looks at. */
  const current = (generation: number): boolean => store.getState().generation === generation;

  const settle = (window: TimelineWindow): TimelineWindow => {
    const rows = meanwhile;
    const { loadingOlder, loadingNewer } = store.getState();
    if (!(loadingOlder && loadingNewer)) meanwhile = [];
    return applyRows(window, rows, atEnd);
  };

  const start = (chatId: ChatId, anchor: MessageId | undefined, divider: MessageId | undefined): void => {
    const generation = store.getState().generation + 1;
    meanwhile = [];
    atEnd = anchor === undefined;
    store.setState({ ...closed, chatId, generation, startAt: anchor, dividerAt: divider });
    const page =
      anchor === undefined
        ? messages.page({ kind: 'latest', chatId, limit: PAGE_ROWS })
        : messages.page({ kind: 'around', chatId, anchor, limit: PAGE_ROWS });
    page.then(
      (window) => {
        if (current(generation)) store.setState({ status: 'ready', window: settle(window) });
      },
      (error: unknown) => {
        if (current(generation)) store.setState({ status: 'failed', error: codeOf(error) });
      },
    );
  };

  const extend = (edge: 'older' | 'newer'): void => {
    const { chatId, window, generation } = store.getState();
    const anchor = (edge === 'older' ? window.rows[0] : window.rows.at(-1))?.id;
    if (chatId === undefined || anchor === undefined) return;
    const loading = edge === 'older' ? 'loadingOlder' : 'loadingNewer';
    store.setState({ [loading]: true, failedEdge: undefined });
    const add = edge === 'older' ? addOlder : addNewer;
    const join = (page: MessagePage): void => {
      if (!current(generation)) return;
      const joined = settle(add(store.getState().window, page));
      store.setState({ window: joined, [loading]: false });
    };
    messages.page({ kind: edge === 'older' ? 'before' : 'after', chatId, anchor, limit: PAGE_ROWS }).then(join, () => {
      if (current(generation)) store.setState({ [loading]: false, failedEdge: edge });
    });
  };

  return {
    store,
    open: (chat) => start(chat.id, chat.firstUnreadId, chat.firstUnreadId),
    close: () => store.setState({ ...closed, generation: store.getState().generation + 1 }),
    reload: () => {
      const { chatId, window, dividerAt, startAt } = store.getState();
      if (chatId === undefined) return;
      const middle = window.rows[Math.floor(window.rows.length / 2)]?.id ?? startAt;
      start(chatId, atEnd ? undefined : middle, dividerAt);
    },
    loadOlder: () => {
      const { status, window, loadingOlder } = store.getState();
      if (status === 'ready' && window.hasOlder && !loadingOlder) extend('older');
    },
    loadNewer: () => {
      const { status, window, loadingNewer } = store.getState();
      if (status === 'ready' && window.hasNewer && !loadingNewer) extend('newer');
    },
    jumpToLatest: () => {
      const { chatId, window, dividerAt } = store.getState();
      if (chatId !== undefined && window.hasNewer) start(chatId, undefined, dividerAt);
    },
    upsert: (rows) => {
      const state = store.getState();
      const own = rows.filter((row) => row.chatId === state.chatId);
      if (own.length === 0) return;
      if (state.status === 'loading' || state.loadingOlder || state.loadingNewer) meanwhile.push(...own);
      if (state.status !== 'ready') return;
      const window = applyRows(state.window, own, atEnd);
      if (window !== state.window) store.setState({ window });
    },
    setDivider: (id) => store.setState({ dividerAt: id }),
    setAtEnd: (value) => {
      atEnd = value;
    },
  };
};
