import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StanzaError } from '#main/xmpp/port.ts';
import { AccountBefore, honest, talkSince, type Kept } from '#tests/support/scripted-archive.ts';

/** Clocks that are wrong by a day, ours or somebody else's: the order is that of the server, and nothing is lost. */
const NOW = Date.UTC(2026, 0, 10, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let alice: AccountBefore;

beforeEach(() => {
  alice = new AccountBefore(NOW);
});
afterEach(() => alice.close());

/** An archive whose clock is right. */
const { entries, texts } = talkSince(NOW - 100 * MINUTE);
const live = (index: number, extra = ''): void =>
  alice.receive(
    `<message from='bob@localhost/phone' to='alice@localhost' type='chat' id='m-a${index}'><body>text ${index}</body><stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='a${index}'/>${extra}</message>`,
  );
const said = (by: string, at: number): string =>
  `<delay xmlns='urn:xmpp:delay' from='${by}' stamp='${new Date(at).toISOString()}'/>`;

describe.each([
  ['a day behind', -DAY],
  ['a day ahead', DAY],
])('our own clock, %s,', (_, wrong) => {
  it('changes neither the order of what comes from the archive and live, nor loses anything', async () => {
    alice.now = NOW + wrong;
    alice.archive = honest(entries(0, 3));
    await alice.logIn();
    live(3);
    live(4);
    alice.logOut();
    alice.archive = honest(entries(0, 8));
    await alice.logIn();
    live(8);
    expect(alice.bodies()).toEqual(texts(0, 9));
    expect(alice.unread()).toBe(9);
  });

  it('may be set right while messages arrive', async () => {
    alice.now = NOW + wrong;
    alice.archive = honest(entries(0, 2));
    await alice.logIn();
    live(2);
    alice.now = NOW;
    live(3);
    live(4);
    expect(alice.bodies()).toEqual(texts(0, 5));
    alice.logOut();
    alice.archive = honest(entries(0, 8));
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 8));
    // Nobody is told of a time that has not come.
    const latest = Math.max(
      ...alice
        .rows()
        .slice(3)
        .map(({ at }) => at),
    );
    expect(latest).toBeLessThanOrEqual(NOW);
  });

  it('loses nothing where the archive has forgotten the last message that we know', async () => {
    alice.now = NOW + wrong;
    alice.archive = honest(entries(0, 2));
    await alice.logIn();
    live(2);
    alice.logOut();
    alice.now = NOW;
    const left = entries(3, 9);
    alice.archive = (asked) =>
      asked.after === 'a2'
        ? new StanzaError('item-not-found', 'cancel')
        : honest(left.filter(({ stamp }) => stamp >= (asked.start ?? 0)))(asked);
    await alice.logIn();
    expect(alice.bodies().filter((body) => body !== 'text 2')).toEqual(texts(0, 9).toSpliced(2, 1));
    // Only the wrong clock knows when this one came.
    expect(alice.bodies()).toContain('text 2');
  });
});

describe.each([
  ['a day behind', -DAY],
  ['a day ahead', DAY],
])("the server's clock, %s,", (_, wrong) => {
  const skewed = (from: number, to: number): readonly Kept[] =>
    entries(from, to).map((one) => ({ ...one, stamp: one.stamp + wrong }));

  it('leaves the order of its archive, and puts nothing into our future', async () => {
    alice.archive = honest(skewed(0, 4));
    await alice.logIn();
    live(4);
    alice.logOut();
    alice.archive = honest(skewed(0, 9));
    await alice.logIn();
    live(9);
    expect(alice.bodies()).toEqual(texts(0, 10));
    expect(Math.max(...alice.rows().map(({ at }) => at))).toBeLessThanOrEqual(NOW);
    // Nor does it take a place there, but for the minute that a catch-up reserves.
    expect(Math.max(...alice.rows().map(({ sortAt }) => sortAt))).toBeLessThanOrEqual(NOW + 2 * MINUTE);
  });
});

describe('the clock of a contact', () => {
  it('is not asked: a delay that is not told by our server moves nothing', async () => {
    await alice.logIn();
    live(0);
    live(1, said('bob@localhost', NOW - DAY));
    live(2, said('bob@localhost/phone', NOW + DAY));
    live(3, said('mallory@localhost', NOW - DAY));
    expect(alice.bodies()).toEqual(texts(0, 4));
    expect(alice.rows().every(({ at }) => at === NOW)).toBe(true);
  });
});
