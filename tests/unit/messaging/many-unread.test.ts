import { expect, it } from 'vitest';
import { AccountBefore, honest, type Kept } from '#tests/support/scripted-archive.ts';

/** A very long absence, or a very busy contact. */
const NOW = Date.UTC(2026, 0, 10);
const COUNT = 50_000;

it(
  '50,000 unread messages come once and in order, are counted, and are read at once',
  { timeout: 240_000 },
  async () => {
    const alice = new AccountBefore(NOW);
    try {
      const entries = Array.from({ length: COUNT }, (_, index): Kept => {
        const stamp = NOW - (COUNT - index) * 1_000;
        return { id: `a${index}`, stamp, body: `text ${index}` };
      });
      alice.archive = honest(entries.slice(0, 1));
      await alice.logIn();
      alice.read();
      alice.logOut();
      expect(alice.unread()).toBe(0);

      alice.archive = honest(entries);
      await alice.logIn();
      expect(alice.unread()).toBe(COUNT - 1);
      expect(alice.bodies()).toEqual(entries.slice(-2_000).map(({ body }) => body));
      alice.receive(
        "<message from='bob@localhost/phone' to='alice@localhost' type='chat' id='live'><body>live</body></message>",
      );
      expect(alice.unread()).toBe(COUNT);
      expect(alice.bodies().at(-1)).toBe('live');

      // The same once more is nothing new.
      alice.logOut();
      await alice.logIn();
      expect(alice.unread()).toBe(COUNT);
      alice.read();
      expect(alice.unread()).toBe(0);
    } finally {
      alice.close();
    }
  },
);
