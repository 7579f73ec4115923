// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '#shared/errors.ts';
import type { MessageId } from '#shared/ids.ts';
import type { ChatStanding, MessageView } from '#shared/views.ts';
import { actionsFor, canRetract, quoted } from '#renderer/features/timeline/actions.ts';
import { article, articles, chatId, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

beforeEach(() => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});
afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const box = (): HTMLTextAreaElement => screen.getByRole('textbox', { name: /message to/i });

const write = async (text: string): Promise<void> => {
  fireEvent.change(box(), { target: { value: text } });
  await settle();
};

const press = async (key: string, target: Element = box()): Promise<void> => {
  fireEvent.keyDown(target, { key });
  await settle();
};

/** By the keyboard: Enter on the row opens its menu. */
const choose = async (row: number, name: string): Promise<void> => {
  act(() => article(row).focus());
  await press('Enter', article(row));
  fireEvent.click(screen.getByRole('menuitem', { name }));
  await settle();
};

const menuOf = async (row: number): Promise<readonly (string | null)[]> => {
  act(() => article(row).focus());
  await press('Enter', article(row));
  return screen.getAllByRole('menuitem').map(({ textContent }) => textContent);
};

describe('what can be done with a message', () => {
  it('says why what is encrypted gets no reaction', async () => {
    await openNadia([message(1, 'a', { protection: 'omemo' })]);
    expect(await menuOf(0)).toContain('React (a reaction cannot be encrypted)');
    expect(screen.getByRole('menuitem', { name: /^React/ }).getAttribute('aria-disabled')).toBe('true');
    expect(screen.queryByRole('button', { name: 'React' })).toBeNull();
  });

  const cases: readonly [string, MessageView, ChatStanding, string][] = [
    ['of the other side', message(1, 'a'), 'open', 'reply react quote copy forward delete'],
    ['of the user', message(1, 'a', { state: 'read' }), 'open', 'reply react edit quote copy forward delete'],
    ['that failed', message(1, 'a', { state: 'failed' }), 'open', 'copy forward delete'],
    ['of a stranger', message(1, 'a'), 'request', 'copy forward delete'],
    ['of somebody blocked', message(1, 'a', { state: 'read' }), 'blocked', 'copy forward delete'],
    ['that was taken back', message(1, '', { retracted: true }), 'open', 'delete'],
    ['that cannot be read', message(1, 'note', { failure: 'not-decryptable' }), 'open', 'delete'],
    [
      'that waits for its time',
      message(1, 'a', { state: 'queued', sendAt: NOON + 3_600_000 }),
      'open',
      'send-now edit reschedule withdraw copy',
    ],
    [
      'that is held back for undo',
      message(1, 'a', { state: 'queued', sendAt: NOON + 6_000 }),
      'open',
      'send-now edit withdraw copy',
    ],
  ];
  it.each(cases)('%s', (_, row, standing, expected) => {
    expect(actionsFor(row, standing).join(' ')).toBe(expected);
  });

  it('for everyone is only what the others may have from the user', () => {
    expect(canRetract(message(1, 'a', { state: 'read' }), 'open')).toBe(true);
    expect(canRetract(message(1, 'a'), 'open')).toBe(false);
    expect(canRetract(message(1, 'a', { state: 'failed' }), 'open')).toBe(false);
    expect(canRetract(message(1, 'a', { state: 'read' }), 'blocked')).toBe(false);
    expect(canRetract(message(1, '', { state: 'read', retracted: true }), 'open')).toBe(false);
  });

  it('quoting marks every line, and what was a quotation goes one deeper', () => {
    expect(quoted('one\n> two\n')).toBe('> one\n>> two\n> \n');
  });
});

describe('the menu of a message', () => {
  it('opens by Enter and by Shift+F10 on the row, and says what there is', async () => {
    await openNadia([message(1, 'Hello'), message(2, 'Hi', { state: 'read' })]);
    expect(await menuOf(0)).toEqual(['Reply', 'React', 'Quote', 'Copy text', 'Forward…', 'Delete…']);
    await press('Escape', screen.getByRole('menu'));
    expect(screen.queryByRole('menu')).toBeNull();
    act(() => article(1).focus());
    fireEvent.keyDown(article(1), { key: 'F10', shiftKey: true });
    await settle();
    expect(screen.getAllByRole('menuitem').map(({ textContent }) => textContent)).toContain('Edit');
  });

  it('moves by arrows within itself, not through the messages', async () => {
    await openNadia([message(1, 'Hello'), message(2, 'Hi', { state: 'read' })]);
    await menuOf(0);
    await press('ArrowDown', screen.getByRole('menuitem', { name: 'Reply' }));
    expect(articles().map(({ tabIndex }) => tabIndex)).toEqual([0, -1]);
  });

  it('has its buttons under the pointer, and only there', async () => {
    await openNadia([message(1, 'Hello'), message(2, 'Hi')]);
    expect(screen.queryByRole('button', { name: 'Reply' })).toBeNull();
    fireEvent.pointerOver(article(0));
    await settle();
    fireEvent.click(within(article(0)).getByRole('button', { name: 'Reply' }));
    await settle();
    expect(screen.getByText(/Reply to .*Nadia/, { selector: 'b' })).toBeTruthy();
  });

  it('copies the text', async () => {
    const copied: string[] = [];
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation((text) => {
      copied.push(text);
      return Promise.resolve();
    });
    await openNadia([message(1, 'Hello')]);
    await choose(0, 'Copy text');
    expect(copied).toEqual(['Hello']);
  });

  it('quotes into the box, before what stands there', async () => {
    await openNadia([message(1, 'Hello')]);
    await write('so what');
    await choose(0, 'Quote');
    expect(box().value).toBe('> Hello\nso what');
  });
});

describe('answering', () => {
  it('sends what it answers along, and shows it above the text', async () => {
    const { backend } = await openNadia([message(1, 'Which train?')]);
    await choose(0, 'Reply');
    await write('The 15:20');
    await press('Enter');
    expect(backend.callsOf('messages.send')).toEqual([{ chatId, text: 'The 15:20', replyTo: 1 }]);
    expect(screen.queryByText(/Reply to .*Nadia/, { selector: 'b' })).toBeNull();
    const answer = articles().find(({ textContent }) => textContent.includes('The 15:20'));
    expect(answer?.textContent).toMatch(/Reply to .*Nadia.*: .*Which train\?/);
  });

  it('is given up by Escape, which keeps the text and the chat', async () => {
    const { backend } = await openNadia([message(1, 'Which train?')]);
    await choose(0, 'Reply');
    await write('The 15:20');
    await press('Escape');
    expect(box().value).toBe('The 15:20');
    await press('Enter');
    expect(backend.callsOf('messages.send')).toEqual([{ chatId, text: 'The 15:20' }]);
  });

  it('that could not be stored stays an answer', async () => {
    const refuse = (): never => {
      throw new AppError('disk-full', 'for the log');
    };
    await openNadia([message(1, 'Which train?')], { options: { overrides: { messages: { send: refuse } } } });
    await choose(0, 'Reply');
    await write('The 15:20');
    await press('Enter');
    expect(box().value).toBe('The 15:20');
    expect(screen.getByText(/Reply to .*Nadia/, { selector: 'b' })).toBeTruthy();
    expect(screen.getByRole('alert').textContent).toContain('The disk is full.');
  });

  it('leads back to what was answered', async () => {
    await openNadia([
      message(1, 'Which train?', { state: 'read' }),
      message(2, 'The 15:20', {
        reply: { messageId: 1 as MessageId, mine: true, quote: 'Which train?' },
      }),
    ]);
    fireEvent.click(screen.getByRole('button', { name: /Reply to .*You.*: .*Which train\?/ }));
    await settle();
    expect(document.activeElement).toBe(article(0));
  });
});

describe('editing', () => {
  it('by the arrow in an empty box changes the last own message and leaves the draft alone', async () => {
    const { backend } = await openNadia([message(1, 'Helo', { state: 'read' }), message(2, 'What?')]);
    await press('ArrowUp');
    expect(box().value).toBe('Helo');
    await write('Hello');
    expect(backend.callsOf('chats.setDraft')).toEqual([]);
    await press('Enter');
    expect(backend.callsOf('messages.edit')).toEqual([{ messageId: 1, text: 'Hello' }]);
    expect(article(0).textContent).toContain('Hello');
    expect(article(0).textContent).toContain('edited');
    expect(box().value).toBe('');
  });

  it('is given up by Escape: the message and the draft are as they were', async () => {
    const { backend } = await openNadia([message(1, 'Helo', { state: 'read' })]);
    await write('half a thought');
    await choose(0, 'Edit');
    await write('nonsense');
    await press('Escape');
    expect(box().value).toBe('half a thought');
    expect(backend.callsOf('messages.edit')).toEqual([]);
    expect(screen.getByRole('main', { name: /Nadia/ })).toBeTruthy();
  });

  it('that was refused is still in the box, with the reason', async () => {
    const refuse = (): never => {
      throw new AppError('not-found', 'retracted elsewhere');
    };
    await openNadia([message(1, 'Helo', { state: 'read' })], {
      options: { overrides: { messages: { edit: refuse } } },
    });
    await press('ArrowUp');
    await write('Hello');
    await press('Enter');
    expect(box().value).toBe('Hello');
    expect(screen.getByRole('alert').textContent).toMatch(/Your change was not saved.*no longer there/);
  });

  it('with the arrow is not begun while there is text, or nothing to edit', async () => {
    await openNadia([message(1, 'Hello')]);
    await press('ArrowUp');
    expect(box().value).toBe('');
    await write('text');
    await press('ArrowUp');
    expect(screen.queryByText('Editing your message')).toBeNull();
  });

  it('leaves the earlier versions to be read', async () => {
    const edited = message(1, 'Hello', { state: 'read', editedAt: NOON + 60_000 });
    const versions = [
      { body: 'Helo', at: NOON },
      { body: 'Hello', at: NOON + 60_000 },
    ];
    await openNadia([edited], { options: { overrides: { messages: { history: () => ({ versions }) } } } });
    fireEvent.click(screen.getByRole('button', { name: /Edited .*Show the earlier versions/ }));
    await settle();
    const rows = within(screen.getByRole('dialog')).getAllByRole('listitem');
    expect(rows.map(({ textContent }) => textContent)).toEqual([
      expect.stringMatching(/^Now.*Hello$/),
      expect.stringMatching(/Helo$/),
    ]);
  });
});

describe('a reaction', () => {
  it('is chosen of six by keyboard, shows under the message, and goes by another press', async () => {
    const { backend } = await openNadia([message(1, 'Hello')]);
    await choose(0, 'React');
    const choices = within(screen.getByRole('toolbar')).getAllByRole('button');
    // The last one leads to all others.
    expect(choices.map((choice) => choice.textContent)).toEqual(['👍', '❤️', '😂', '😮', '😢', '🙏', '']);
    fireEvent.click(screen.getByRole('button', { name: 'React with 👍' }));
    await settle();
    const chip = within(article(0)).getByRole('button', { name: '👍, 1 person' });
    expect(chip.getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(chip);
    await settle();
    expect(backend.callsOf('messages.react')).toEqual([
      { messageId: 1, emoji: '👍', on: true },
      { messageId: 1, emoji: '👍', on: false },
    ]);
    expect(within(article(0)).queryByRole('button', { name: /person/ })).toBeNull();
  });

  it('of others is counted and can be joined', async () => {
    const { backend } = await openNadia([
      message(1, 'Hello', { reactions: [{ emoji: '❤', count: 1, mine: false }] }),
    ]);
    fireEvent.click(screen.getByRole('button', { name: '❤, 1 person' }));
    await settle();
    expect(backend.callsOf('messages.react')).toEqual([{ messageId: 1, emoji: '❤', on: true }]);
    expect(screen.getByRole('button', { name: '❤, 2 people' })).toBeTruthy();
  });

  it('in a request cannot be answered', async () => {
    await openNadia([message(1, 'Hi', { reactions: [{ emoji: '❤', count: 1, mine: false }] })], {
      chat: { standing: 'request' },
    });
    expect(screen.getByRole<HTMLButtonElement>('button', { name: '❤, 1 person' }).disabled).toBe(true);
  });
});

describe('deleting', () => {
  it('says what each way can do, and takes an own message back for everyone', async () => {
    const { backend } = await openNadia([message(1, 'Oops', { state: 'read' })]);
    await choose(0, 'Delete…');
    const dialog = screen.getByRole('alertdialog');
    expect(dialog.textContent).toContain('It goes from this computer alone.');
    expect(dialog.textContent).toContain('Nobody can force them');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Delete for everyone' }));
    await settle();
    expect(backend.callsOf('messages.retract')).toEqual([{ messageId: 1 }]);
    expect(article(0).textContent).toContain('You took this message back');
    expect(article(0).textContent).not.toContain('Oops');
  });

  it('a message of the other side is possible here alone', async () => {
    const { backend } = await openNadia([message(1, 'Hello'), message(2, 'again')]);
    await choose(0, 'Delete…');
    expect(screen.queryByRole('button', { name: 'Delete for everyone' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Delete on this computer' }));
    await settle();
    expect(backend.callsOf('messages.delete')).toEqual([{ messageId: 1 }]);
    expect(articles()).toHaveLength(1);
  });
});
