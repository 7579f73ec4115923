import type { Snapshot } from '#shared/api/app.ts';
import type { ClientApi } from '#shared/api/contract.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { codeOf, createClient, type Client } from '../api/client.ts';
import type { Link } from '../api/link.ts';
import { createChatsStore, type ChatsStore } from './chats.ts';
import { createCompose, type Compose } from './compose.ts';
import { createDrafts, type Drafts } from './drafts.ts';
import { createEncryptionStore, type EncryptionStore } from './encryption.ts';
import { applySnapshot, routeEvents, type EventTargets } from './events.ts';
import { createPeopleStore, type PeopleStore } from './people.ts';
import { MessageSearch } from './search.ts';
import { createSessionStore, type SessionStore } from './session.ts';
import { Timeline } from './timeline.ts';
import { addNotice, createUiStore, type OpenDialog, type UiStore, type View } from './ui.ts';

/** Everything that the components work with, built once by hand. */
export interface App {
  readonly api: ClientApi;
  readonly link: Link;
  readonly session: SessionStore;
  readonly people: PeopleStore;
  readonly chats: ChatsStore;
  readonly timeline: Timeline;
  readonly search: MessageSearch;
  readonly encryption: EncryptionStore;
  readonly drafts: Drafts;
  readonly compose: Compose;
  readonly ui: UiStore;
  /** Asks main for everything again; also the way to try again after a failure. */
  readonly refresh: () => void;
  /** Takes over an answer that is a snapshot. */
  readonly adopt: (snapshot: Snapshot) => void;
  /** @param at a message to begin with */
  readonly openChat: (chatId: ChatId, at?: MessageId) => void;
  readonly closeChat: () => void;
  readonly show: (view: View) => void;
  readonly openDialog: (dialog: OpenDialog | undefined) => void;
  /** Puts a text before what is written in the box of a chat. */
  readonly putIntoBox: (chatId: ChatId, text: string) => void;
  /**
   * Sends what stands in the box of a chat, as the answer that it is, if it is one.
   * @param sendAt not before this time
   */
  readonly sendBox: (chatId: ChatId, sendAt?: number) => Promise<void>;
  /** Takes a message back that has not left; its text goes back into the box. */
  readonly withdraw: (message: MessageView) => Promise<void>;
  /** Runs a command whose failure has no place of its own: its sentence appears in the corner. */
  readonly run: (command: Promise<unknown>) => void;
}

/** Joins link, stores and events. Nothing happens before the link opens. */
export const createApp = (link: Link): App => {
  const client = createClient(link);
  const { api } = client;
  const session = createSessionStore(link.state());
  const people = createPeopleStore();
  const chats = createChatsStore();
  const ui = createUiStore();
  const timeline = new Timeline(api);
  const search = new MessageSearch(api.messages);
  const encryption = createEncryptionStore();
  const drafts = createDrafts(api, (row) => {
    timeline.upsert([row]);
    // Whoever writes wants to see it: at the end of the history.
    if (timeline.store.getState().chatId === row.chatId) timeline.jumpToLatest();
  });
  const compose = createCompose(api.messages, (row) => timeline.upsert([row]));
  const run: App['run'] = (command) => void command.catch((error: unknown) => addNotice(ui, codeOf(error)));
  const chatActions = createChatActions({ chats, drafts, timeline, ui, run });

  const targets: EventTargets = {
    session,
    people,
    chats,
    timeline,
    search,
    encryption,
    onAppChanged: () => refresh(),
    onChatsRemoved: (ids) => {
      if (ids.some((id) => id === ui.getState().chatId)) chatActions.closeChat();
    },
  };
  const adopt = (snapshot: Snapshot): void => {
    applySnapshot(targets, snapshot);
    // A link waits for one window only; until somebody has answered it, it stays with this one.
    if (snapshot.ready && snapshot.link !== undefined) ui.setState({ deepLink: snapshot.link });
    if (ui.getState().chatId !== undefined) timeline.reload();
    search.refresh();
  };
  const refresh = createRefresh(client, targets, adopt);

  link.onState((state) => {
    session.setState({ link: state });
    if (state === 'open') refresh();
  });
  if (link.state() === 'open') refresh();

  return {
    ...{ api, link, session, people, chats, timeline, search, encryption },
    ...{ drafts, compose, ui, refresh, adopt },
    ...chatActions,
    ...createBoxActions({ api, chats, compose, drafts, timeline }),
    show: (view) => ui.setState({ view, dialog: undefined }),
    openDialog: (dialog) => ui.setState({ dialog }),
    run,
  };
};

/** Opening and leaving a chat: its timeline, its draft and the selection go together. */
const createChatActions = ({
  chats,
  drafts,
  timeline,
  ui,
  run,
}: Pick<App, 'chats' | 'drafts' | 'timeline' | 'ui' | 'run'>): Pick<App, 'openChat' | 'closeChat'> => ({
  openChat: (chatId, at) => {
    const chat = chats.getState().chats.get(chatId);
    if (chat === undefined) return;
    ui.setState({ view: 'chats', dialog: undefined, searching: false });
    if (ui.getState().chatId === chatId) {
      if (at !== undefined) run(timeline.jumpTo(at));
      return;
    }
    drafts.flush();
    ui.setState({ chatId });
    timeline.open(chat, at);
  },
  closeChat: () => {
    drafts.flush();
    timeline.close();
    ui.setState({ chatId: undefined });
  },
});

const createBoxActions = ({
  api,
  chats,
  compose,
  drafts,
  timeline,
}: Pick<App, 'api' | 'chats' | 'compose' | 'drafts' | 'timeline'>): Pick<
  App,
  'putIntoBox' | 'sendBox' | 'withdraw'
> => {
  const textOf = (chatId: ChatId): string =>
    drafts.store.getState().get(chatId)?.text ?? chats.getState().chats.get(chatId)?.draft ?? '';
  const putIntoBox = (chatId: ChatId, text: string): void => {
    const written = textOf(chatId);
    const gap = written === '' || text.endsWith('\n') ? '' : '\n';
    drafts.write(chatId, `${text}${gap}${written}`);
  };
  return {
    putIntoBox,
    sendBox: async (chatId, sendAt) => {
      const mode = compose.store.getState().get(chatId);
      const answered = mode?.kind === 'reply' ? mode.message : undefined;
      if (answered !== undefined) compose.cancel(chatId);
      const taken = await drafts.send(chatId, textOf(chatId), {
        ...(answered === undefined ? {} : { replyTo: answered.id }),
        ...(sendAt === undefined ? {} : { sendAt }),
      });
      // The text is back, and with it what it answers, unless something else has begun meanwhile.
      if (!taken && answered !== undefined && !compose.store.getState().has(chatId)) compose.reply(answered);
    },
    withdraw: async ({ id, chatId }) => {
      const answer = await api.messages.cancel({ messageId: id });
      // It has left meanwhile: its row says so.
      if (!answer.withdrawn) return;
      timeline.remove(chatId, [id]);
      putIntoBox(chatId, answer.text);
      const { rows } = timeline.store.getState().window;
      const answered = rows.find((row) => row.id === answer.replyTo);
      if (answered !== undefined) compose.reply(answered);
    },
  };
};

/**
 * Asks for the snapshot. What main announces meanwhile is applied at once and once more after the answer:
 * the answer may be older.
 */
const createRefresh = (
  { api, onEvent }: Client,
  targets: EventTargets,
  adopt: (snapshot: Snapshot) => void,
): (() => void) => {
  const route = routeEvents(targets);
  let asked = 0;
  let meanwhile: (() => void)[] = [];
  onEvent((name, payload) => {
    route(name, payload);
    if (asked > 0 && name !== 'app.changed') meanwhile.push(() => route(name, payload));
  });
  const settle = (act: () => void): void => {
    asked -= 1;
    act();
    for (const again of meanwhile) again();
    if (asked === 0) meanwhile = [];
  };
  return () => {
    asked += 1;
    api.app.snapshot({}).then(
      (snapshot) => settle(() => adopt(snapshot)),
      (error: unknown) => settle(() => failed(targets, error)),
    );
  };
};

/** A lost link asks again by itself as soon as it is back. */
const failed = ({ session }: EventTargets, error: unknown): void => {
  if (codeOf(error) !== 'disconnected') session.setState({ phase: { kind: 'failed', code: codeOf(error) } });
};
