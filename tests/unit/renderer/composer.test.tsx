// @vitest-environment happy-dom
import { act, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { MAX_BODY_LENGTH } from '#shared/limits.ts';
import type { MessageView } from '#shared/views.ts';
import { articles, chatId, message, openNadia } from './support/chat.ts';
import { closeWindows, openChat, settle } from './support/window.tsx';

const box = (): HTMLTextAreaElement =>
  screen.getByRole<HTMLTextAreaElement>('textbox', { name: /Message to/ });
const write = (text: string): void => {
  fireEvent.change(box(), { target: { value: text } });
};
const press = (key: string, init: object = {}): void => {
  fireEvent.keyDown(box(), { key, ...init });
};

beforeEach(() => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});
afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

describe('the composer', () => {
  it('sends by Enter and keeps the focus', async () => {
    const { backend } = await openNadia([]);
    write('Hello');
    press('Enter');
    await settle();
    expect(backend.callsOf('messages.send')).toEqual([{ chatId: 1, text: 'Hello' }]);
    expect(box().value).toBe('');
    expect(document.activeElement).toBe(box());
    expect(articles().at(-1)?.textContent).toContain('You: Hello');
  });

  it('breaks the line by Shift and Enter, and leaves Enter to an input method that composes', async () => {
    const { backend } = await openNadia([]);
    write('line');
    press('Enter', { shiftKey: true });
    press('Enter', { isComposing: true });
    press('Enter', { keyCode: 229 });
    await settle();
    expect(backend.callsOf('messages.send')).toEqual([]);
    expect(box().value).toBe('line');
  });

  it('runs in the direction of the window until something is written, then in that of the text', async () => {
    await openNadia([]);
    expect(box().hasAttribute('dir')).toBe(false);
    write('مرحبا');
    expect(box().getAttribute('dir')).toBe('auto');
  });

  it('sends nothing that is only blanks', async () => {
    const { backend } = await openNadia([]);
    write('  \n ');
    press('Enter');
    await settle();
    expect(backend.callsOf('messages.send')).toEqual([]);
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true);
  });

  it('brings the text back when sending fails, with the reason, and sends it again', async () => {
    let full = true;
    const send = (): MessageView => {
      if (full) throw new AppError('disk-full', 'for the log');
      return message(9, 'Keep me', { state: 'queued' });
    };
    const { backend } = await openNadia([], { options: { overrides: { messages: { send } } } });
    write('Keep me');
    press('Enter');
    await settle();
    expect(box().value).toBe('Keep me');
    expect(screen.getByRole('alert').textContent).toContain('The disk is full.');
    full = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(box().value).toBe('');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(backend.callsOf('messages.send')).toHaveLength(2);
  });

  it('keeps a text while its chat is left, and the draft that main has', async () => {
    const { backend } = await openNadia([], { chat: { draft: 'from yesterday' } });
    expect(box().value).toBe('from yesterday');
    write('from yesterday and today');
    await openChat(/Jonas/);
    expect(box().value).toBe('');
    expect(backend.callsOf('chats.setDraft')).toEqual([{ chatId: 1, text: 'from yesterday and today' }]);
    expect(screen.getByRole('button', { name: /Nadia/ }).textContent).toContain(
      'Draft: from yesterday and today',
    );
    await openChat(/Nadia/);
    expect(box().value).toBe('from yesterday and today');
  });

  it('stores the draft when the window goes', async () => {
    const { backend } = await openNadia([]);
    write('half a tho');
    act(() => void window.dispatchEvent(new Event('pagehide')));
    await settle();
    expect(backend.callsOf('chats.setDraft')).toEqual([{ chatId: 1, text: 'half a tho' }]);
  });

  it('says how much is too much, and does not send it', async () => {
    const { backend } = await openNadia([]);
    write('x'.repeat(MAX_BODY_LENGTH + 12));
    press('Enter');
    await settle();
    expect(screen.getByText('12 characters too many. Send it in parts.')).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(backend.callsOf('messages.send')).toEqual([]);
    write('x'.repeat(MAX_BODY_LENGTH - 1));
    expect(screen.getByText('1 character left')).toBeTruthy();
  });

  it('tells the other side when writing begins and ends, once each', async () => {
    const { backend } = await openNadia([]);
    write('H');
    write('He');
    write('');
    write('He');
    press('Enter');
    await settle();
    expect(backend.callsOf('chats.setTyping')).toEqual(
      [true, false, true, false].map((typing) => ({ chatId: 1, typing })),
    );
  });

  it('ends the writing after five idle seconds, and when the chat is left', async () => {
    const { backend } = await openNadia([]);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    write('Hello');
    vi.advanceTimersByTime(4_999);
    expect(backend.callsOf('chats.setTyping')).toHaveLength(0);
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    await settle();
    expect(backend.callsOf('chats.setTyping')).toEqual([
      { chatId: 1, typing: true },
      { chatId: 1, typing: false },
    ]);
    write('Hello again');
    await openChat(/Jonas/);
    expect(backend.callsOf('chats.setTyping').at(-1)).toEqual({ chatId: 1, typing: false });
  });

  it('tells nobody where the settings say so', async () => {
    const { backend } = await openNadia([], { settings: { sendTyping: false } });
    write('secretly');
    await settle();
    expect(backend.callsOf('chats.setTyping')).toEqual([]);
  });

  it('shows that the other side is writing', async () => {
    const { backend } = await openNadia([]);
    await act(async () => {
      backend.changeChat(chatId, { typing: true });
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(screen.getByText(/Nadia.* is typing…/)).toBeTruthy();
    expect(screen.getByRole('button', { name: /Nadia.*typing…/ })).toBeTruthy();
  });
});
