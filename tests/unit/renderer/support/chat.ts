/** One chat with Nadia, with the messages that a story needs. */
import { fireEvent, screen, within } from '@testing-library/react';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { AccountView, ChatView, MessageView, SettingsView } from '#shared/views.ts';
import { accountIdOf, newChat, newContact, type FakeData } from '#tests/e2e/support/fake-backend.ts';
import { listHistory } from '#tests/e2e/support/fake-history.ts';
import { openChat, openWindow, settle, type TestWindow } from './window.tsx';

export const ada = accountIdOf(1);
export const chatId = 1 as ChatId;
export const NOON = new Date('2027-05-05T12:00:00').getTime();

export const adasAccount: AccountView = {
  id: ada,
  jid: 'ada@example.org',
  enabled: true,
  phase: 'online',
  directTls: false,
  rev: 1,
};

/** A message of Nadia, or with another state one of Ada. */
export const message = (id: number, body: string, change: Partial<MessageView> = {}): MessageView => ({
  id: id as MessageId,
  chatId,
  direction: change.state === undefined || change.state === 'received' ? 'in' : 'out',
  body,
  at: NOON + id * 1000,
  sortAt: NOON + id * 1000,
  state: 'received',
  protection: 'none',
  rev: 1,
  ...change,
});

interface Scene {
  readonly account?: Partial<AccountView>;
  readonly chat?: Partial<ChatView>;
  readonly settings?: Partial<SettingsView>;
  /** What else the application holds. */
  readonly data?: Partial<FakeData>;
  readonly options?: Parameters<typeof openWindow>[1];
}

/** The window with the chat open. */
export const openNadia = async (messages: readonly MessageView[], scene: Scene = {}): Promise<TestWindow> => {
  const opened = await openWindow(
    {
      accounts: [{ ...adasAccount, ...scene.account }],
      contacts: [{ ...newContact(ada, 'nadia@example.org'), name: 'Nadia', devices: 2 }],
      chats: [
        { ...newChat(chatId, ada, 'nadia@example.org', 'Nadia'), activeAt: NOON, ...scene.chat },
        newChat(2 as ChatId, ada, 'jonas@example.org', 'Jonas'),
      ],
      histories: new Map([[chatId, listHistory(messages)]]),
      ...(scene.settings === undefined ? {} : { settings: scene.settings }),
      ...scene.data,
    },
    scene.options,
  );
  if (scene.chat?.standing === 'request') {
    fireEvent.click(screen.getByRole('button', { name: '1 request' }));
    await settle();
  }
  await openChat(/Nadia|نادية/);
  return opened;
};

export const feed = (): HTMLElement => screen.getByRole('feed');

/** The rows of the timeline, oldest first. */
export const articles = (): readonly HTMLElement[] => within(feed()).getAllByRole('article');

export const article = (index: number): HTMLElement => {
  const found = articles()[index];
  if (found === undefined) throw new Error('there is no such row');
  return found;
};
