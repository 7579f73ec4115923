import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ClientApi } from '#shared/api/contract.ts';
import type { MessagePage } from '#shared/api/messages.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';
import { codeOf } from '../api/client.ts';
import {
  addNewer,
  addOlder,
  applyRows,
  emptyWindow,
  removeRows,
  type TimelineWindow,
} from './timeline-window.ts';

export interface TimelineState {
  readonly chatId: ChatId | undefined;
  readonly status: 'loading' | 'ready' | 'failed';
  readonly error: ErrorCode | undefined;
  readonly window: TimelineWindow;
  /** Which message is at the top when the rows appear; undefined: the newest at the bottom. */
  readonly startAt: MessageId | undefined;
  /** Where a jump leads: the list goes there once for each such object. */
  readonly target: { readonly id: MessageId } | undefined;
  /** The "new messages" divider stands before this message until the chat is left. */
  readonly dividerAt: MessageId | undefined;
  readonly loadingOlder: boolean;
  readonly loadingNewer: boolean;
  /** An edge whose page could not be had; it is asked for again only when the reader says so. */
  readonly failedEdge: Edge | undefined;
  /** Counts fresh starts: another number means that the list has nothing to do with the one before. */
  readonly generation: number;
}

type Edge = 'older' | 'newer';

const closed: TimelineState = {
  chatId: undefined,
  status: 'loading',
  error: undefined,
  window: emptyWindow,
  startAt: undefined,
  target: undefined,
  dividerAt: undefined,
  loadingOlder: false,
  loadingNewer: false,
  failedEdge: undefined,
  generation: 0,
};

const PAGE_ROWS = 60;

/** The history of the one open chat: a bounded window that pages in both directions. */
export class Timeline {
  readonly store: StoreApi<TimelineState> = createStore<TimelineState>(() => closed);
  readonly #messages: Pick<ClientApi['messages'], 'page'>;
  /** The reader sees the end of the list; decides which side gives way when rows come in. */
  #atEnd = true;
  /** Rows announced while a page was under way: its answer may be older than they are. */
  #meanwhile: MessageView[] = [];
  /** Jumps whose page is under way. */
  #jumps = 0;

  constructor(messages: Pick<ClientApi['messages'], 'page'>) {
    this.#messages = messages;
  }

  open(chat: ChatView): void {
    this.#start(chat.id, chat.firstUnreadId, chat.firstUnreadId);
  }

  close(): void {
    this.#meanwhile = [];
    this.store.setState({ ...closed, generation: this.store.getState().generation + 1 });
  }

  /** After a lost connection, or to try again: fetches the rows of this chat anew. */
  reload(): void {
    const { chatId, window, dividerAt, startAt } = this.store.getState();
    if (chatId === undefined) return;
    const middle = window.rows[Math.floor(window.rows.length / 2)]?.id ?? startAt;
    this.#start(chatId, this.#atEnd ? undefined : middle, dividerAt);
  }

  loadOlder(): void {
    const { status, window, loadingOlder } = this.store.getState();
    if (status === 'ready' && window.hasOlder && !loadingOlder) this.#extend('older');
  }

  loadNewer(): void {
    const { status, window, loadingNewer } = this.store.getState();
    if (status === 'ready' && window.hasNewer && !loadingNewer) this.#extend('newer');
  }

  /** Fetches the newest rows where the window has dropped them. */
  jumpToLatest(): void {
    const { chatId, window, dividerAt } = this.store.getState();
    if (chatId !== undefined && window.hasNewer) this.#start(chatId, undefined, dividerAt);
  }

  /**
   * Goes to a message of this chat, wherever in its history it is. What is shown stays until its page is here.
   * Fails with `not-found` for one that is no longer there.
   */
  async jumpTo(id: MessageId): Promise<void> {
    const { chatId, window, generation, dividerAt } = this.store.getState();
    if (chatId === undefined) return;
    if (window.rows.some((row) => row.id === id)) {
      this.store.setState({ target: { id } });
      return;
    }
    this.#jumps += 1;
    try {
      const page = await this.#messages.page({ kind: 'around', chatId, anchor: id, limit: PAGE_ROWS });
      if (!this.#isCurrent(generation)) return;
      this.#atEnd = false;
      const found = applyRows(page, this.#meanwhile, false);
      this.#meanwhile = [];
      this.store.setState({
        ...closed,
        ...{ chatId, dividerAt, generation: generation + 1, startAt: id, target: { id } },
        ...{ status: 'ready', window: found },
      });
    } finally {
      this.#jumps -= 1;
    }
  }

  /** Rows of any chat, from events and answers; others than the open chat's are ignored. */
  upsert(rows: readonly MessageView[]): void {
    const state = this.store.getState();
    const own = rows.filter((row) => row.chatId === state.chatId);
    if (own.length === 0) return;
    const waiting = state.status === 'loading' || state.loadingOlder || state.loadingNewer;
    if (waiting || this.#jumps > 0) this.#meanwhile.push(...own);
    if (state.status !== 'ready') return;
    const window = applyRows(state.window, own, this.#atEnd);
    if (window !== state.window) this.store.setState({ window });
  }

  /** Rows that were deleted on this computer. */
  remove(chatId: ChatId, ids: readonly MessageId[]): void {
    const state = this.store.getState();
    if (state.chatId !== chatId) return;
    this.#meanwhile = this.#meanwhile.filter(({ id }) => !ids.includes(id));
    const window = removeRows(state.window, ids);
    if (window !== state.window) this.store.setState({ window });
  }

  /** Many rows have come or gone at once: what is shown is asked for anew. */
  invalidate(chatId: ChatId): void {
    if (this.store.getState().chatId === chatId) this.reload();
  }

  setDivider(id: MessageId): void {
    this.store.setState({ dividerAt: id });
  }

  setAtEnd(atEnd: boolean): void {
    this.#atEnd = atEnd;
  }

  #start(chatId: ChatId, anchor: MessageId | undefined, dividerAt: MessageId | undefined): void {
    const generation = this.store.getState().generation + 1;
    this.#meanwhile = [];
    this.#atEnd = anchor === undefined;
    this.store.setState({ ...closed, chatId, generation, startAt: anchor, dividerAt });
    const page =
      anchor === undefined
        ? this.#messages.page({ kind: 'latest', chatId, limit: PAGE_ROWS })
        : this.#messages.page({ kind: 'around', chatId, anchor, limit: PAGE_ROWS });
    page.then(
      (window) => {
        if (this.#isCurrent(generation))
          this.store.setState({ status: 'ready', window: this.#settle(window) });
      },
      (error: unknown) => {
        if (this.#isCurrent(generation)) this.store.setState({ status: 'failed', error: codeOf(error) });
      },
    );
  }

  #extend(edge: Edge): void {
    const { chatId, window, generation } = this.store.getState();
    const anchor = (edge === 'older' ? window.rows[0] : window.rows.at(-1))?.id;
    if (chatId === undefined || anchor === undefined) return;
    const loading = edge === 'older' ? 'loadingOlder' : 'loadingNewer';
    const add = edge === 'older' ? addOlder : addNewer;
    const join = (page: MessagePage): void => {
      if (!this.#isCurrent(generation)) return;
      this.store.setState({
        window: this.#settle(add(this.store.getState().window, page)),
        [loading]: false,
      });
    };
    const fail = (): void => {
      if (this.#isCurrent(generation)) this.store.setState({ [loading]: false, failedEdge: edge });
    };
    this.store.setState({ [loading]: true, failedEdge: undefined });
    const kind = edge === 'older' ? 'before' : 'after';
    this.#messages.page({ kind, chatId, anchor, limit: PAGE_ROWS }).then(join, fail);
  }

  /** False once the reader looks at something else than the answer is about. */
  #isCurrent(generation: number): boolean {
    return this.store.getState().generation === generation;
  }

  #settle(window: TimelineWindow): TimelineWindow {
    const { loadingOlder, loadingNewer } = this.store.getState();
    const settled = applyRows(window, this.#meanwhile, this.#atEnd);
    // The other page may still be under way and older than these rows.
    if (!(loadingOlder && loadingNewer)) this.#meanwhile = [];
    return settled;
  }
}
