// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SearchHit } from '#shared/api/messages.ts';
import { AppError } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import { newContact } from '#tests/e2e/support/fake-backend.ts';
import { ada, article, chatId, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows, settle, type TestWindow } from './support/window.tsx';

/** The search as somebody uses it who has one chat with Nadia and one with Jonas. */
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: NOON }));
afterEach(() => {
  closeWindows();
  vi.useRealTimers();
});

const DAY = 86_400_000;
const hit = (id: number, snippet: string, change: Partial<SearchHit> = {}): SearchHit => ({
  messageId: id as MessageId,
  chatId,
  accountId: ada,
  at: NOON - id * DAY,
  mine: false,
  snippet,
  cutBefore: false,
  cutAfter: false,
  matches: [{ start: 0, end: 3 }],
  ...change,
});

type Search = (input: { query: string; cursor?: string | undefined }) => unknown;

const open = (search: Search): Promise<TestWindow> =>
  openNadia([message(1, 'one'), message(2, 'two'), message(3, 'three')], {
    options: { overrides: { messages: { search: search as never } } },
  });

const box = (): HTMLInputElement => screen.getByRole('textbox', { name: /^Search chats/ });
const type = async (text: string): Promise<void> => {
  fireEvent.change(box(), { target: { value: text } });
  await act(() => new Promise<void>((resolve) => void setTimeout(resolve, 150)));
  await settle();
};
const press = async (key: string, init: object = {}): Promise<void> => {
  fireEvent.keyDown(document.activeElement ?? document.body, { key, ...init });
  await settle();
  await act(() => new Promise<void>((resolve) => void requestAnimationFrame(() => resolve())));
};
const rows = (): readonly (string | null)[] =>
  [...document.querySelectorAll('[data-region=list] [data-row]')].map((row) => row.textContent);
const hits = (): readonly (string | undefined)[] =>
  [...document.querySelectorAll('mark')].map((mark) => mark.parentElement?.textContent ?? undefined);

describe('the search', () => {
  it('finds chats, contacts and messages, the newest first, with what was found marked', async () => {
    const { backend } = await open(() => ({
      hits: [hit(0, 'one today'), hit(40, 'one long ago', { mine: true, cutAfter: true })],
    }));
    act(() => {
      backend.contacts = [...backend.contacts, { ...newContact(ada, 'nadine@example.org'), name: 'Nadine' }];
      backend.emit('contacts.upserted', { rows: backend.contacts.map((row) => ({ ...row, rev: 99 })) });
    });
    await settle();
    await type('nad');
    expect(screen.getAllByRole('heading', { level: 2 }).map(({ textContent }) => textContent)).toEqual([
      'Chats',
      'Contacts',
      'Messages',
    ]);
    expect(within(screen.getByRole('list', { name: 'List of chats' })).getAllByRole('button').length).toBe(1);
    expect(screen.getAllByRole('heading', { level: 3 }).map(({ textContent }) => textContent)).toEqual([
      'Today',
      'March 2027',
    ]);
    expect(hits()).toEqual(['Nadia: one today', 'You: one long ago …']);
    expect(document.querySelector('mark')?.textContent).toBe('one');
    expect(screen.getByText('2 messages found')).toBeDefined();
  });

  it('leads to the message, and Escape back to where one was', async () => {
    await open(() => ({ hits: [hit(1, 'one')] }));
    document.getElementById('composer')?.focus();
    await press('F', { ctrlKey: true, shiftKey: true });
    expect(document.activeElement).toBe(box());
    await type('one');
    await press('ArrowDown');
    expect(document.activeElement?.textContent).toContain('Nadia: one');
    await press('ArrowUp');
    expect(document.activeElement).toBe(box());
    fireEvent.click(document.querySelector('mark')?.closest('button') ?? document.body);
    await settle();
    expect(document.activeElement).toBe(article(0));
    expect(box().value).toBe('one');
    act(() => box().focus());
    await press('Escape');
    expect(box().value).toBe('');
    await vi.waitFor(() => expect(document.activeElement?.id).toBe('composer'));
  });

  it('shows more results where there are, also behind pages without any', async () => {
    const { backend } = await open(({ cursor }) => {
      if (cursor === undefined) return { hits: [hit(1, 'one')], cursor: 'a' };
      return cursor === 'a' ? { hits: [], cursor: 'b' } : { hits: [hit(2, 'two')] };
    });
    await type('o');
    expect(rows().at(-1)).toBe('More results');
    fireEvent.click(screen.getByRole('button', { name: 'More results' }));
    await settle();
    expect(hits()).toEqual(['Nadia: one', 'Nadia: two']);
    expect(screen.queryByRole('button', { name: 'More results' })).toBeNull();
    expect(backend.callsOf('messages.search').length).toBe(3);
  });

  it('never shows what was deleted, taken back or edited meanwhile', async () => {
    let found = [hit(1, 'one'), hit(2, 'two'), hit(3, 'three')];
    const { backend } = await open(() => ({ hits: found }));
    await type('xyz');
    act(() => backend.emit('messages.removed', { chatId, messageIds: [1 as MessageId] }));
    await settle();
    expect(hits()).toEqual(['Nadia: two', 'Nadia: three']);
    act(() => void backend.changeMessage(message(2, 'two'), { body: '', retracted: true }));
    await settle();
    expect(hits()).toEqual(['Nadia: three']);
    found = [];
    act(() => void backend.changeMessage(message(3, 'three'), { body: 'drei', editedAt: NOON }));
    await settle();
    expect(hits()).toEqual([]);
    expect(screen.getByText('Nothing found')).toBeDefined();
  });

  it('forgets the hits of a chat that goes', async () => {
    const { backend } = await open(() => ({
      hits: [hit(1, 'one'), hit(9, 'nine', { chatId: 2 as ChatId })],
    }));
    await type('xyz');
    act(() => backend.emit('chats.removed', { chatId: 2 as ChatId }));
    await settle();
    expect(hits()).toEqual(['Nadia: one']);
  });

  it('an answer to an older question is not shown', async () => {
    const answers = new Map<string, (answer: unknown) => void>();
    await open(({ query }) => new Promise((resolve) => answers.set(query, resolve)));
    await type('old');
    await type('new');
    answers.get('new')?.({ hits: [hit(2, 'new')] });
    await settle();
    answers.get('old')?.({ hits: [hit(1, 'old')] });
    await settle();
    expect(hits()).toEqual(['Nadia: new']);
  });

  it('says that it failed, and tries again', async () => {
    let broken = true;
    await open(() => {
      if (broken) throw new AppError('storage', 'for the log');
      return { hits: [hit(1, 'one')] };
    });
    await type('one');
    expect(screen.getByRole('alert').textContent).toContain('cannot be read');
    broken = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(hits()).toEqual(['Nadia: one']);
  });
});

describe('operators', () => {
  it('are offered, typed by a press, and completed by the keyboard', async () => {
    const { backend } = await open(() => ({ hits: [] }));
    await press('k', { ctrlKey: true });
    const hints = within(screen.getByRole('group', { name: 'Narrow the search' })).getAllByRole('button');
    expect(hints.map(({ textContent }) => textContent)).toEqual([
      'in: in a chat',
      'from: from somebody',
      'before: before a day',
      'after: since a day',
      'has:file with a file',
    ]);
    fireEvent.click(hints[0] ?? document.body);
    await settle();
    expect(box().value).toBe('in:');
    expect(screen.getByText(/What comes after/)).toBeDefined();
    await type('in:jo');
    await press('Enter');
    expect(box().value).toBe('in:Jonas ');
    await type('in:Jonas hello');
    expect(backend.callsOf('messages.search')).toMatchObject([
      { query: '', chatId: 2 },
      { query: 'hello', chatId: 2 },
    ]);
  });

  it('that cannot be understood say why, and nothing is asked', async () => {
    const { backend } = await open(() => ({ hits: [] }));
    await type('before:soon hello');
    expect(screen.getByText(/before:soon.* is no date\. Write it as/)).toBeDefined();
    await type('from:nobody hello');
    expect(screen.getByText(/^Nobody fits/)).toBeDefined();
    expect(backend.callsOf('messages.search')).toEqual([]);
  });

  it('begin with the open chat by Ctrl+F, and without it by Ctrl+Shift+F', async () => {
    const { backend } = await open(() => ({ hits: [] }));
    await press('f', { ctrlKey: true });
    expect(box().value).toBe('in:Nadia ');
    expect([box().selectionStart, box().selectionEnd]).toEqual([9, 9]);
    await type('in:Nadia hello');
    expect(backend.callsOf('messages.search').at(-1)).toMatchObject({ query: 'hello', chatId });
    await press('F', { ctrlKey: true, shiftKey: true });
    expect(box().value).toBe('hello');
  });
});
