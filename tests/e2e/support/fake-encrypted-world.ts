/** The people of the pictures, with devices, trust and messages in every state of encryption. */
import type { ChatProtectionView, HealthView } from '#shared/encryption.ts';
import type { ChatId, DeviceId, MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { accountIdOf, newChat, newContact, type FakeData } from './fake-backend.ts';
import { deviceKey, newDevice } from './fake-encryption.ts';
import { listHistory } from './fake-history.ts';

/** Monday, 3 May 2027, 14:32:20 UTC. */
export const NOW = Date.UTC(2027, 4, 3, 14, 32, 20);
const MINUTE = 60_000;
const DAY = 86_400_000;

const ada = accountIdOf(1);
const nadia = { chatId: 1 as ChatId, jid: 'nadia@example.org', name: 'Nadia Okafor' };
const jonas = { chatId: 2 as ChatId, jid: 'jonas@example.net', name: 'Jonas' };
const sam = { chatId: 3 as ChatId, jid: 'sam@example.org', name: 'Sam Whitfield' };

let id = 0;
const said = (
  chatId: ChatId,
  body: string,
  minutesAgo: number,
  change: Partial<MessageView> = {},
): MessageView => {
  id += 1;
  const at = NOW - minutesAgo * MINUTE;
  return {
    id: id as MessageId,
    chatId,
    direction: change.state === undefined ? 'in' : 'out',
    body,
    at,
    sortAt: at,
    state: 'received',
    protection: 'omemo',
    rev: 1,
    ...change,
  };
};

const phone = newDevice(101, {
  label: 'Phone',
  standing: 'verified',
  fingerprint: '05f3a1c2 9d77e0b4 1c5a88f0 2b6d4e91 7a30c6d8 e4419f22 b8d05c17 63aa90ef',
  firstSeen: NOW - 200 * DAY,
  lastHeard: NOW - 20 * MINUTE,
});
const laptop = newDevice(102, {
  fingerprint: '8a12bb40 55d1e09c f07a3316 c4e2895d 00b7fa61 d92c4418 3e8f6ab5 19cd70e2',
  firstSeen: NOW - 200 * DAY,
  lastHeard: NOW - 2 * DAY,
});
const added = newDevice(103, {
  standing: 'undecided',
  isLater: true,
  fingerprint: 'c0de77a1 3b5f0e92 6ad41c88 f12b9d30 5e64a7c9 881f02db 9730ce4a b65d1f08',
  firstSeen: NOW - 28 * MINUTE,
});
const old = newDevice(104, {
  label: 'Old tablet',
  standing: 'removed',
  firstSeen: NOW - 400 * DAY,
  isInactive: true,
});

const own = [
  newDevice(1, {
    isThis: true,
    standing: 'verified',
    fingerprint: '05c1d2e3 41a0bb77 90ef1122 3344aabb ccdd5566 7788eeff 0123abcd 4567cdef',
    firstSeen: NOW - 90 * DAY,
  }),
  newDevice(2, {
    label: 'Phone',
    standing: 'verified',
    fingerprint: '8a12bb40 55d1e09c f07a3316 c4e2895d 00b7fa61 d92c4418 3e8f6ab5 19cd70e2',
    firstSeen: NOW - 300 * DAY,
    lastHeard: NOW - 3 * MINUTE,
  }),
  newDevice(3, {
    label: 'Old tablet',
    standing: 'untrusted',
    fingerprint: 'c0de77a1 3b5f0e92 6ad41c88 f12b9d30 5e64a7c9 881f02db 9730ce4a b65d1f08',
    firstSeen: NOW - 500 * DAY,
    lastHeard: NOW - 94 * DAY,
    isInactive: true,
  }),
];

const talk = (): ReadonlyMap<ChatId, ReturnType<typeof listHistory>> => {
  id = 0;
  const n = nadia.chatId;
  const j = jonas.chatId;
  return new Map([
    [
      n,
      listHistory([
        said(n, 'Did the new phone turn up?', 30),
        said(
          n,
          'It did. I added it to this account, so you should see a second device on my profile now.',
          29,
        ),
        said(n, 'Works on my side.', 22, { state: 'read' }),
        said(n, 'Which train are you taking?', 22, { state: 'read' }),
        said(n, 'The 15:20, platform 4. I can hold a seat if you are on that one.', 20),
        said(n, 'See you at the station', 3, { state: 'delivered' }),
        said(n, 'And bring the map, please', 1, { state: 'failed', failure: 'no-trusted-device' }),
      ]),
    ],
    [
      j,
      listHistory([
        said(j, 'On my way', 60),
        said(j, 'I sent you this message encrypted with OMEMO.', 34, { failure: 'not-decryptable' }),
        said(j, 'Are you there already?', 33, { protection: 'none' }),
        said(j, 'Ok, until then', 27, { state: 'read' }),
      ]),
    ],
    [sam.chatId, listHistory([said(sam.chatId, 'Thanks!', 190, { protection: 'none' })])],
  ]);
};

const nadiaProtection: Partial<ChatProtectionView> = {
  next: 'omemo',
  outlook: 'encrypted',
  waiting: 1,
  notices: [{ deviceId: added.deviceId, kind: 'added', standing: 'undecided', at: added.firstSeen }],
};

const health: HealthView = {
  checkedAt: NOW,
  lines: [
    { isFine: true, fact: { kind: 'device-list', devices: 3, namesThis: true, access: 'open' } },
    { isFine: true, fact: { kind: 'bundle', isPresent: true, access: 'open' } },
    { isFine: true, fact: { kind: 'keys', preKeys: 100, signedAt: NOW - 6 * DAY } },
    {
      isFine: false,
      fact: { kind: 'device-without-keys', deviceId: 3 as DeviceId, label: 'Old tablet' },
      repair: { kind: 'remove-device', deviceId: 3 as DeviceId },
    },
    { isFine: true, fact: { kind: 'sessions', count: 41 } },
    {
      isFine: false,
      fact: { kind: 'broken-session', jid: jonas.jid, deviceId: 9 as DeviceId, messages: 2 },
      repair: { kind: 'session', jid: jonas.jid, deviceId: 9 as DeviceId },
    },
    { isFine: true, fact: { kind: 'clock', aheadMs: 300 } },
  ],
};

export const encryptedWorld = (): FakeData => ({
  accounts: [{ id: ada, jid: 'ada@example.org', enabled: true, phase: 'online', directTls: false, rev: 1 }],
  contacts: [nadia, jonas, sam].map(({ jid, name }) => ({ ...newContact(ada, jid), name, devices: 2 })),
  chats: [nadia, jonas, sam].map(({ chatId, jid, name }, index) => ({
    ...newChat(chatId, ada, jid, name),
    activeAt: NOW - index * 30 * MINUTE,
    ...(jid === nadia.jid ? { deviceWaits: true as const } : {}),
    last: {
      preview: ['And bring the map, please', 'Ok, until then', 'Thanks!'][index] ?? '',
      direction: index === 2 ? 'in' : 'out',
      state: index === 2 ? 'received' : 'read',
    },
  })),
  histories: talk(),
  encryption: {
    devices: new Map([
      [deviceKey(ada, nadia.jid), [old, phone, laptop, added]],
      [deviceKey(ada, 'ada@example.org'), own],
    ]),
    protections: new Map([
      [nadia.chatId, nadiaProtection],
      [jonas.chatId, { next: 'omemo', outlook: 'verified' }],
    ]),
    recipients: new Map(
      [3, 4, 6].map((message) => [
        message as MessageId,
        {
          recipients: [
            { deviceId: phone.deviceId, isOwn: false, label: 'phone', outcome: 'encrypted' },
            { deviceId: laptop.deviceId, isOwn: false, label: '', outcome: 'encrypted' },
            { deviceId: added.deviceId, isOwn: false, label: '', outcome: 'undecided' },
            { deviceId: 2 as DeviceId, isOwn: true, label: 'phone', outcome: 'encrypted' },
          ],
        },
      ]),
    ),
    unreadable: new Map([[9 as MessageId, { reason: 'no-key', deviceId: 9 as DeviceId, canRepair: true }]]),
    health,
  },
});
