import { randomBytes } from 'node:crypto';
import type { Backend } from '#main/backend.ts';
import { TestWindow } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import type { Prosody } from '#tests/support/prosody.ts';
import { until } from '#tests/support/until.ts';

/** Who appears in the demo, and what they say. */

interface Person {
  readonly jid: string;
  readonly name: string;
  readonly password: string;
}

const person = (local: string, name: string): Person => ({
  jid: `${local}@localhost`,
  name,
  password: randomBytes(16).toString('base64url'),
});

export const cast = {
  user: person('ada', 'Ada'),
  answers: person('grace', 'Grace Hopper'),
  asks: person('linus', 'Linus'),
} as const;

/** What Grace answers; after that she repeats what she hears. */
const lines = [
  'It works: your message went through a real server on this computer, and so did this answer.',
  'Try restarting me: everything that was said stays, encrypted on this computer.',
] as const;

const echo = (text: string): string => `You wrote: “${text}”`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The second and the third account, on clients of their own. */
export const startCast = async (server: Prosody): Promise<{ stop(): Promise<void> }> => {
  const connect = ({ jid, password }: Person): Promise<Peer> =>
    Peer.start({ jid, password, port: server.port, ca: server.ca, resource: 'demo' });
  const [grace, linus] = await Promise.all([connect(cast.answers), connect(cast.asks)]);
  await grace.show(undefined, 'Answers everything');
  await grace.befriend(cast.user.jid);
  await linus.befriend(cast.user.jid);
  await grace.say(cast.user.jid, 'Hello Ada! Write me something, I always answer.');
  let said = 0;
  grace.onText((text, from) => {
    void (async () => {
      await grace.type(from, 'composing');
      await pause(900);
      await grace.say(from, lines[said++] ?? echo(text));
    })();
  });
  return {
    stop: async () => {
      await Promise.all([grace.close(), linus.close()]);
    },
  };
};

/** Logs the first account in, as its user would, and lets Grace in. Linus waits for an answer. */
export const signIn = async (backend: Backend, server: Prosody): Promise<void> => {
  const window = new TestWindow(backend);
  try {
    const snapshot = await window.ready();
    if (snapshot.accounts.length > 0) return;
    const { jid, password } = cast.user;
    const account = await window.api.accounts.add({ jid, password, host: server.host, port: server.port });
    window.accounts.set(account.id, account);
    await window.phase(jid, 'online');
    await until('Grace to ask', () =>
      window.requests.get(account.id)?.some((request) => request.jid === cast.answers.jid),
    );
    await window.api.contacts.add({ accountId: account.id, jid: cast.answers.jid, name: cast.answers.name });
    await until('Grace to be there', () => window.contacts.get(cast.answers.jid)?.availability === 'online');
  } finally {
    window.close();
  }
};
