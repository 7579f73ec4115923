// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { localInput, nextHour } from '#renderer/features/composer/schedule.ts';
import { article, articles, chatId, message, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

beforeEach(() => {
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
});
afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

const box = (): HTMLTextAreaElement => screen.getByRole('textbox', { name: /^Message to/ });

const write = async (text: string): Promise<void> => {
  fireEvent.change(box(), { target: { value: text } });
  await settle();
};

const press = async (name: string): Promise<void> => {
  fireEvent.click(screen.getByRole('button', { name }));
  await settle();
};

const choose = async (row: number, name: string): Promise<void> => {
  act(() => article(row).focus());
  fireEvent.keyDown(article(row), { key: 'Enter' });
  await settle();
  fireEvent.click(screen.getByRole('menuitem', { name }));
  await settle();
};

const pickTime = async (at: number): Promise<void> => {
  const dialog = screen.getByRole('dialog', { name: 'Send later' });
  fireEvent.change(within(dialog).getByLabelText('Goes out at'), { target: { value: localInput(at) } });
  await settle();
  await press('Schedule');
};

/** A time that a field of minutes can say. */
const inHours = (hours: number): number => Math.floor(Date.now() / 60_000) * 60_000 + hours * 3_600_000;

describe('undo', () => {
  it('is offered after sending, and puts the text back', async () => {
    const { backend } = await openNadia([], { settings: { undoSeconds: 10 } });
    await write('Too hasty');
    await press('Send');
    expect(screen.getByText('Your message has not left yet.')).toBeTruthy();
    expect(screen.getByText(/It goes out in (9|10) seconds\./)).toBeTruthy();
    await press('Undo');
    expect(backend.callsOf('messages.cancel')).toHaveLength(1);
    expect(box().value).toBe('Too hasty');
    expect(screen.queryByText('Your message has not left yet.')).toBeNull();
    expect(screen.queryByRole('article')).toBeNull();
  });

  it('can be passed over', async () => {
    const { backend } = await openNadia([], { settings: { undoSeconds: 10 } });
    await write('Right away');
    await press('Send');
    await press('Send now');
    expect(backend.callsOf('messages.sendNow')).toHaveLength(1);
    expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
    expect(article(0).textContent).toContain('Sent');
  });

  it('that comes too late changes nothing', async () => {
    await openNadia([], {
      settings: { undoSeconds: 10 },
      options: { overrides: { messages: { cancel: () => ({ withdrawn: false }) } } },
    });
    await write('Gone');
    await press('Send');
    await press('Undo');
    expect(box().value).toBe('');
    expect(articles()).toHaveLength(1);
  });

  it('is offered for no message whose time has come', async () => {
    const at = Date.now() - 60_000;
    await openNadia([message(1, 'Waits', { state: 'queued', at, sortAt: at, sendAt: at + 5_000 })]);
    expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
  });
});

describe('a message for later', () => {
  it('goes out at the time that was chosen', async () => {
    const { backend } = await openNadia([]);
    const sendAt = inHours(5);
    await write('Good evening');
    await press('Send later…');
    await pickTime(sendAt);
    expect(backend.callsOf('messages.send')).toEqual([{ chatId, text: 'Good evening', sendAt }]);
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(box().value).toBe('');
    expect(article(0).textContent).toContain('Scheduled');
  });

  it('cannot go out in the past', async () => {
    const { backend } = await openNadia([]);
    await write('Good morning');
    await press('Send later…');
    await pickTime(inHours(-5));
    expect(screen.getByText('Choose a time that is still to come.')).toBeTruthy();
    expect(backend.callsOf('messages.send')).toEqual([]);
  });

  it('is given another time, or withdrawn into the box', async () => {
    const at = Date.now();
    const waiting = { state: 'queued', at, sortAt: at, sendAt: inHours(3) } as const;
    const { backend } = await openNadia([message(1, 'Good evening', waiting)]);
    const sendAt = inHours(8);
    await choose(0, 'Another time…');
    await pickTime(sendAt);
    expect(backend.callsOf('messages.reschedule')).toEqual([{ messageId: 1, sendAt }]);
    await choose(0, 'Do not send');
    expect(box().value).toBe('Good evening');
    expect(screen.queryByRole('article')).toBeNull();
  });

  it('is proposed for a full hour that is not too near', () => {
    const at = new Date(2027, 4, 5, 12, 29).getTime();
    expect(localInput(nextHour(at))).toBe('2027-05-05T13:00');
    expect(localInput(nextHour(at + 120_000))).toBe('2027-05-05T14:00');
  });
});
