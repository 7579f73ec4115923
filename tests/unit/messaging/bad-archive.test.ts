import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StanzaError } from '#main/xmpp/port.ts';
import { AccountBefore, honest, talkSince } from '#tests/support/scripted-archive.ts';

/** Archives that loop, repeat, lie and forget: what they have comes once and in order, and the catch-up ends. */
const NOW = Date.UTC(2026, 0, 10);
const MINUTE = 60_000;

let alice: AccountBefore;

beforeEach(() => {
  alice = new AccountBefore(NOW);
});
afterEach(() => alice.close());

const { entry, entries, texts } = talkSince(NOW - 10_000 * MINUTE);

/** Everything up to entry 2 is here, and this computer was off since. */
const offSinceTwo = async (): Promise<void> => {
  alice.archive = honest(entries(0, 3));
  await alice.logIn();
  alice.logOut();
  alice.pages = 0;
  expect(alice.bodies()).toEqual(texts(0, 3));
};
/** After all of it the account goes on as if nothing had been. */
const goesOn = (): void => {
  alice.receive(
    `<message from='bob@localhost/phone' to='alice@localhost' type='chat' id='live'><body>live</body><stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='z1'/></message>`,
  );
  expect(alice.bodies().at(-1)).toBe('live');
};

describe('an archive that never says the end', () => {
  it('and gives the same page for ever is left after it has repeated itself', async () => {
    await offSinceTwo();
    alice.archive = () => ({ page: entries(3, 5), complete: false });
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 5));
    expect(alice.pages).toBe(2);
    goesOn();
  });

  it('and goes round in a circle of pages is left as well', async () => {
    await offSinceTwo();
    alice.archive = ({ earlier }) => ({
      page: entries(3 + (earlier % 3) * 2, 5 + (earlier % 3) * 2),
      complete: false,
    });
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 9));
    expect(alice.pages).toBe(4);
  });

  it('and answers with what is here already gets no second question about it', async () => {
    await offSinceTwo();
    alice.archive = () => ({ page: entries(0, 3), complete: false });
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 3));
    expect(alice.pages).toBe(2);
  });

  it('and has nothing is asked once', async () => {
    await offSinceTwo();
    alice.archive = () => ({ page: [], complete: false });
    await alice.logIn();
    expect(alice.pages).toBe(1);
    goesOn();
  });
});

describe('an archive that lies', () => {
  it('about being complete loses nothing: the next catch-up begins where this one really ended', async () => {
    await offSinceTwo();
    alice.archive = (asked) => {
      const answer = honest(entries(0, 9))({ ...asked, max: 3 });
      return answer instanceof StanzaError ? answer : { ...answer, complete: true };
    };
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 5));
    for (let turn = 0; turn < 2; turn += 1) {
      alice.logOut();
      await alice.logIn();
    }
    expect(alice.bodies()).toEqual(texts(0, 9));
  });

  it('about its first and last is asked by what it really gave', async () => {
    await offSinceTwo();
    const positions: (string | undefined)[] = [];
    alice.archive = (asked) => {
      positions.push(asked.after);
      const answer = honest(entries(0, 9))({ ...asked, max: 3 });
      return answer instanceof StanzaError
        ? answer
        : { ...answer, set: '<first>a900</first><last>a999</last>' };
    };
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 9));
    expect(positions).toEqual(['a1', 'a4', 'a7']);
  });

  it.each([
    '<count>0</count>',
    '<count>-1</count>',
    '<count>99999999999999999999</count>',
    '<count>many</count>',
  ])('with %s counts for nothing', async (set) => {
    await offSinceTwo();
    alice.archive = (asked) => {
      const answer = honest(entries(0, 9))({ ...asked, max: 3 });
      return answer instanceof StanzaError ? answer : { ...answer, set };
    };
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 9));
  });
});

describe('an archive that gives too much', () => {
  it('at once is read in bites, and nothing is lost', async () => {
    await offSinceTwo();
    // Whatever was asked for, it sends all that it has.
    alice.archive = (asked) => honest(entries(0, 700))({ ...asked, max: 10_000 });
    await alice.logIn();
    expect(alice.bodies().slice(0, 202)).toEqual(texts(0, 202));
    alice.logOut();
    // It said that this was all of it: what is left comes with the next sessions.
    for (let turn = 0; turn < 3; turn += 1) {
      await alice.logIn();
      alice.logOut();
    }
    expect(alice.bodies()).toEqual(texts(0, 700));
  });

  it('twice within a page is stored once', async () => {
    await offSinceTwo();
    alice.archive = () => ({ page: [...entries(3, 6), ...entries(3, 6), entry(6)], complete: true });
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 7));
  });
});

describe('an archive that has forgotten', () => {
  it('where we were is asked by time, and what is here already is not doubled', async () => {
    await offSinceTwo();
    const left = entries(2, 8);
    const asked: (string | undefined)[] = [];
    alice.archive = (one) => {
      asked.push(one.after);
      return (one.after === 'a1' || one.after === 'a2') && one.earlier < 2
        ? new StanzaError('item-not-found', 'cancel')
        : honest(left)(one);
    };
    await alice.logIn();
    expect(asked.slice(0, 3)).toEqual(['a1', 'a2', undefined]);
    expect(alice.bodies()).toEqual(texts(0, 8));
  });

  it('and does not say so begins from the start, as ejabberd does: nothing is doubled', async () => {
    await offSinceTwo();
    alice.archive = (asked) =>
      honest(entries(0, 8))(asked.after === 'a1' ? { ...asked, after: undefined } : asked);
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 8));
  });

  it('everything leaves what is here', async () => {
    await offSinceTwo();
    alice.archive = honest([]);
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 3));
    goesOn();
  });
});
