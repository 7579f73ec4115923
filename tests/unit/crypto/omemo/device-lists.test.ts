/** Asking somebody who was never asked, over connections of every quality. */
import { afterEach, expect, it } from 'vitest';
import { Acquaintance } from '#main/crypto/omemo/device-lists.ts';
import { LiveSessions } from '#main/crypto/omemo/live.ts';
import { StanzaError, StreamError } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { parseJid } from '#shared/jid.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { settled } from '#tests/support/omemo-world.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';

const PEER = 'romeo@montague.example';
const opened: TestStore[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

interface Question {
  /** Undefined for our own account. */
  readonly to: string | undefined;
  readonly answer: PromiseWithResolvers<Element>;
}

const begin = () => {
  const test = openTestStore();
  opened.push(test);
  const { id: accountId } = test.account;
  const live = new LiveSessions();
  const questions: Question[] = [];
  const request = (iq: Element): Promise<Element> => {
    const answer = Promise.withResolvers<Element>();
    questions.push({ to: iq.attrs['to'], answer });
    return answer.promise;
  };
  const jid = parseJid('alice@localhost/desk');
  if (jid === undefined) throw new Error('no address');
  const connect = (): void =>
    live.begin(accountId, { jid, stream: { request, send: () => Promise.resolve() } });
  connect();
  const { omemo } = test.store;
  const acquaintance = new Acquaintance({
    ...{ store: omemo, live, clock: new ManualClock(), log: quietLog },
    devicesChanged: () => undefined,
  });
  const refuse = async (index: number, condition: string): Promise<void> => {
    questions[index]?.answer.reject(new StanzaError(condition, 'wait'));
    await settled();
  };
  const told = (): boolean => omemo.devices.toldAt(accountId, PEER) !== undefined;
  return { ask: () => acquaintance.ask(accountId, PEER), questions, refuse, connect, told };
};

it('two messages wait for one answer', async () => {
  const { ask, questions, refuse, told } = begin();
  const both = Promise.all([ask(), ask()]);
  expect(questions.map(({ to }) => to)).toEqual([PEER]);
  await refuse(0, 'item-not-found');
  expect(await both).toEqual(['answered', 'answered']);
  expect(told()).toBe(true);
});

it('a silent server of theirs is no answer, where our own one speaks', async () => {
  const { ask, questions, refuse, told } = begin();
  const answer = ask();
  await refuse(0, 'remote-server-timeout');
  expect(questions.map(({ to }) => to)).toEqual([PEER, undefined]);
  await refuse(1, 'item-not-found');
  expect(await answer).toBe('unanswered');
  expect(told()).toBe(false);
});

it('a dead connection of our own says nothing about them: it is asked again, until that has ended', async () => {
  const { ask, questions, refuse } = begin();
  const answer = ask();
  await refuse(0, 'remote-server-timeout');
  await refuse(1, 'remote-server-timeout');
  expect(questions.map(({ to }) => to)).toEqual([PEER, undefined, PEER]);
  const failure = { code: 'connection-lost', step: 'session', advice: 'retry-now' } as const;
  questions[2]?.answer.reject(new StreamError(failure, 'the server is silent'));
  expect(await answer).toBe('lost');
});

it('what an earlier connection says comes too late', async () => {
  const { ask, refuse, connect } = begin();
  const answer = ask();
  connect();
  await refuse(0, 'forbidden-by-somebody');
  expect(await answer).toBe('lost');
});
