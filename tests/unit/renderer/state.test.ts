// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/errors.ts';
import type { ChatId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { dropRows, replaceRows, upsertRows } from '#renderer/state/rows.ts';
import { fold, visibleChats } from '#renderer/state/chats.ts';
import { accountIdOf, newChat, newContact } from '#tests/e2e/support/fake-backend.ts';
import { listHistory } from '#tests/e2e/support/fake-history.ts';
import { closeWindows, openApp } from './support/window.tsx';

afterEach(closeWindows);

const ada = accountIdOf(1);
const work = accountIdOf(2);
const id = (value: number): ChatId => value as ChatId;

const account = (accountId: typeof ada, jid: string) =>
  ({ id: accountId, jid, enabled: true, phase: 'online', directTls: false, rev: 1 }) as const;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('rows with a rev', () => {
  const row = (key: string, rev: number) => ({ key, rev });
  const keyOf = ({ key }: { key: string }): string => key;

  it('gives way to a newer one and ignores an older or equal one', () => {
    const before = replaceRows([row('a', 5), row('b', 5)], keyOf);
    const after = upsertRows(before, [row('a', 6), row('b', 4), row('b', 5), row('c', 1)], keyOf);
    expect([...after.values()]).toEqual([row('a', 6), row('b', 5), row('c', 1)]);
  });

  it('takes the newest of several changes in one batch, in whichever order', () => {
    expect(upsertRows(new Map(), [row('a', 7), row('a', 6)], keyOf).get('a')).toEqual(row('a', 7));
  });

  it('stays the same map where nothing changes, so that nothing is drawn again', () => {
    const before = replaceRows([row('a', 5)], keyOf);
    expect(upsertRows(before, [row('a', 5)], keyOf)).toBe(before);
    expect(dropRows(before, () => false)).toBe(before);
    expect(dropRows(before, () => true).size).toBe(0);
  });
});

describe('the stores', () => {
  it('are filled by the snapshot and kept by events', async () => {
    const { app, backend } = openApp({
      accounts: [account(ada, 'ada@example.org')],
      chats: [
        { ...newChat(id(1), ada, 'b@example.org', 'Bo'), activeAt: 10 },
        newChat(id(2), ada, 'c@example.org', 'Cy'),
      ],
    });
    await turns();
    expect(app.session.getState().phase.kind).toBe('ready');
    expect(app.chats.getState().order).toEqual([1, 2]);
    backend.changeChat(id(2), { activeAt: 20, unread: 1 });
    await turns();
    expect(app.chats.getState().order).toEqual([2, 1]);
    expect(app.chats.getState().chats.get(id(2))?.unread).toBe(1);
  });

  it('keep the identity of the order while only the content of a row changes', async () => {
    const { app, backend } = openApp({ chats: [newChat(id(1), ada, 'b@example.org', 'Bo')] });
    await turns();
    const { order } = app.chats.getState();
    backend.changeChat(id(1), { typing: true });
    await turns();
    expect(app.chats.getState().order).toBe(order);
  });

  it('lose an account with its contacts, requests and chats, and leave the open chat', async () => {
    const { app, backend } = openApp({
      accounts: [account(ada, 'ada@example.org'), account(work, 'ada@work.example')],
      contacts: [newContact(ada, 'b@example.org'), newContact(work, 'b@example.org')],
      requests: [{ accountId: work, jid: 'x@example.org', name: 'X', text: '', at: 1 }],
      chats: [newChat(id(1), ada, 'b@example.org', 'Bo'), newChat(id(2), work, 'b@example.org', 'Bo')],
    });
    await turns();
    app.openChat(id(2));
    backend.emit('accounts.removed', { accountId: work });
    await turns();
    expect([...app.people.getState().accounts.keys()]).toEqual([ada]);
    expect([...app.people.getState().contacts.values()].map(({ accountId }) => accountId)).toEqual([ada]);
    expect(app.people.getState().requests).toEqual([]);
    expect(app.chats.getState().order).toEqual([1]);
    expect(app.ui.getState().chatId).toBeUndefined();
  });

  it('believe events that came while a snapshot was under way over the snapshot', async () => {
    let answer = (): void => undefined;
    let first = true;
    const { app, backend, disconnect } = openApp(
      { chats: [newChat(id(1), ada, 'b@example.org', 'Bo')] },
      {
        app: {
          snapshot: () => {
            const old = backend.snapshot();
            if (first) {
              first = false;
              return old;
            }
            return new Promise((resolve) => {
              answer = () => resolve(old);
            });
          },
        },
      },
    );
    await turns();
    disconnect();
    await vi.waitFor(() => expect(backend.callsOf('app.snapshot').length).toBe(2));
    backend.changeChat(id(1), { unread: 7 });
    await turns();
    answer();
    await turns();
    expect(app.chats.getState().chats.get(id(1))?.unread).toBe(7);
  });

  it('drop what a snapshot after a lost connection no longer names', async () => {
    const { app, backend, disconnect } = openApp({
      chats: [newChat(id(1), ada, 'b@example.org', 'Bo'), newChat(id(2), ada, 'c@example.org', 'Cy')],
    });
    await turns();
    app.openChat(id(2));
    backend.chats.delete(id(2));
    disconnect();
    await vi.waitFor(() => expect(app.chats.getState().order).toEqual([1]));
    expect(app.ui.getState().chatId).toBeUndefined();
  });

  it('ignore announcements that this window does not know, and frames that are none', async () => {
    const { app, backend } = openApp({ chats: [newChat(id(1), ada, 'b@example.org', 'Bo')] });
    await turns();
    backend.emit('constructor' as never, { rows: [] } as never);
    backend.emit('weather.changed' as never, {} as never);
    await turns();
    expect(app.session.getState().phase.kind).toBe('ready');
  });

  it('keep a link that the system handed over, also through a second snapshot', async () => {
    let handed = false;
    const { app, backend } = openApp(
      {},
      {
        app: {
          snapshot: () => {
            const snapshot = backend.snapshot();
            if (!snapshot.ready || handed) return snapshot;
            handed = true;
            return { ...snapshot, link: { jid: 'b@example.org', action: 'message', parameters: {} } };
          },
        },
      },
    );
    await turns();
    app.refresh();
    await turns();
    expect(app.ui.getState().deepLink?.jid).toBe('b@example.org');
  });
});

describe('the list of chats', () => {
  const chats = [
    { ...newChat(id(1), ada, 'zoe@example.org', 'Zoë Brontë'), activeAt: 3 },
    { ...newChat(id(2), ada, 'b@example.net', 'Bo'), activeAt: 2, unread: 2 },
    { ...newChat(id(3), ada, 'c@example.org', 'Cy'), activeAt: 1 },
  ];
  const state = { chats: replaceRows(chats, (row) => row.id), order: chats.map((row) => row.id) };
  const ids = (query: string, unreadOnly = false, keep?: ChatId): readonly ChatId[] =>
    visibleChats(state, { query, unreadOnly, keep });

  it('finds by words of name or address, whatever case and accents', () => {
    expect(ids('zoe BRONTE')).toEqual([1]);
    expect(ids('example.org')).toEqual([1, 3]);
    expect(ids('bronte net')).toEqual([]);
    expect(fold('ÄÖÜ é')).toBe('aou e');
  });

  it('shows only unread chats, and the open one although it was read just now', () => {
    expect(ids('', true)).toEqual([2]);
    expect(ids('', true, id(3))).toEqual([2, 3]);
  });
});

describe('drafts', () => {
  const open = (overrides: Parameters<typeof openApp>[1] = {}) =>
    openApp(
      {
        chats: [newChat(id(1), ada, 'b@example.org', 'Bo'), newChat(id(2), ada, 'c@example.org', 'Cy')],
        histories: new Map([[id(1), listHistory([])]]),
      },
      overrides,
    );

  it('are stored a moment after the last keystroke, and at once when the chat is left', async () => {
    const { app, backend } = open();
    await turns();
    app.openChat(id(1));
    app.drafts.write(id(1), 'H');
    app.drafts.write(id(1), 'He');
    expect(backend.callsOf('chats.setDraft')).toEqual([]);
    app.openChat(id(2));
    await turns();
    expect(backend.callsOf('chats.setDraft')).toEqual([{ chatId: 1, text: 'He' }]);
  });

  it('are empty after sending, with the message in the timeline', async () => {
    const { app, backend } = open();
    await turns();
    app.openChat(id(1));
    await turns();
    app.drafts.write(id(1), 'Hello');
    await app.drafts.send(id(1), 'Hello');
    await turns();
    expect(app.drafts.store.getState().get(id(1))?.text).toBe('');
    expect(app.timeline.store.getState().window.rows.map(({ body }) => body)).toEqual(['Hello']);
    expect(backend.callsOf('chats.setDraft').at(-1)).toEqual({ chatId: 1, text: '' });
  });

  it('come back with the reason when main refuses, before what was written since', async () => {
    const { app } = open({
      messages: {
        send: () => {
          throw new AppError('disk-full', 'no room');
        },
      },
    });
    await turns();
    const sending = app.drafts.send(id(1), 'First');
    app.drafts.write(id(1), 'second');
    await sending;
    expect(app.drafts.store.getState().get(id(1))).toEqual({ text: 'First\nsecond', error: 'disk-full' });
  });

  it('come back when the connection is lost while sending, also in a chat that is no longer open', async () => {
    const { app, disconnect } = open({ messages: { send: () => new Promise<MessageView>(() => undefined) } });
    await turns();
    app.openChat(id(1));
    const sending = app.drafts.send(id(1), 'Do not lose me');
    app.openChat(id(2));
    disconnect();
    await sending;
    expect(app.drafts.store.getState().get(id(1))).toEqual({ text: 'Do not lose me', error: 'disconnected' });
  });

  it('stay with main as long as main does not have the message', async () => {
    let arrive = (): void => undefined;
    const { app, backend } = open({
      messages: {
        send: ({ chatId, text }) =>
          new Promise((resolve) => {
            arrive = () => resolve(backend.addMessage(chatId, { body: text, direction: 'out' }));
          }),
      },
    });
    await turns();
    const sending = app.drafts.send(id(1), 'On its way');
    app.drafts.write(id(1), 'next');
    app.drafts.flush();
    await turns();
    expect(backend.callsOf('chats.setDraft')).toEqual([{ chatId: 1, text: 'On its way\nnext' }]);
    arrive();
    await sending;
    await turns();
    expect(backend.callsOf('chats.setDraft').at(-1)).toEqual({ chatId: 1, text: 'next' });
  });

  it('lose what XML cannot carry, and nothing else', async () => {
    const { app, backend } = open();
    await turns();
    await app.drafts.send(id(1), 'a\u0000b\u0007\r\nc\uD800 👍\t');
    expect(backend.callsOf('messages.send')).toEqual([{ chatId: 1, text: 'ab\nc\uFFFD 👍\t' }]);
  });
});
