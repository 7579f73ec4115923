import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ClientApi } from '#shared/api/contract.ts';
import type { SearchHit, SearchPage } from '#shared/api/messages.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { codeOf } from '../api/client.ts';

export type SearchInput = Omit<Parameters<ClientApi['messages']['search']>[0], 'limit' | 'cursor'>;

export interface SearchState {
  /** What was asked for; undefined while nothing is. */
  readonly input: SearchInput | undefined;
  readonly status: 'loading' | 'ready' | 'failed';
  readonly error: ErrorCode | undefined;
  /** The newest first. They stay while the next question is under way, so that nothing flickers. */
  readonly hits: readonly SearchHit[];
  /** There are more, or may be. */
  readonly cursor: string | undefined;
  readonly loadingMore: boolean;
}

const nothing: SearchState = {
  input: undefined,
  status: 'ready',
  error: undefined,
  hits: [],
  cursor: undefined,
  loadingMore: false,
};

const PAGE_HITS = 30;
const MOST_HITS = 100;
/** Rare hits under many candidates come in several steps; so many are made before somebody has to ask on. */
const MAX_STEPS = 20;

/** The search for messages: its hits are held to what happens to the messages meanwhile. */
export class MessageSearch {
  readonly store: StoreApi<SearchState> = createStore<SearchState>(() => nothing);
  readonly #messages: Pick<ClientApi['messages'], 'search'>;
  /** Counts questions: an answer to an older one is not wanted any more. */
  #asked = 0;

  constructor(messages: Pick<ClientApi['messages'], 'search'>) {
    this.#messages = messages;
  }

  /** @param input undefined ends the search */
  search(input: SearchInput | undefined): void {
    this.#asked += 1;
    if (input === undefined) {
      this.store.setState(nothing);
      return;
    }
    this.store.setState({
      input,
      status: 'loading',
      error: undefined,
      cursor: undefined,
      loadingMore: false,
    });
    this.#ask(input, PAGE_HITS);
  }

  /** Asks the same again: to try again, or because what was found has changed. */
  refresh(): void {
    const { input, hits } = this.store.getState();
    if (input === undefined) return;
    this.#asked += 1;
    this.store.setState({ error: undefined, loadingMore: false });
    this.#ask(input, Math.min(MOST_HITS, Math.max(PAGE_HITS, hits.length)));
  }

  /** The next page. */
  more(): void {
    const { input, cursor, loadingMore, hits } = this.store.getState();
    if (input === undefined || cursor === undefined || loadingMore) return;
    const asked = this.#asked;
    this.store.setState({ loadingMore: true, error: undefined });
    this.#pages(input, PAGE_HITS, cursor).then(
      (page) => {
        if (asked !== this.#asked) return;
        const known = new Set(hits.map(({ messageId }) => messageId));
        const fresh = page.hits.filter(({ messageId }) => !known.has(messageId));
        this.store.setState({
          hits: [...this.store.getState().hits, ...fresh],
          cursor: page.cursor,
          loadingMore: false,
        });
      },
      (error: unknown) => {
        if (asked === this.#asked) this.store.setState({ loadingMore: false, error: codeOf(error) });
      },
    );
  }

  /** Messages that were deleted on this computer. */
  remove(ids: readonly MessageId[]): void {
    this.#drop(({ messageId }) => ids.includes(messageId));
  }

  removeChats(ids: readonly ChatId[]): void {
    this.#drop(({ chatId }) => ids.includes(chatId));
  }

  /** Rows that have changed: what was taken back is no hit any more, and what was edited may be none. */
  upsert(rows: readonly MessageView[]): void {
    const { hits } = this.store.getState();
    const changed = rows.filter(({ id }) => hits.some(({ messageId }) => messageId === id));
    if (changed.length === 0) return;
    this.remove(changed.filter(({ retracted }) => retracted === true).map(({ id }) => id));
    if (changed.some(({ editedAt }) => editedAt !== undefined)) this.refresh();
  }

  /** Many messages of a chat have come or gone. */
  invalidate(chatId: ChatId): void {
    const { input, hits } = this.store.getState();
    const isConcerned = input?.chatId === chatId || hits.some((hit) => hit.chatId === chatId);
    if (isConcerned) this.refresh();
  }

  #drop(gone: (hit: SearchHit) => boolean): void {
    const { hits } = this.store.getState();
    const kept = hits.filter((hit) => !gone(hit));
    if (kept.length < hits.length) this.store.setState({ hits: kept });
  }

  #ask(input: SearchInput, limit: number): void {
    const asked = this.#asked;
    this.#pages(input, limit).then(
      ({ hits, cursor }) => {
        if (asked === this.#asked) this.store.setState({ status: 'ready', hits, cursor });
      },
      (error: unknown) => {
        if (asked === this.#asked)
          this.store.setState({ status: 'failed', error: codeOf(error), hits: [], cursor: undefined });
      },
    );
  }

  /** A page with at least one hit, or the last one. */
  async #pages(input: SearchInput, limit: number, from?: string): Promise<SearchPage> {
    const asked = this.#asked;
    let cursor = from;
    for (let step = 1; ; step += 1) {
      const page = await this.#messages.search({
        ...input,
        limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const isEnough = page.hits.length > 0 || page.cursor === undefined || step === MAX_STEPS;
      if (isEnough || asked !== this.#asked) return page;
      cursor = page.cursor;
    }
  }
}
