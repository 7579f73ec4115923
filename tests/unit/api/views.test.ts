import { describe, expect, it } from 'vitest';
import { chatView } from '#main/api/views.ts';
import { incoming, storeWithChat } from '#tests/support/temporary-profile.ts';

describe('a chat whose newest message could not be decrypted', () => {
  it('shows nothing as a text of the author that is none', () => {
    const { store, chatId } = storeWithChat();
    const last = () => chatView(store.chats.require(chatId), { name: undefined, typing: false, rev: 0 }).last;
    store.messages.insertIncoming({
      ...incoming(chatId, 'I sent you an encrypted message', 20),
      failure: 'not-decryptable',
    });
    expect(last()).toEqual({ preview: '', direction: 'in', state: 'received', undecryptable: true });
    const own = { ...incoming(chatId, 'for other apps', 25), failure: 'not-decryptable' };
    store.messages.insertOwn({ ...own, senderJid: 'juliet@capulet.example' });
    expect(last()).toMatchObject({ preview: '', direction: 'out', undecryptable: true });
    store.messages.insertIncoming(incoming(chatId, 'Can you read\nthis?', 30));
    expect(last()).toEqual({ preview: 'Can you read this?', direction: 'in', state: 'received' });
  });
});
