import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MessageService } from '#main/messaging/messages.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { Changes } from '#main/util/changes.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';

/** The text of a message goes to others. */

const BOB = 'bob@localhost';
const CAROL = 'carol@localhost';

let test: TestStore;
let messages: MessageService;
let chatId: ChatId;
let poked: number;

beforeEach(() => {
  test = openTestStore();
  poked = 0;
  messages = new MessageService({
    store: test.store,
    changes: new Changes(),
    clock: new ManualClock(),
    poke: () => {
      poked += 1;
    },
    undoSeconds: () => 0,
  });
  chatId = test.store.chats.findOrCreate(test.account.id, BOB, 1).id;
});
afterEach(() => test.close());

const to = (...jids: readonly string[]) => jids.map((jid) => ({ accountId: test.account.id, jid }));
const bob = (body: string, stanzaId = body): StoredMessage =>
  test.store.messages.insertIncoming({
    ...{ chatId, senderJid: BOB, body, at: 1_000, protection: 'none', markable: true },
    stanzaId,
  });
const textsWith = (jid: string): readonly string[] => {
  const chat = test.store.chats.find(test.account.id, jid);
  if (chat === undefined) return [];
  return test.store.messages
    .page({ kind: 'latest', chatId: chat.id, limit: 50 })
    .rows.map(({ body }) => body);
};

describe('forwarding', () => {
  it('stores one message for each chat and makes the chats that are missing', () => {
    const { id } = bob('A map');
    const rows = messages.forward(id, to(CAROL, 'dan@localhost', CAROL));
    expect(rows.map(({ body, direction, state }) => [body, direction, state])).toEqual([
      ['A map', 'out', 'queued'],
      ['A map', 'out', 'queued'],
    ]);
    expect([textsWith(CAROL), textsWith('dan@localhost')]).toEqual([['A map'], ['A map']]);
    expect(new Set(rows.map(({ originId }) => originId)).size).toBe(2);
    expect(poked).toBe(2);
  });

  it('leaves drafts and what is unread where it arrives', () => {
    const { store } = test;
    const carol = store.chats.findOrCreate(test.account.id, CAROL, 1).id;
    store.chats.setDraft(carol, 'half a sentence');
    store.messages.insertIncoming({
      ...{ chatId: carol, senderJid: CAROL, body: 'unread', at: 1_000, protection: 'none', markable: true },
      stanzaId: 'unread',
    });
    messages.forward(bob('A map').id, to(CAROL));
    expect(store.chats.require(carol)).toMatchObject({ draft: 'half a sentence', unread: 1 });
  });

  it('reaches all or nobody', () => {
    const { id } = bob('A map');
    const nobody = '00000000-0000-4000-8000-000000000000' as AccountId;
    expect(() => messages.forward(id, [...to(CAROL), { accountId: nobody, jid: BOB }])).toThrow(
      expect.objectContaining({ code: 'not-found' }),
    );
    expect(textsWith(CAROL)).toEqual([]);
    expect(poked).toBe(0);
  });

  it('has nothing of what was taken back or cannot be read', () => {
    const taken = bob('Never mind');
    test.store.messages.retract(taken.id, 2_000, BOB);
    const locked = test.store.messages.insertIncoming({
      ...{ chatId, senderJid: BOB, body: 'I sent you an encrypted message', at: 1_000, markable: true },
      ...{ protection: 'omemo', failure: 'not-decryptable', stanzaId: 'locked' },
    });
    for (const { id } of [taken, locked])
      expect(() => messages.forward(id, to(CAROL))).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
