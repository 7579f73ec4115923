import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlockingService } from '#main/accounts/blocking.ts';
import { Changes, type Change } from '#main/util/changes.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';

const LIST = (...jids: readonly string[]): string =>
  `<iq type='result'><blocklist xmlns='urn:xmpp:blocking'>${jids.map((jid) => `<item jid='${jid}'/>`).join('')}</blocklist></iq>`;
const RESULT = "<iq type='result'/>";
const BOB = 'bob@localhost';
const SPAMMER = 'spammer@bad.example';

let test: TestStore;
let blocking: BlockingService;
let changes: Change[];

beforeEach(() => {
  test = openTestStore();
  changes = [];
  const announcer = new Changes();
  announcer.on((change) => changes.push(change));
  blocking = new BlockingService({ store: test.store, changes: announcer, log: quietLog });
});
afterEach(() => test.close());

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const session = (stream: FakeStream): XmppSession =>
  new XmppSession(stream, [], { message: () => undefined, presence: () => undefined, seesUs: () => false });
const list = (): readonly string[] => blocking.list(test.account.id);
const standing = (jid: string): string | undefined => test.store.chats.find(test.account.id, jid)?.standing;
/** A session that has fetched this list. */
const attached = async (...jids: readonly string[]): Promise<{ stream: FakeStream; xmpp: XmppSession }> => {
  const stream = new FakeStream().expectRequest(
    (iq) => expect(iq.getChild('blocklist')).toBeDefined(),
    LIST(...jids),
  );
  const xmpp = session(stream);
  blocking.attach(test.account.id, xmpp, true);
  xmpp.open();
  await settled();
  stream.finish();
  return { stream, xmpp };
};
const push = (name: 'block' | 'unblock', from: string, ...jids: readonly string[]): string =>
  `<iq type='set' id='p' ${from}><${name} xmlns='urn:xmpp:blocking'>${jids.map((jid) => `<item jid='${jid}'/>`).join('')}</${name}></iq>`;

describe('the block list', () => {
  it("is the server's, known offline, and decides about chats and requests", async () => {
    const { store, account } = test;
    for (const jid of [BOB, SPAMMER]) store.chats.findOrCreate(account.id, jid, 1);
    store.contacts.addRequest({ accountId: account.id, jid: SPAMMER, name: '', text: '', at: 1 });
    await attached('bad.example');
    expect([standing(BOB), standing(SPAMMER)]).toEqual(['open', 'blocked']);
    expect(store.contacts.listRequests()).toEqual([]);
    expect(changes.map(({ kind }) => kind)).toEqual(['blocked', 'chat', 'requests']);
    await attached();
    expect([list(), standing(SPAMMER)]).toEqual([[], 'open']);
  });

  it("follows the pushes of the own server, and nobody else's", async () => {
    test.store.chats.findOrCreate(test.account.id, BOB, 1);
    const { stream } = await attached();
    stream.expectSend((reply) => expect(reply.attrs['type']).toBe('result'));
    await stream.receive(push('block', "from='alice@localhost'", BOB));
    expect([list(), standing(BOB)]).toEqual([[BOB], 'blocked']);
    for (const from of ["from='bob@localhost'", "from='alice@localhost/phone'", "from='localhost'"]) {
      stream.expectSend((reply) => expect(reply.attrs['type']).toBe('error'));
      await stream.receive(push('unblock', from, BOB));
    }
    expect(list()).toEqual([BOB]);
    stream.expectSend((reply) => expect(reply.attrs['type']).toBe('result'));
    await stream.receive(push('unblock', ''));
    expect([list(), standing(BOB)]).toEqual([[], 'open']);
    stream.finish();
  });

  it('tells the server why, where it takes reports, by archive ids and not by texts', async () => {
    const { store, account } = test;
    const chatId = store.chats.findOrCreate(account.id, SPAMMER, 1).id;
    const spam = store.messages.insertIncoming({
      ...{ chatId, senderJid: SPAMMER, body: 'Buy!', at: 1, protection: 'none', archiveId: 'a1' },
    });
    const { stream, xmpp } = await attached();
    const report = { reason: 'spam', text: 'every day', messageIds: [spam.id] } as const;
    const features = "<feature var='urn:xmpp:reporting:1'/>";
    stream
      .expectRequest(
        () => undefined,
        `<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info'>${features}</query></iq>`,
      )
      .expectRequest((iq) => {
        expect(iq.toString()).toContain('a1');
        expect(iq.toString()).not.toContain('Buy!');
      }, RESULT);
    expect(await blocking.block(account.id, xmpp, SPAMMER, report)).toBe(true);
    expect([list(), standing(SPAMMER)]).toEqual([[SPAMMER], 'blocked']);
    stream.expectRequest(() => undefined, RESULT);
    await blocking.unblock(account.id, xmpp, SPAMMER);
    expect(list()).toEqual([]);
    stream.finish();
  });

  it('changes nothing where the server refuses, or for oneself', async () => {
    const { stream, xmpp } = await attached();
    stream.expectRequest(() => undefined, new StanzaError('service-unavailable', 'cancel'));
    await expect(blocking.block(test.account.id, xmpp, BOB)).rejects.toMatchObject({
      code: 'stanza-error',
      detail: { condition: 'service-unavailable' },
    });
    await expect(blocking.block(test.account.id, xmpp, 'alice@localhost')).rejects.toMatchObject({
      code: 'invalid-jid',
    });
    expect(list()).toEqual([]);
    stream.finish();
  });
});
