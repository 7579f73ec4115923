import { describe, expect, it } from 'vitest';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';
import { isShorter, readDays, retentionWords } from '#renderer/features/chat/retention.ts';
import { targetsOf, visibleTargets } from '#renderer/features/forward/targets.ts';
import { createTranslator } from '#renderer/i18n/translate.ts';
import { createChatsStore, setChats } from '#renderer/state/chats.ts';
import { accountIdOf, newChat, newContact } from '#tests/e2e/support/fake-backend.ts';

describe('how long messages are kept', () => {
  it('is a number of days in the digits of any script, and nothing else', () => {
    expect(['14', ' 1 ', '٣٠', '۳۶۵', '36500'].map(readDays)).toEqual([14, 1, 30, 365, 36_500]);
    for (const wrong of ['', '0', '-1', '1.5', '1e3', '36501', '999999', 'zwei', '１４'])
      expect(readDays(wrong), wrong).toBeUndefined();
  });

  it('deletes only where the new time is the shorter one', () => {
    expect(isShorter(30, 'forever')).toBe(true);
    expect(isShorter(0, 1)).toBe(true);
    expect(isShorter(90, 30)).toBe(false);
    expect(isShorter(30, 30)).toBe(false);
    expect(isShorter('forever', 0)).toBe(false);
  });

  it('has words for every value', () => {
    const { t } = createTranslator('en');
    expect((['forever', 0, 1, 365] as const).map((one) => retentionWords(t, one))).toEqual([
      'Forever',
      'Do not keep',
      '1 day',
      '365 days',
    ]);
  });
});

describe('who a message can be forwarded to', () => {
  const one = accountIdOf(1);
  const two = accountIdOf(2);
  const chat = (id: number, account: AccountId, jid: string, change: Partial<ChatView> = {}): ChatView => ({
    ...newChat(id as ChatId, account, jid, jid),
    activeAt: id,
    ...change,
  });
  const store = createChatsStore();
  const all = [
    chat(1, one, 'here@example.org'),
    chat(2, one, 'mei@example.org', { name: 'Méi' }),
    chat(3, one, 'stranger@example.org', { standing: 'request' }),
    chat(4, one, 'pest@example.org', { standing: 'blocked' }),
    chat(5, two, 'mei@example.org', { name: 'Mei at work' }),
  ];
  setChats(store, new Map(all.map((row) => [row.id, row])));
  const contacts = ['zed@example.org', 'ann@example.org', 'mei@example.org', 'pest@example.org'].map((jid) =>
    newContact(one, jid),
  );
  const targets = targetsOf(store.getState(), contacts, 1 as ChatId);
  const names = (list: typeof targets): readonly string[] => list.map(({ name }) => name);

  it('is every open chat but this one, the newest first, and then every contact without a chat', () => {
    expect(names(targets)).toEqual(['Mei at work', 'Méi', 'ann@example.org', 'zed@example.org']);
  });

  it('is found without accents, and who is chosen stays in sight', () => {
    expect(names(visibleTargets(targets, 'mei EXAMPLE', new Map()))).toEqual(['Mei at work', 'Méi']);
    const [, , ann] = targets;
    if (ann === undefined) throw new Error('nobody');
    expect(names(visibleTargets(targets, 'work', new Map([[ann.key, ann]])))).toEqual([
      'Mei at work',
      'ann@example.org',
    ]);
    expect(visibleTargets(targets, 'nobody', new Map())).toEqual([]);
  });
});
