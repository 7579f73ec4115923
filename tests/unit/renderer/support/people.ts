/** Ada's account with four contacts, a chat with each of them, and two people who ask to become one. */
import { fireEvent } from '@testing-library/react';
import type { ChatId } from '#shared/ids.ts';
import { newChat, newContact, type FakeData } from '#tests/e2e/support/fake-backend.ts';
import { ada, adasAccount } from './chat.ts';

export const names = ['Nadia', 'Jonas', 'Mei', 'Sam'];

export const world: FakeData = {
  accounts: [adasAccount],
  contacts: names.map((name) => ({ ...newContact(ada, `${name.toLowerCase()}@example.org`), name })),
  requests: [
    { accountId: ada, jid: 'wren@example.com', name: 'Wren \u202Eniarg', text: 'We met.', at: 2 },
    { accountId: ada, jid: 'x@example.net', name: 'x@example.net', text: '', at: 1 },
  ],
  chats: names.map((name, index) => ({
    ...newChat((index + 1) as ChatId, ada, `${name.toLowerCase()}@example.org`, name),
    activeAt: 100 - index,
    unread: name === 'Mei' ? 3 : 0,
  })),
};

/** Puts a text into a field, in place of what it held. */
export const type = (field: HTMLElement, value: string): void => {
  fireEvent.change(field, { target: { value } });
};
