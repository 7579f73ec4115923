/** A full life for the scripted application: every state that the window can show. */
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type {
  AccountView,
  Availability,
  ChatView,
  ContactRequestView,
  ContactView,
  MessageState,
  MessageView,
} from '#shared/views.ts';
import { accountIdOf, newChat, newContact, type FakeData } from './fake-backend.ts';
import { endlessHistory, listHistory, type History } from './fake-history.ts';

export const ada: AccountId = accountIdOf(1);
export const work: AccountId = accountIdOf(2);

/** Chats by what they are there to show. */
export const chatIds = {
  nadia: 1 as ChatId,
  jonas: 2 as ChatId,
  mei: 3 as ChatId,
  sam: 4 as ChatId,
  states: 5 as ChatId,
  long: 6 as ChatId,
  offline: 7 as ChatId,
  hostile: 8 as ChatId,
  samar: 9 as ChatId,
  request: 10 as ChatId,
  blocked: 11 as ChatId,
} as const;

export const LONG_HISTORY = 100_000;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const accounts = (now: number): readonly AccountView[] => [
  { id: ada, jid: 'ada@example.org', enabled: true, phase: 'online', directTls: false, rev: 1 },
  {
    id: work,
    jid: 'w.hopper@work.example',
    enabled: true,
    phase: 'waiting',
    error: { code: 'connection-timeout', step: 'tcp', advice: 'retry-later', host: 'xmpp.work.example' },
    retryAt: now + 12_000,
    host: 'xmpp.work.example',
    port: 5223,
    directTls: true,
    rev: 2,
  },
];

let lastId = 1000;
const message = (
  chatId: ChatId,
  at: number,
  body: string,
  state: MessageState = 'received',
  failure?: string,
): MessageView => {
  lastId += 1;
  return {
    id: lastId as MessageId,
    chatId,
    direction: state === 'received' ? 'in' : 'out',
    body,
    at,
    sortAt: at,
    state,
    ...(failure === undefined ? {} : { failure }),
    protection: 'none',
    rev: lastId,
  };
};

const talk = (
  chatId: ChatId,
  now: number,
  lines: readonly (readonly [string, MessageState, number])[],
): History =>
  listHistory(
    lines.map(([body, state, minutesAgo]) => message(chatId, now - minutesAgo * MINUTE, body, state)),
  );

const nadiaTalk = (now: number): History =>
  talk(chatIds.nadia, now, [
    ['Are you coming on Saturday?', 'received', 26 * 60],
    ['I think so. Let me check the trains.', 'read', 26 * 60 - 4],
    ['Did the new phone turn up?', 'received', 32],
    [
      'It did. I added it to this account, so you should see a second device on my profile now.',
      'received',
      31,
    ],
    ['Works on my side.', 'read', 24],
    ['Which train are you taking?', 'read', 24],
    ['The 15:20, platform 4. I can hold a seat if you are on that one.', 'received', 22],
    ['Timetable: https://trains.example.org/today?from=harbour&to=hill (the second table)', 'received', 21],
    ['🎉👍', 'received', 5],
    ['/me packs the sandwiches', 'delivered', 3],
    ['See you at the station', 'delivered', 2],
  ]);

/** What was answered, edited, reacted to, styled and taken back. */
const changedTalk = (now: number): readonly MessageView[] => {
  const asked = message(chatIds.states, now - 30 * MINUTE, 'Which train are you taking?', 'read');
  const answer = message(
    chatIds.states,
    now - 29 * MINUTE,
    'The *15:20*, platform 4. I can hold a seat if you are on _that_ one.',
  );
  return [
    asked,
    {
      ...answer,
      reply: { messageId: asked.id, mine: true, quote: asked.body },
      reactions: [
        { emoji: '👍', count: 1, mine: true },
        { emoji: '🎉', count: 2, mine: false },
      ],
    },
    {
      ...message(chatIds.states, now - 28 * MINUTE, 'See you at the station', 'read'),
      editedAt: now - 27 * MINUTE,
      reactions: [{ emoji: '❤️', count: 1, mine: false }],
    },
    { ...message(chatIds.states, now - 27 * MINUTE, '', 'delivered'), retracted: true },
    { ...message(chatIds.states, now - 26 * MINUTE, ''), retracted: true },
    {
      ...message(chatIds.states, now - 25 * MINUTE, 'About that again', 'delivered'),
      reply: { messageId: answer.id, mine: false, quote: 'The *15:20*, platform 4.' },
    },
  ];
};

const allStates = (now: number): History =>
  listHistory([
    ...changedTalk(now),
    {
      ...message(chatIds.states, now - 22 * MINUTE, 'I sent you an OMEMO encrypted message.'),
      failure: 'not-decryptable',
      protection: 'omemo',
    },
    message(chatIds.states, now - 20 * MINUTE, 'Are you there already?'),
    message(chatIds.states, now - 18 * MINUTE, 'Read by Kofi', 'read'),
    message(chatIds.states, now - 17 * MINUTE, 'Delivered to his phone', 'delivered'),
    message(chatIds.states, now - 16 * MINUTE, 'On the server', 'acked'),
    message(chatIds.states, now - 15 * MINUTE, 'Sent, not yet acknowledged', 'sent'),
    message(chatIds.states, now - 14 * MINUTE, 'Just being sent', 'sending'),
    message(chatIds.states, now - 13 * MINUTE, 'Waiting for the connection', 'queued'),
    {
      ...message(chatIds.states, now - 12 * MINUTE, 'Going out later, still editable', 'queued'),
      sendAt: now + 3 * HOUR,
    },
    {
      ...message(chatIds.states, now - 3 * MINUTE, 'This one was refused', 'failed', 'policy-violation'),
      failureText: 'Messages of strangers are not taken.',
    },
    message(
      chatIds.states,
      now - 2 * MINUTE,
      'And this one has nowhere to go',
      'failed',
      'remote-server-not-found',
    ),
  ]);

const hostileTalk = (now: number): History => {
  const lines = [
    '<img src=x onerror=alert(1)> <script>alert(2)</script> &lt;b&gt;',
    'javascript:alert(1) data:text/html,x file:///etc/passwd https://user:pass@evil.example/',
    'https://bank.example/\u202Egro.live',
    `A\u0310\u0301\u0302\u0303${'\u0334\u0335\u0336\u0337\u0338'.repeat(60)}B stacked`,
    'https://example.org/'.padEnd(600, 'a'),
    'x'.repeat(1200),
    '\u202Eright to left override\u202C and back',
    Array.from({ length: 90 }, (_, line) => `Line ${line + 1} of a very long text`).join('\n'),
    'مرحبا، كيف حالك؟ see https://example.org/path for more',
  ];
  return listHistory(lines.map((body, index) => message(chatIds.hostile, now - (60 - index) * MINUTE, body)));
};

const WORDS =
  'the train leaves at noon from platform four and we should bring the notes for chapter two'.split(' ');

const longTalk = (now: number): History =>
  endlessHistory(LONG_HISTORY, 10_000, (index) => {
    const out = index % 3 === 0;
    const length = 1 + ((index * 7919) % 40);
    const words = Array.from({ length }, (_, word) => WORDS[(index + word * 5) % WORDS.length]);
    const at = now - (LONG_HISTORY - index) * 7 * MINUTE;
    return {
      chatId: chatIds.long,
      direction: out ? 'out' : 'in',
      body: `#${index} ${words.join(' ')}`,
      at,
      sortAt: at,
      state: out ? 'delivered' : 'received',
      protection: 'none',
      rev: 1,
    };
  });

interface Person {
  readonly id: ChatId;
  readonly jid: string;
  readonly name: string;
  readonly minutesAgo: number;
  readonly availability?: Availability;
  readonly devices?: number;
  readonly chat?: Partial<ChatView>;
  readonly account?: AccountId;
}

const last = (preview: string, state: MessageState = 'received'): Partial<ChatView> => ({
  last: { preview, state, direction: state === 'received' ? 'in' : 'out' },
});

const people: readonly Person[] = [
  {
    id: chatIds.nadia,
    jid: 'nadia@example.org',
    name: 'Nadia Okafor',
    minutesAgo: 2,
    devices: 2,
    chat: last('See you at the station', 'delivered'),
  },
  {
    id: chatIds.jonas,
    jid: 'jonas@example.net',
    name: 'Jonas',
    minutesAgo: 27,
    chat: { ...last('Ok'), typing: true },
  },
  {
    id: chatIds.mei,
    jid: 'mei@example.net',
    name: 'Mei Lin',
    minutesAgo: 45,
    availability: 'away',
    chat: { ...last('chapter four, then?'), unread: 3 },
  },
  {
    id: chatIds.sam,
    jid: 'sam@example.org',
    name: 'Sam Whitfield',
    minutesAgo: 190,
    availability: 'dnd',
    chat: { ...last('Thanks'), draft: 'About the invoice: I think we' },
  },
  {
    id: chatIds.states,
    jid: 'kofi@example.org',
    name: 'Kofi',
    minutesAgo: 240,
    availability: 'offline',
    chat: last('And this one has nowhere to go', 'failed'),
  },
  {
    id: chatIds.long,
    jid: 'archive@example.org',
    name: 'Old friend',
    minutesAgo: 26 * 60,
    chat: last('#99999 notes for chapter'),
  },
  {
    id: chatIds.offline,
    jid: 'desk@work.example',
    name: 'desk@work.example',
    minutesAgo: 28 * 60,
    availability: 'offline',
    account: work,
    chat: last('Waiting for the connection', 'queued'),
  },
  {
    id: chatIds.hostile,
    jid: 'mallory@evil.example',
    name: `Mallory \u202Ecod.exe ${'very '.repeat(2000)}long`,
    minutesAgo: 50 * 60,
    chat: last('<img src=x onerror=alert(1)>'),
  },
  {
    id: chatIds.samar,
    jid: 'samar@example.org',
    name: 'سمر الحسن',
    minutesAgo: 3 * 24 * 60,
    chat: last('مرحبا، كيف حالك؟'),
  },
  {
    id: chatIds.request,
    jid: 'finder@example.net',
    name: 'finder@example.net',
    minutesAgo: 90,
    chat: { ...last(''), standing: 'request', unread: 2 },
  },
  {
    id: chatIds.blocked,
    jid: 'seller@example.com',
    name: 'Best offers',
    minutesAgo: 3 * 60,
    chat: { ...last(''), standing: 'blocked' },
  },
];

const FILL = ['Lena', 'Kwame', 'Ingrid', 'Tomás', 'Yuki', 'Amal', 'Piotr', 'Zoë', 'Bruno', 'Farah'];

const stranger = (index: number): Person => ({
  id: (100 + index) as ChatId,
  jid: `person${index}@example.com`,
  name: `${FILL[index % FILL.length]} ${index}`,
  minutesAgo: (4 * 24 + index * 5) * 60,
  availability: (['online', 'away', 'xa', 'offline'] as const)[index % 4] ?? 'offline',
  chat: last(`Message number ${index}`, index % 2 === 0 ? 'received' : 'read'),
});

const chatOf = (person: Person, now: number): ChatView => ({
  ...newChat(person.id, person.account ?? ada, person.jid, person.name),
  activeAt: now - person.minutesAgo * MINUTE,
  ...person.chat,
});

const contactOf = (person: Person): ContactView => ({
  ...newContact(person.account ?? ada, person.jid),
  name: person.name,
  availability: person.availability ?? 'online',
  devices: person.devices ?? 1,
  groups: person.id === chatIds.nadia ? ['Friends', 'Reading group'] : [],
  statusText: person.id === chatIds.mei ? 'Back after lunch' : '',
});

const requests = (now: number): readonly ContactRequestView[] => [
  { accountId: ada, jid: 'wren@example.com', name: 'Wren', text: 'We met at the library.', at: now - HOUR },
  { accountId: ada, jid: 'stranger@example.net', name: 'stranger@example.net', text: '', at: now - 5 * HOUR },
];

/** Everything at once: about 500 chats, one with 100,000 messages, every state, requests, an account without connection. */
export const fullWorld = (now: number): FakeData => {
  const everybody = [...people, ...Array.from({ length: 490 }, (_, index) => stranger(index))];
  const meiTalk = talk(
    chatIds.mei,
    now,
    Array.from(
      { length: 40 },
      (_, index) => [`Page ${index + 1} is the one with the map.`, 'received', 200 - index * 4] as const,
    ),
  );
  const firstUnreadId = meiTalk.at(meiTalk.length - 3).id;
  const chats = everybody.map((person) => chatOf(person, now));
  return {
    accounts: accounts(now),
    contacts: everybody.filter(({ chat }) => chat?.standing !== 'request').map(contactOf),
    requests: requests(now),
    chats: chats.map((chat) => (chat.id === chatIds.mei ? { ...chat, firstUnreadId } : chat)),
    histories: new Map([
      [chatIds.nadia, nadiaTalk(now)],
      [chatIds.jonas, talk(chatIds.jonas, now, [['Ok', 'received', 27]])],
      [chatIds.mei, meiTalk],
      [chatIds.sam, talk(chatIds.sam, now, [['Thanks', 'received', 190]])],
      [chatIds.states, allStates(now)],
      [chatIds.long, longTalk(now)],
      [chatIds.offline, talk(chatIds.offline, now, [['Waiting for the connection', 'queued', 28 * 60]])],
      [chatIds.hostile, hostileTalk(now)],
      [
        chatIds.request,
        talk(chatIds.request, now, [
          ['Hello! I found your keys at the library.', 'received', 92],
          ['Is this the right address?', 'received', 90],
        ]),
      ],
      [chatIds.blocked, talk(chatIds.blocked, now, [['Buy one, get two!', 'received', 3 * 60]])],
      [
        chatIds.samar,
        talk(chatIds.samar, now, [
          ['مرحبا، كيف حالك؟', 'received', 3 * 24 * 60],
          ['بخير، شكرا!', 'read', 3 * 24 * 60 - 2],
        ]),
      ],
    ]),
  };
};
