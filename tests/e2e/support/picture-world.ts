import { copyFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { AccountSecrets } from '#main/crypto/account-secrets.ts';
import type { Database } from '#main/store/database.ts';
import type { Store } from '#main/store/store.ts';
import { rosterSet } from '#main/xmpp/features/roster.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { MessageState } from '#shared/views.ts';
import type { Peer } from '#tests/support/peer.ts';
import type { Prosody } from '#tests/support/prosody.ts';
import { writeFixedCertificate } from './fixed-certificate.ts';
import { PASSWORD, type TestServer } from './story.ts';

/** The people, the talk and the moment of the pictures: the same in every run. */

/** Monday, 3 May 2027, 14:32:20 UTC. */
export const NOW = Date.UTC(2027, 4, 3, 14, 32, 20);

export const ADA = 'ada@example.org';
export const WORK = 'w.hopper@work.example';
/** Its certificate is signed by itself, and always the same. */
export const UNKNOWN = 'ada@chat.example';

export const HOSTS = ['example.org', 'example.net', 'work.example', 'chat.example'].map((name) => ({ name }));

type Line = readonly [body: string, minutesAgo: number, state?: MessageState, failure?: string];

interface Person {
  readonly jid: string;
  readonly name: string;
  readonly lines: readonly Line[];
  readonly unread?: number;
  readonly draft?: string;
  readonly account?: string;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** Those of the chats that everybody sees first. */
export const people: readonly Person[] = [
  {
    jid: 'nadia@example.org',
    name: 'Nadia Okafor',
    lines: [
      ['Did the new phone turn up?', 30],
      ['It did. I added it to this account, so you should see a second device on my profile now.', 29],
      ['Works on my side.', 22, 'read'],
      ['Which train are you taking?', 22, 'read'],
      ['The 15:20, platform 4. I can hold a seat if you are on that one.', 20],
      ['The timetable: https://trains.example.org/today?from=harbour', 19],
      ['/me packs the sandwiches', 3, 'delivered'],
      ['See you at the station', 0, 'delivered'],
    ],
  },
  { jid: 'jonas@example.net', name: 'Jonas', lines: [['Ok, until then', 27]] },
  {
    jid: 'mei@example.net',
    name: 'Mei Lin',
    unread: 3,
    lines: [
      ['Did you get to the end?', 50],
      ['Of the book, I mean.', 49],
      ['chapter four, then?', 45],
    ],
  },
  {
    jid: 'sam@example.org',
    name: 'Sam Whitfield',
    draft: 'About the invoice: I think we',
    lines: [['Thanks!', 3 * HOUR + 12]],
  },
  { jid: 'lena@example.net', name: 'Lena', lines: [['Good night', DAY + 2 * HOUR, 'read']] },
  {
    jid: 'desk@work.example',
    name: '',
    account: WORK,
    lines: [['Your parcel is at the front desk.', DAY + 5 * HOUR]],
  },
  {
    jid: 'kofi@example.org',
    name: 'Kofi',
    lines: [
      ['Are you there already?', 3 * DAY + 30],
      ['Read by you', 3 * DAY + 26, 'read'],
      ['Delivered to your phone', 3 * DAY + 25, 'delivered'],
      ['Only on the server so far', 3 * DAY + 24, 'acked'],
      ['And a map of the whole way, which is too large', 3 * DAY + 20, 'failed', 'policy-violation'],
    ],
  },
];

/** Many more chats, for a list that scrolls. */
export const crowd: readonly Person[] = Array.from({ length: 60 }, (_, index) => {
  const first = ['Amal', 'Bruno', 'Chiara', 'Dmitri', 'Esra', 'Farah', 'Goran', 'Hye-jin', 'Ingrid', 'Jamal'];
  const last = ['Aziz', 'Berg', 'Costa', 'Dahl', 'Eze', 'Fonseca'];
  const said = [
    'See you there',
    'Could you send it again?',
    'Happy birthday!',
    'On my way',
    'Thank you so much',
  ];
  const out = index % 3 === 1;
  return {
    jid: `person${index}@example.net`,
    name: `${first[index % first.length]} ${last[index % last.length]}`,
    unread: index % 7 === 2 ? index : 0,
    lines: Array.from({ length: Math.max(1, index % 7 === 2 ? index : 1) }, () => [
      said[index % said.length] ?? '',
      4 * DAY + index * 9 * HOUR,
      out ? 'read' : 'received',
    ]),
  };
});

/** Registers everybody, and makes the friendships and the certificate. @returns those who are online, to be closed */
export const populate = async (server: TestServer): Promise<readonly Peer[]> => {
  const known = people.filter(({ account }) => account === undefined);
  for (const jid of [ADA, WORK, UNKNOWN, 'wren@example.net', ...known.map((person) => person.jid)]) {
    await server.register(jid);
  }
  await replaceCertificate(server.prosody);
  const phone = await server.peer(ADA, 'phone');
  const peers = await Promise.all(known.map(({ jid }) => server.peer(jid)));
  for (const [index, { jid, name }] of known.entries()) {
    await peers[index]?.befriend(ADA);
    await phone.befriend(jid, name);
  }
  await phone.close();
  const [nadia, jonas, mei, sam, lena, kofi] = peers;
  if (!nadia || !jonas || !mei || !sam) throw new Error('somebody is missing');
  await mei.show('away', 'Back after lunch');
  await sam.show('dnd', '');
  await lena?.close();
  await kofi?.close();
  const wren = await server.peer('wren@example.net');
  await wren.befriend(ADA);
  return [nadia, jonas, mei, sam, wren, await server.peer(nadia.jid, 'tablet')];
};

/** Puts the crowd on Ada's roster, under their names. */
export const introduceCrowd = async (server: TestServer): Promise<void> => {
  const phone = await server.peer(ADA, 'phone');
  await Promise.all(crowd.map(({ jid, name }) => phone.request(rosterSet({ jid, name, groups: [] }))));
  await phone.close();
};

/**
 * A door to the server that has the same number in every run, because some screens show it: that of XMPP,
 * or any where it is taken.
 */
export const openDoor = async ({ prosody }: TestServer): Promise<Server> => {
  const door = createServer((client) => {
    const server = connect(prosody.port, prosody.host);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      door.once('error', reject);
      door.listen(port, prosody.host, () => {
        door.off('error', reject);
        resolve();
      });
    });
  await listen(5222).catch(() => listen(0));
  return door;
};

const replaceCertificate = async ({ dir, restart }: Prosody): Promise<void> => {
  const at = (file: string): string => path.join(dir, file);
  await writeFixedCertificate('chat.example', '20280302120000Z', at('fixed.crt'), at('fixed.key'));
  await copyFile(at('fixed.crt'), at('certs/chat.example.crt'));
  await copyFile(at('fixed.key'), at('certs/chat.example.key'));
  await restart();
};

/** Writes accounts and talk into a new profile. */
export const writeTalk = (
  database: Database,
  store: Store,
  server: { readonly host: string; readonly port: number },
  who: readonly Person[],
): Promise<void> => {
  const passwords = new AccountSecrets(store.secrets);
  const accounts = [ADA, WORK].map((jid, index) =>
    store.accounts.add({
      jid,
      directTls: false,
      ...server,
      createdAt: NOW - 100 * DAY * 60_000 + index,
    }),
  );
  for (const person of who) {
    const account = accounts.find(({ jid }) => jid === (person.account ?? ADA));
    if (account !== undefined) writeChat(database, store, account.id, account.jid, person);
  }
  return Promise.all(accounts.map(({ id }) => passwords.setPassword(id, PASSWORD))).then(() => undefined);
};

const writeChat = (
  database: Database,
  store: Store,
  accountId: AccountId,
  own: string,
  person: Person,
): void => {
  const at = (minutesAgo: number): number => NOW - minutesAgo * 60_000;
  const first = at(person.lines[0]?.[1] ?? 0);
  const { id } = store.chats.findOrCreate(accountId, person.jid, first);
  const rows = person.lines.map(([body, minutesAgo, state = 'received', failure], index) => {
    const out = state !== 'received';
    return database.insert(
      `INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, failure, protection, stanza_id, rev)
       VALUES ($id, $direction, $sender, $body, $at, $at, $state, $failure, 'none', $stanzaId, $rev)`,
      {
        id,
        direction: out ? 'out' : 'in',
        sender: out ? own : person.jid,
        body,
        at: at(minutesAgo) + index,
        state,
        failure: failure ?? null,
        stanzaId: `picture-${id}-${index}`,
        rev: store.revisions.next(),
      },
    );
  });
  store.chats.touch(id, at(person.lines.at(-1)?.[1] ?? 0));
  store.chats.setDraft(id, person.draft ?? '');
  const read = rows[rows.length - 1 - (person.unread ?? 0)];
  if (read !== undefined) markRead(database, id, read);
};

const markRead = (database: Database, chatId: ChatId, messageId: number): void => {
  database.run(
    `UPDATE chats SET (read_sort_at, read_id) = (SELECT sort_at, id FROM messages WHERE id = $messageId) WHERE id = $chatId`,
    { chatId, messageId },
  );
};
