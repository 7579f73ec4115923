// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import type { DeviceId, MessageId } from '#shared/ids.ts';
import { article, message, openNadia } from './support/chat.ts';
import { closeWindows, settle } from './support/window.tsx';

afterEach(() => {
  closeWindows();
  vi.restoreAllMocks();
});

/** What isolates names belongs to the window. */
const textOf = (element: HTMLElement): string => element.textContent.replaceAll(/[\u2066-\u2069]/g, '');

const failed = (failure: string) =>
  openNadia([message(1, 'Hello', { state: 'failed', failure, protection: 'omemo' })], { data: {} });

it.each([
  ['keys-unusable', /^.*Not sent: the keys of their devices are forged or damaged\. .*compare keys/],
  ['keys-unreachable', /Not sent: the keys of their devices could not be had\. .*send it again/],
])('a message that failed with %s says what happened and what is next', async (failure, words) => {
  await failed(failure);
  expect(textOf(article(0))).toMatch(words);
  expect(within(article(0)).getByRole('button', { name: 'Send again' })).toBeTruthy();
  fireEvent.click(within(article(0)).getByRole('button', { name: 'Review devices' }));
  await settle();
  expect(screen.getByRole('complementary', { name: /Profile/ })).toBeTruthy();
});

it('a message that a device of the other side could not read says whose, and was sent all the same', async () => {
  const { backend } = await failed('decryption-failed');
  expect(textOf(article(0))).toContain('A device of Nadia could not read this. A new session has begun');
  expect(textOf(article(0))).not.toContain('Not sent');
  fireEvent.click(within(article(0)).getByRole('button', { name: 'Send again' }));
  await settle();
  expect(backend.callsOf('messages.resend')).toEqual([{ messageId: 1 }]);
});

it('a message of a device that was restored from a backup says so, and can be repaired', async () => {
  const unread = message(1, '', { failure: 'not-decryptable', protection: 'omemo' });
  const why = { reason: 'key-reused', deviceId: 1 as DeviceId, canRepair: true } as const;
  await openNadia([unread], { data: { encryption: { unreadable: new Map([[1 as MessageId, why]]) } } });
  fireEvent.click(screen.getByRole('button', { name: 'Why?' }));
  expect(textOf(article(0))).toContain('has gone back to an older state');
  expect(screen.getByRole('button', { name: 'Repair now' })).toBeTruthy();
});
