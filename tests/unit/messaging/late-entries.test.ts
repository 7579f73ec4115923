/** Archives in which an entry becomes visible behind later ones: its number was given before it was stored. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StanzaError } from '#main/xmpp/port.ts';
import { AccountBefore, honest, type Archive, type Kept } from '#tests/support/scripted-archive.ts';

const NOW = Date.UTC(2026, 0, 2);

let alice: AccountBefore;
beforeEach(() => {
  alice = new AccountBefore(NOW);
});
afterEach(() => alice.close());

const at = (seconds: number, body: string): Kept => ({
  id: body,
  stamp: NOW - 60_000 + seconds * 1_000,
  body,
});

/** The archive as ejabberd has it: in the order of the numbers, and what is not stored yet is not there. */
const without = (entries: readonly Kept[], ...hidden: readonly string[]): Archive =>
  honest(entries.filter(({ id }) => !hidden.includes(id)));

const comeBack = async (archive: Archive): Promise<readonly (string | undefined)[]> => {
  alice.logOut();
  const asked: (string | undefined)[] = [];
  alice.archive = (question) => {
    asked.push(question.after);
    return archive(question);
  };
  await alice.logIn();
  return asked;
};

it('what was stored behind a later entry is found, and stands in its place', async () => {
  const entries = [at(0, 'old'), at(20, 'late'), at(20.001, 'first seen'), at(21, 'also seen')];
  alice.archive = without(entries, 'late');
  await alice.logIn();
  expect(alice.bodies()).toEqual(['old', 'first seen', 'also seen']);
  await comeBack(honest(entries));
  expect(alice.bodies()).toEqual(['old', 'late', 'first seen', 'also seen']);
});

it('is found also where all that is known is younger than that', async () => {
  const entries = [at(0, 'first'), at(1, 'late'), at(1.001, 'seen')];
  alice.archive = without(entries, 'late');
  await alice.logIn();
  await comeBack(honest(entries));
  expect(alice.bodies()).toEqual(['first', 'late', 'seen']);
});

it('what came in another order by the stream gets that of the archive', async () => {
  const entries = [at(0, 'old'), at(20, 'one'), at(20.001, 'two')];
  alice.archive = honest(entries.slice(0, 1));
  await alice.logIn();
  const live = (
    id: string,
  ): string => `<message from='bob@localhost/phone' to='alice@localhost/here' type='chat'
    id='m-${id}'><body>${id}</body><stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='${id}'/></message>`;
  alice.now += 1_000;
  alice.receive(live('two'));
  alice.receive(live('one'));
  expect(alice.bodies()).toEqual(['old', 'two', 'one']);
  await comeBack(honest(entries));
  expect(alice.bodies()).toEqual(['old', 'one', 'two']);
});

it('asks for no more than the last seconds, and for little twice where very much came in them', async () => {
  const few = [at(0, 'old'), at(30, 'nearer'), at(39, 'near'), at(40, 'last')];
  alice.archive = honest(few);
  await alice.logIn();
  expect(await comeBack(honest(few))).toEqual(['old']);
  const many = [...few, ...Array.from({ length: 300 }, (_, index) => at(41 + index / 1_000, `${index}`))];
  await comeBack(honest(many));
  expect(alice.bodies()).toHaveLength(304);
  // A tenth of a second before the last one.
  expect(await comeBack(honest(many))).toEqual(['198']);
});

it('goes on from what is confirmed where the archive has forgotten what was before it', async () => {
  const entries = [at(0, 'old'), at(30, 'last'), at(50, 'new')];
  alice.archive = honest(entries.slice(0, 2));
  await alice.logIn();
  const forgetful: Archive = (question) =>
    question.after === 'old' ? new StanzaError('item-not-found', 'cancel') : honest(entries)(question);
  expect(await comeBack(forgetful)).toEqual(['old', 'last']);
  expect(alice.bodies()).toEqual(['old', 'last', 'new']);
});
