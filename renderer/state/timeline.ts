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
  readonly edgeError: ErrorCode | undefined;
  /** There is nothing older, because the server keeps no history. */
  readonly noArchive: boolean;
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
  edgeError: undefined,
  noArchive: false,
  generation: 0,
};

const PAGE_ROWS = 60;

/** What the history of a chat is asked of main. */
export interface TimelineApi {
  readonly messages: Pick<ClientApi['messages'], 'page' | 'findAnswered'>;
  readonly chats: Pick<ClientApi['chats'], 'loadOlder' | 'loadNewer' | 'loadDate'>;
}

/** A part of the history to go to. */
type Place =
  | { readonly kind: 'around'; readonly chatId: ChatId; readonly anchor: MessageId }
  | { readonly kind: 'date'; readonly chatId: ChatId; readonly at: number };

/** The history of the one open chat: a bounded window that pages in both directions. */
export class Timeline {
  readonly store: StoreApi<TimelineState> = createStore<TimelineState>(() => closed);
  readonly #api: TimelineApi;
  /** The reader sees the end of the list; decides which side gives way when rows come in. */
  #atEnd = true;
  /** Rows announced while a page was under way: its answer may be older than they are. */
  #meanwhile: MessageView[] = [];
  /** Jumps whose page is under way. */
  #jumps = 0;

  constructor(api: TimelineApi) {
    this.#api = api;
  }

  /** @param at a message to begin with, for instance one that was searched for; where it is gone, the newest */
  open(chat: ChatView, at?: MessageId): void {
    this.#start(chat.id, at ?? chat.firstUnreadId, chat.firstUnreadId, at);
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

  /** The connection is back: what could not be fetched without it is fetched now. */
  retryOffline(): void {
    const { failedEdge, edgeError } = this.store.getState();
    if (edgeError !== 'offline') return;
    if (failedEdge === 'older') this.loadOlder();
    if (failedEdge === 'newer') this.loadNewer();
  }

  /**
   * Goes to a message of this chat, wherever in its history it is. What is shown stays until its page is here.
   * Fails with `not-found` for one that is no longer there.
   */
  async jumpTo(id: MessageId): Promise<void> {
    const { chatId, window } = this.store.getState();
    if (chatId === undefined) return;
    if (window.rows.some((row) => row.id === id)) this.store.setState({ target: { id } });
    else await this.#show({ kind: 'around', chatId, anchor: id }, () => id);
  }

  /**
   * Goes to the first message at a time or later, or to the last one before it. What is shown stays until the
   * archive has answered. Fails with `offline` where it cannot be asked.
   */
  async jumpToDate(at: number): Promise<void> {
    const { chatId, generation } = this.store.getState();
    if (chatId === undefined) return;
    await this.#api.chats.loadDate({ chatId, at });
    if (!this.#isCurrent(generation)) return;
    await this.#show(
      { kind: 'date', chatId, at },
      (rows) => (rows.find((row) => row.sortAt >= at) ?? rows.at(-1))?.id,
    );
  }

  /**
   * Goes to the message that another one answers, asking the archive for it where it is not here.
   * @returns whether it is anywhere. Fails with `offline` where the archive cannot be asked.
   */
  async jumpToAnswered({ id, reply }: MessageView): Promise<boolean> {
    const { generation } = this.store.getState();
    const known = reply?.messageId ?? (await this.#api.messages.findAnswered({ messageId: id })).answeredId;
    if (known === undefined) return false;
    if (!this.#isCurrent(generation)) return true;
    try {
      await this.jumpTo(known);
      return true;
    } catch (error) {
      if (codeOf(error) === 'not-found') return false;
      throw error;
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

  #start(
    chatId: ChatId,
    anchor: MessageId | undefined,
    dividerAt: MessageId | undefined,
    targetId?: MessageId,
  ): void {
    const generation = this.store.getState().generation + 1;
    const target = targetId === undefined ? undefined : { id: targetId };
    this.#meanwhile = [];
    this.#atEnd = anchor === undefined;
    this.store.setState({ ...closed, chatId, generation, startAt: anchor, dividerAt, target });
    const page =
      anchor === undefined
        ? this.#api.messages.page({ kind: 'latest', chatId, limit: PAGE_ROWS })
        : this.#api.messages.page({ kind: 'around', chatId, anchor, limit: PAGE_ROWS });
    page.then(
      (window) => {
        if (this.#isCurrent(generation))
          this.store.setState({ status: 'ready', window: this.#settle(window) });
      },
      (error: unknown) => {
        if (!this.#isCurrent(generation)) return;
        // The message has been deleted meanwhile; the chat is still there.
        if (codeOf(error) === 'not-found' && anchor !== undefined) this.#start(chatId, undefined, dividerAt);
        else this.store.setState({ status: 'failed', error: codeOf(error) });
      },
    );
  }

  /** Replaces what is shown by another part of the history. @param pick the row that is gone to */
  async #show(place: Place, pick: (rows: readonly MessageView[]) => MessageId | undefined): Promise<void> {
    const { chatId } = place;
    const { generation, dividerAt } = this.store.getState();
    this.#jumps += 1;
    try {
      const page = await this.#api.messages.page({ ...place, limit: PAGE_ROWS });
      if (!this.#isCurrent(generation)) return;
      const id = pick(page.rows);
      this.#atEnd = false;
      const found = applyRows(page, this.#meanwhile, false);
      this.#meanwhile = [];
      this.store.setState({
        ...closed,
        ...{ chatId, dividerAt, generation: generation + 1, startAt: id },
        target: id === undefined ? undefined : { id },
        ...{ status: 'ready', window: found },
      });
    } finally {
      this.#jumps -= 1;
    }
  }

  #extend(edge: Edge): void {
    const { generation } = this.store.getState();
    const loading = edge === 'older' ? 'loadingOlder' : 'loadingNewer';
    this.store.setState({ [loading]: true, failedEdge: undefined, edgeError: undefined });
    this.#grow(edge, generation).then(
      () => {
        if (this.#isCurrent(generation)) this.store.setState({ [loading]: false });
      },
      (error: unknown) => {
        if (this.#isCurrent(generation))
          this.store.setState({ [loading]: false, failedEdge: edge, edgeError: codeOf(error) });
      },
    );
  }

  /** Goes on until there is a row more, or until it is known that there is none. */
  async #grow(edge: Edge, generation: number): Promise<void> {
    for (;;) {
      if (this.#gapAt(edge) && !(await this.#fetchMissing(edge, generation))) return;
      const { chatId, window } = this.store.getState();
      if (!this.#isCurrent(generation) || chatId === undefined) return;
      const anchor = (edge === 'older' ? window.rows[0] : window.rows.at(-1))?.id;
      const kind = edge === 'older' ? 'before' : 'after';
      const page = await this.#api.messages.page(
        anchor === undefined
          ? { kind: 'latest', chatId, limit: PAGE_ROWS }
          : { kind, chatId, anchor, limit: PAGE_ROWS },
      );
      if (!this.#isCurrent(generation)) return;
      this.#join(edge, page);
      if (page.rows.length > 0 || !this.#gapAt(edge)) return;
    }
  }

  #gapAt(edge: Edge): boolean {
    const { gapBefore, gapAfter } = this.store.getState().window;
    return (edge === 'older' ? gapBefore : gapAfter) === true;
  }

  /** @returns false where there is nothing to be fetched */
  async #fetchMissing(edge: Edge, generation: number): Promise<boolean> {
    const { chatId, window } = this.store.getState();
    const first = window.rows[0]?.id;
    const last = window.rows.at(-1)?.id;
    if (chatId === undefined) return false;
    if (edge === 'newer') {
      if (last !== undefined) await this.#api.chats.loadNewer({ chatId, after: last });
      return last !== undefined;
    }
    const { archive } = await this.#api.chats.loadOlder({
      chatId,
      ...(first === undefined ? {} : { before: first }),
    });
    if (archive || !this.#isCurrent(generation)) return true;
    const { window: now } = this.store.getState();
    this.store.setState({ noArchive: true, window: { ...now, hasOlder: false, gapBefore: undefined } });
    return false;
  }

  #join(edge: Edge, page: MessagePage): void {
    const { window, loadingOlder, loadingNewer } = this.store.getState();
    const isOnly = !(loadingOlder && loadingNewer);
    this.store.setState({
      window: this.#settle((edge === 'older' ? addOlder : addNewer)(window, page), isOnly),
    });
  }

  /** False once the reader looks at something else than the answer is about. */
  #isCurrent(generation: number): boolean {
    return this.store.getState().generation === generation;
  }

  /** @param last no other page is under way that may be older than the announced rows */
  #settle(window: TimelineWindow, last = true): TimelineWindow {
    const settled = applyRows(window, this.#meanwhile, this.#atEnd);
    if (last) this.#meanwhile = [];
    return settled;
  }
}
