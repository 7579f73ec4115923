import type { Snapshot } from '#shared/api/app.ts';
import type { ClientApi } from '#shared/api/contract.ts';
import type { ChatId } from '#shared/ids.ts';
import { codeOf, createClient } from '../api/client.ts';
import type { Link } from '../api/link.ts';
import { createChatsStore, type ChatsStore } from './chats.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import { applySnapshot, routeEvents, type EventTargets } from './events.ts';
import { createPeopleStore, type PeopleStore } from './people.ts';
import { createSessionStore, type SessionStore } from './session.ts';
import { createTimeline, type Timeline } from './timeline.ts';
import { addNotice, createUiStore, type OpenDialog, type UiStore, type View } from './ui.ts';

/** Everything that the components work with, built once by hand. */
export interface App {
  readonly api: ClientApi;
  readonly link: Link;
  readonly session: SessionStore;
  readonly people: PeopleStore;
  readonly chats: ChatsStore;
  readonly timeline: Timeline;
  readonly drafts: Drafts;
  readonly ui: UiStore;
  /** Asks main for everything again; also the way to try again after a failure. */
  refresh(): void;
  /** Takes over an answer that is a snapshot. */
  adopt(snapshot: Snapshot): void;
  openChat(chatId: ChatId): void;
  closeChat(): void;
  show(view: View): void;
  openDialog(dialog: OpenDialog | undefined): void;
  /** Runs a command whose failure has no place of its own: its sentence appears in the corner. */
  run(command: Promise<unknown>): void;
}

/** Joins link, stores and events. Nothing happens before the link opens. */
export const createApp = (link: Link): App => {
  const client = createClient(link);
  const { api } = client;
  const session = createSessionStore(link.state());
  const people = createPeopleStore();
  const chats = createChatsStore();
  const ui = createUiStore();
  const timeline = createTimeline(api.messages);
  const drafts = createDrafts(api, (row) => {
    timeline.upsert([row]);
    // Whoever writes wants to see it: at the end of the history.
    if (timeline.store.getState().chatId === row.chatId) timeline.jumpToLatest();
  });

  const closeChat = (): void => {
    drafts.flush();
    timeline.close();
    ui.setState({ chatId: undefined });
  };

  const targets: EventTargets = {
    session,
    people,
    chats,
    timeline,
    onAppChanged: () => refresh(),
    onChatsRemoved: (ids) => {
      if (ids.some((id) => id === ui.getState().chatId)) closeChat();
    },
  };

  const adopt = (snapshot: Snapshot): void => {
    applySnapshot(targets, snapshot);
    if (ui.getState().chatId !== undefined) timeline.reload();
  };

  const refresh = createRefresh(api, session, targets, client.onEvent, adopt);

  link.onState((state) => {
    session.setState({ link: state });
    if (state === 'open') refresh();
  });
  if (link.state() === 'open') refresh();

  return {
    api, link, session, people, chats, timeline, drafts, ui, refresh, adopt, closeChat,
    openChat: (chatId) => {
      const chat = chats.getState().chats.get(chatId);
      if (chat === undefined) return;
      ui.setState({ view: 'chats', dialog: undefined });
      if (ui.getState().chatId === chatId) return;
      drafts.flush();
      ui.setState({ chatId });
      timeline.open(chat);
    },
    show: (view) => ui.setState({ view, dialog: undefined }),
    openDialog: (dialog) => ui.setState({ dialog }),
    run: (command) => void command.catch((error: unknown) => addNotice(ui, codeOf(error))),
  };
};

/**
 * Asks for the snapshot. What main announces meanwhile is applied at once and once more after the answer:
 * the answer may be older.
 */
const createRefresh = (
  api: ClientApi,
  session: SessionStore,
  targets: EventTargets,
  onEvent: ReturnType<typeof createClient>['onEvent'],
  adopt: (snapshot: Snapshot) => void,
): (() => void) => {
  const route = routeEvents(targets);
  let asked = 0;
  let meanwhile: (() => void)[] = [];
  onEvent((name, payload) => {
    route(name, payload);
    if (asked > 0 && name !== 'app.changed') meanwhile.push(() => route(name, payload));
  });
  return () => {
    asked += 1;
    const settle = (act: () => void): void => {
      asked -= 1;
      // Of several answers only the last one counts; it is the newest.
      if (asked > 0) return;
      act();
      const replay = meanwhile;
      meanwhile = [];
      for (const again of replay) again();
    };
    api.app.snapshot({}).then(
      (snapshot) => settle(() => adopt(snapshot)),
      (error: unknown) =>
        settle(() => {
          // A lost link asks again by itself as soon as it is back.
          if (codeOf(error) === 'disconnected') return;
          session.setState({ phase: { kind: 'failed', code: codeOf(error) } });
        }),
    );
  };
};
