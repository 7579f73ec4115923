import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MessageState } from '#shared/views.ts';
import { mayFollow } from '#main/store/message-state.ts';
import { outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const states: readonly MessageState[] = [
  'queued',
  'sending',
  'sent',
  'acked',
  'delivered',
  'read',
  'failed',
  'received',
];
const forward: readonly MessageState[] = ['queued', 'sending', 'sent', 'acked', 'delivered', 'read'];

test('every step that is allowed, in one table', () => {
  const allowed = states.flatMap((from) =>
    states.filter((to) => mayFollow(from, to)).map((to) => `${from} > ${to}`),
  );
  expect(allowed).toEqual([
    'queued > sending',
    'queued > sent',
    'queued > acked',
    'queued > delivered',
    'queued > read',
    'queued > failed',
    'sending > sent',
    'sending > acked',
    'sending > delivered',
    'sending > read',
    'sending > failed',
    'sent > acked',
    'sent > delivered',
    'sent > read',
    'sent > failed',
    'acked > delivered',
    'acked > read',
    'acked > failed',
    'delivered > read',
    'failed > delivered',
    'failed > read',
  ]);
});

type Act = { readonly kind: 'set'; readonly state: MessageState } | { readonly kind: 'requeue' | 'restart' };

test('whatever happens in whatever order, a message never goes back but by the two ways that exist', () => {
  const { store, accountId, chatId } = storeWithChat();
  const act: fc.Arbitrary<Act> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('set' as const), state: fc.constantFrom(...states) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('requeue' as const, 'restart' as const) }) },
  );
  let at = 0;
  fc.assert(
    fc.property(fc.array(act, { maxLength: 25 }), (acts) => {
      const { id } = store.messages.insertOutgoing(outgoing(chatId, 'x', (at += 1)));
      for (const one of acts) {
        const before = store.messages.require(id);
        if (one.kind === 'set') store.messages.setState(id, one.state);
        else if (one.kind === 'requeue') store.messages.requeue(id, 1);
        else store.messages.requeueSending();
        const after = store.messages.require(id);
        if (after.state === before.state) {
          expect(after).toEqual(before);
          continue;
        }
        expect(after.rev).toBeGreaterThan(before.rev);
        if (one.kind === 'requeue') expect([before.state, after.state]).toEqual(['failed', 'queued']);
        else if (one.kind === 'restart') {
          expect(['sending', 'sent']).toContain(before.state);
          expect(after.state).toBe('queued');
        } else if (after.state === 'failed') expect(['delivered', 'read']).not.toContain(before.state);
        else if (before.state === 'failed') expect(['delivered', 'read']).toContain(after.state);
        else expect(forward.indexOf(after.state)).toBeGreaterThan(forward.indexOf(before.state));
        expect(after.failure === undefined).toBe(after.state !== 'failed');
        // Waiting in the outbox means exactly: the server may not have it yet.
        expect(store.outbox.ofMessage(id) !== undefined).toBe(
          ['queued', 'sending', 'sent'].includes(after.state),
        );
      }
      store.messages.setState(id, 'read');
    }),
    { numRuns: 80 },
  );
  expect(store.outbox.countWaiting(accountId)).toBe(0);
});
