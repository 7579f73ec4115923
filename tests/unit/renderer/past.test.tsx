// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dayInput, startOfDay } from '#renderer/features/timeline/day.ts';
import { AppError } from '#shared/errors.ts';
import type { MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { ada, article, articles, chatId, message, NOON, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

/** What lies before the first row, and the ways to it. */
beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: NOON }));
afterEach(() => {
  closeWindows();
  vi.useRealTimers();
});

const press = async (name: string | RegExp): Promise<void> => {
  fireEvent.click(screen.getByRole('button', { name }));
  await settle();
};

/** A page whose beginning is in the archive, until that has been asked. */
const gapped = (rows: readonly MessageView[]) => {
  let fetched = false;
  return {
    fetch: () => {
      fetched = true;
    },
    page: () => ({
      rows: fetched ? [] : rows,
      hasOlder: !fetched,
      hasNewer: false,
      ...(fetched ? {} : { gapBefore: true as const }),
    }),
  };
};

describe('above the first message', () => {
  it('stands that the history begins there, once the archive has said so', async () => {
    const { page, fetch } = gapped([message(1, 'first')]);
    const { backend } = await openNadia([], {
      options: {
        overrides: {
          messages: { page },
          chats: {
            loadOlder: () => {
              fetch();
              return { added: 0, atStart: true, archive: true };
            },
          },
        },
      },
    });
    await settle();
    expect(backend.callsOf('chats.loadOlder')).toEqual([{ chatId, before: 1 }]);
    expect(screen.getByText(/^This is the beginning of your history with/)).toBeDefined();
  });

  it('stands other words where the history was deleted, and where the server keeps none', async () => {
    await openNadia([message(1, 'first')], { chat: { historyStart: 'cleared' } });
    expect(screen.getByText(/was deleted from this computer/)).toBeDefined();
    closeWindows();
    await openNadia([], {
      options: {
        overrides: {
          messages: { page: gapped([message(1, 'first')]).page },
          chats: { loadOlder: () => ({ added: 0, atStart: true, archive: false }) },
        },
      },
    });
    await settle();
    expect(screen.getByText(/your server keeps no history/)).toBeDefined();
  });

  it('stands that somebody is offline; the connection brings it by itself', async () => {
    let online = false;
    const { page, fetch } = gapped([message(1, 'first')]);
    const { backend } = await openNadia([], {
      options: {
        overrides: {
          messages: { page },
          chats: {
            loadOlder: () => {
              if (!online) throw new AppError('offline', 'not connected');
              fetch();
              return { added: 0, atStart: true, archive: true };
            },
          },
        },
      },
    });
    await settle();
    expect(screen.getByRole('alert').textContent).toContain('You are offline. Older messages');
    await press('Try again');
    expect(backend.callsOf('chats.loadOlder').length).toBe(2);
    expect(articles().length).toBe(1);
    act(() => backend.changeAccount(ada, { phase: 'waiting' }));
    await settle();
    online = true;
    act(() => backend.changeAccount(ada, { phase: 'online' }));
    await settle();
    expect(screen.getByText(/^This is the beginning/)).toBeDefined();
  });

  it('an empty chat asks the archive too', async () => {
    const { backend } = await openNadia([], {
      options: {
        overrides: {
          messages: { page: gapped([]).page },
          chats: { loadOlder: () => new Promise(() => undefined) },
        },
      },
    });
    await settle();
    expect(backend.callsOf('chats.loadOlder')).toEqual([{ chatId }]);
    expect(screen.getByText('Loading older messages…')).toBeDefined();
  });
});

describe('a quote', () => {
  const answer = message(9, 'Yes', { reply: { quote: 'Are you there?' } });

  it('of what is not here leads into the archive', async () => {
    const found = message(3, 'Are you there?');
    const { backend } = await openNadia([found, answer], {
      options: { overrides: { messages: { findAnswered: () => ({ answeredId: 3 as MessageId }) } } },
    });
    await press(/Reply to/);
    expect(backend.callsOf('messages.findAnswered')).toEqual([{ messageId: 9 }]);
    expect(document.activeElement).toBe(article(0));
  });

  it('of what is nowhere says so, and what to do where nobody is connected', async () => {
    let offline = true;
    await openNadia([answer], {
      options: {
        overrides: {
          messages: {
            findAnswered: () => {
              if (offline) throw new AppError('offline', 'not connected');
              return {};
            },
          },
        },
      },
    });
    await press(/Reply to/);
    expect(within(article(0)).getByRole('alert').textContent).toContain('you are offline. Connect');
    offline = false;
    await press(/Reply to/);
    expect(within(article(0)).getByRole('alert').textContent).toContain('This message was not found');
  });
});

describe('a date', () => {
  it('is chosen from a separator, and leads to its first message', async () => {
    const { backend } = await openNadia(
      [message(1, 'long ago', { at: NOON - 9e8, sortAt: NOON - 9e8 }), message(2, 'now')],
      {
        options: { overrides: { chats: { loadDate: () => ({ added: 0 }) } } },
      },
    );
    await press('Today');
    const field = screen.getByLabelText<HTMLInputElement>('Day');
    expect(field.value).toBe('2027-05-05');
    fireEvent.change(field, { target: { value: '2027-04-01' } });
    expect(screen.getByText(/first message from .*2027 on/)).toBeDefined();
    await press('Jump');
    await settle();
    expect(backend.callsOf('chats.loadDate')).toEqual([{ chatId, at: new Date(2027, 3, 1).getTime() }]);
    expect(screen.queryByRole('dialog')).toBeNull();
    await vi.waitFor(() => expect(document.activeElement).toBe(article(0)));
  });

  it('that is none, still to come, or out of reach is said in words', async () => {
    await openNadia([message(2, 'now')], {
      options: {
        overrides: {
          chats: {
            loadDate: () => {
              throw new AppError('offline', 'not connected');
            },
          },
        },
      },
    });
    await press('Today');
    const field = screen.getByLabelText('Day');
    fireEvent.change(field, { target: { value: '2027-05-06' } });
    await press('Jump');
    expect(screen.getByText('Choose a day up to today.')).toBeDefined();
    fireEvent.change(field, { target: { value: '2020-05-06' } });
    await press('Jump');
    expect(screen.getByRole('alert').textContent).toContain('This day is not on this computer yet');
    expect(articles().length).toBe(1);
  });

  it('is a local day', () => {
    const start = startOfDay('2027-05-03');
    expect(start).toBe(new Date(2027, 4, 3).getTime());
    expect(dayInput(start ?? 0)).toBe('2027-05-03');
    for (const wrong of ['', '2027-02-30', '27-1-1', '2027-13-01', '1960-01-01', 'today'])
      expect(startOfDay(wrong)).toBeUndefined();
  });
});
