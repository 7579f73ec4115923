/** OMEMO as a whole: several clients with real stores, and a server in memory. */
import { describe, expect, test } from 'vitest';
import { StanzaError } from '#main/xmpp/port.ts';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId, MessageId } from '#shared/ids.ts';
import {
  MemoryServer,
  OmemoClient,
  publishedIds,
  recipientsOf,
  settled,
  type ClientOptions,
} from '#tests/support/omemo-world.ts';
import { outgoing } from '#tests/support/temporary-profile.ts';

const NS = 'eu.siacs.conversations.axolotl';
const LIST = `${NS}.devicelist`;
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

const meet = async (
  options: { readonly romeo?: ClientOptions; readonly juliet?: ClientOptions } = {},
): Promise<{ readonly server: MemoryServer; readonly romeo: OmemoClient; readonly juliet: OmemoClient }> => {
  const server = new MemoryServer();
  const romeo = await new OmemoClient(server, ROMEO, options.romeo).start();
  const juliet = await new OmemoClient(server, JULIET, options.juliet).start();
  return { server, romeo, juliet };
};

const listOf = (...ids: readonly number[]): Element =>
  parseStanza(xml('list', { xmlns: NS }, ...ids.map((id) => xml('device', { id: String(id) }))).toString());

const published = (server: MemoryServer, node: string): readonly Element[] =>
  server.requests.filter((iq) => iq.toString().includes('<publish ') && iq.toString().includes(`"${node}`));

describe('the first login', () => {
  test('publishes the bundle before the list, both open for everybody', async () => {
    const { server, romeo } = await meet();
    const own = server.requests.filter((iq) => iq.toString().includes('<publish '));
    const nodes = own.map((iq) => iq.getChild('pubsub')?.getChild('publish')?.attrs['node']);
    expect(nodes.slice(0, 2)).toEqual([`${NS}.bundles:${romeo.deviceId}`, LIST]);
    expect(own.every((iq) => iq.toString().includes('<field var="pubsub#access_model"><value>open<'))).toBe(
      true,
    );
    const bundle = server.nodes.get(`${ROMEO} ${NS}.bundles:${romeo.deviceId}`)?.toString() ?? '';
    expect(bundle.match(/preKeyId="\d+"/g)).toHaveLength(100);
    expect(bundle).toContain('preKeyId="1"');
    expect(bundle).not.toContain('preKeyId="0"');
  });

  test('joins the list of other clients, and takes no number that is in it', async () => {
    const server = new MemoryServer();
    server.nodes.set(`${ROMEO} ${LIST}`, listOf(7, 9));
    const romeo = await new OmemoClient(server, ROMEO).start();
    expect(publishedIds(server, ROMEO)).toEqual([7, 9, romeo.deviceId]);
    expect([7, 9]).not.toContain(romeo.deviceId);
  });

  test('publishes nothing where the list could not be fetched', async () => {
    const server = new MemoryServer();
    server.refuse = (iq) =>
      iq.toString().includes(LIST) ? new StanzaError('internal-server-error', 'wait') : undefined;
    await new OmemoClient(server, ROMEO).start();
    expect(server.nodes.size).toBe(0);
  });

  test('opens a node that is closed, and does without options where the server knows none', async () => {
    for (const condition of ['conflict', 'feature-not-implemented']) {
      const server = new MemoryServer();
      const configured: string[] = [];
      server.refuse = (iq) => {
        const text = iq.toString();
        if (text.includes('<configure ')) configured.push(text);
        const isRefused =
          text.includes('<publish-options') && (condition !== 'conflict' || configured.length < 1);
        return isRefused ? new StanzaError(condition, 'cancel') : undefined;
      };
      const romeo = await new OmemoClient(server, ROMEO).start();
      expect(publishedIds(server, ROMEO)).toEqual([romeo.deviceId]);
      expect(configured.length).toBeGreaterThan(0);
      expect(configured.every((text) => text.includes('open'))).toBe(true);
    }
  });
});

describe('later logins', () => {
  test('publish nothing where all is as it was, and everything where the server has lost it', async () => {
    const { server, romeo } = await meet();
    server.requests.length = 0;
    await romeo.start();
    expect(published(server, NS)).toEqual([]);
    server.nodes.clear();
    const { deviceId } = romeo;
    await romeo.start();
    expect(publishedIds(server, ROMEO)).toEqual([deviceId]);
    expect(server.nodes.has(`${ROMEO} ${NS}.bundles:${deviceId}`)).toBe(true);
  });

  test('rotate the signed prekey after two weeks, and keep the previous one for messages under way', async () => {
    const { romeo, juliet } = await meet();
    const first = await juliet.write(ROMEO, 'written before the rotation');
    romeo.clock.advance(15 * 86_400_000);
    await settled();
    await romeo.start();
    const { keys } = romeo.store.omemo;
    expect(keys.currentSignedPreKey(romeo.accountId)?.id).toBe(2);
    expect(romeo.readText(JULIET, first)).toBe('written before the rotation');
    romeo.clock.advance(29 * 86_400_000);
    await settled();
    await romeo.start();
    expect(keys.signedPreKey(romeo.accountId, 1)).toBeUndefined();
  });

  test('refill the prekeys that were used, and delete those when the archive has been read', async () => {
    const { server, romeo, juliet } = await meet();
    romeo.readText(JULIET, await juliet.write(ROMEO, 'hello'));
    const { keys } = romeo.store.omemo;
    expect(keys.countPreKeys(romeo.accountId)).toBe(99);
    romeo.clock.advance(5_000);
    await settled();
    expect(keys.countPreKeys(romeo.accountId)).toBe(100);
    const bundle = server.nodes.get(`${ROMEO} ${NS}.bundles:${romeo.deviceId}`)?.toString() ?? '';
    expect(bundle).toContain('preKeyId="101"');
    expect(keys.own(romeo.accountId)?.published).toBe(true);
  });
});

describe('the own list', () => {
  test('that another client has published without us gets us back, merged, and not again and again', async () => {
    const { server, romeo } = await meet();
    server.publish(ROMEO, LIST, listOf(5));
    server.publish(ROMEO, LIST, listOf(5, 6));
    expect(publishedIds(server, ROMEO)).toEqual([5, 6]);
    server.requests.length = 0;
    romeo.clock.advance(5_000);
    await settled();
    expect(publishedIds(server, ROMEO)).toEqual([5, 6, romeo.deviceId]);
    expect(published(server, LIST)).toHaveLength(1);
  });

  test('of strangers is not kept', async () => {
    const server = new MemoryServer();
    const romeo = await new OmemoClient(server, ROMEO, { isContact: (jid) => jid === JULIET }).start();
    const { devices } = romeo.store.omemo;
    server.publish('stranger@x.example', LIST, listOf(1, 2));
    server.publish(JULIET, LIST, listOf(3));
    expect(devices.list(romeo.accountId, 'stranger@x.example')).toEqual([]);
    expect(devices.list(romeo.accountId, JULIET)).toHaveLength(1);
  });

  test('that comes from somebody else than its account is none', async () => {
    const { romeo } = await meet();
    const items = xml('items', { node: LIST }, xml('item', { id: 'current' }, listOf(5)));
    const event = xml('event', { xmlns: 'http://jabber.org/protocol/pubsub#event' }, items);
    const forged = parseStanza(xml('message', { from: `${ROMEO}/laptop` }, event).toString());
    expect(romeo.service.take(romeo.accountId, forged)).toBe(false);
  });
});

describe('a conversation', () => {
  test('begins without anybody doing anything, and goes both ways', async () => {
    const { romeo, juliet } = await meet();
    expect(romeo.seal(JULIET, 'x').kind).toBe('preparing');
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'Shall I hear more?'))).toBe(
      'Shall I hear more?',
    );
    for (let round = 0; round < 5; round += 1) {
      expect(romeo.readText(JULIET, await juliet.write(ROMEO, `j${round}`))).toBe(`j${round}`);
      expect(juliet.readText(ROMEO, await romeo.write(JULIET, `r${round}`))).toBe(`r${round}`);
    }
  });

  test('reaches the own other devices too, and never the sending one', async () => {
    const { server, romeo, juliet } = await meet();
    const laptop = await new OmemoClient(server, ROMEO, { policy: 'blind' }).start();
    laptop.policy = 'blind';
    const message = await laptop.write(JULIET, 'from the laptop');
    expect(new Set(recipientsOf(message))).toEqual(new Set([romeo.deviceId, juliet.deviceId]));
    expect(romeo.readText(ROMEO, message)).toBe('from the laptop');
    expect(juliet.readText(ROMEO, message)).toBe('from the laptop');
    // What this device has sent comes back by the archive.
    expect(laptop.readText(ROMEO, message)).toBe('nothing');
  });

  test('with oneself needs nobody else', async () => {
    const { romeo } = await meet();
    expect(recipientsOf(await romeo.write(ROMEO, 'a note'))).toEqual([]);
  });

  test('is answered with an empty message when somebody has begun it, after the catch-up, contacts only', async () => {
    const { romeo, juliet } = await meet();
    const message = await romeo.write(JULIET, 'hello');
    await juliet.start(false);
    juliet.readText(ROMEO, message);
    await settled();
    expect(juliet.sent).toEqual([]);
    juliet.service.caughtUp(juliet.accountId);
    const [answer] = juliet.sent;
    expect(answer?.toString()).toContain('<store xmlns="urn:xmpp:hints"/>');
    expect(answer?.toString()).not.toContain('<body');
    expect(answer && romeo.readText(JULIET, answer)).toBe('nothing');
    expect((await romeo.write(JULIET, 'next')).toString()).not.toContain('prekey="true"');
    const shy = await meet({ juliet: { mayAnswer: false } });
    shy.juliet.readText(ROMEO, await shy.romeo.write(JULIET, 'hello, stranger'));
    await settled();
    expect(shy.juliet.sent).toEqual([]);
  });

  test('that nobody answers is kept alive by an empty message after 53', async () => {
    const { romeo, juliet } = await meet();
    juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'));
    romeo.readText(JULIET, await juliet.write(ROMEO, 'hello'));
    await settled();
    juliet.sent.length = 0;
    for (let count = 0; count < 60; count += 1) juliet.readText(ROMEO, await romeo.write(JULIET, `${count}`));
    await settled();
    expect(juliet.sent).toHaveLength(1);
  });
});

describe('trust', () => {
  test('goes to the devices of the first list; a later one waits for the user, and the ledger says so', async () => {
    const { server, romeo, juliet } = await meet();
    await romeo.write(JULIET, 'hello');
    const phone = await new OmemoClient(server, JULIET).start();
    const chatId = romeo.store.chats.findOrCreate(romeo.accountId, JULIET, 1).id;
    const { id } = romeo.store.messages.insertOutgoing(outgoing(chatId, 'x', 5));
    const message = await romeo.write(JULIET, 'not for the phone', id);
    expect(recipientsOf(message)).toEqual([juliet.deviceId]);
    const { ledger, devices } = romeo.store.omemo;
    expect(ledger.recipients(id).map(({ deviceId, outcome }) => [deviceId, outcome])).toEqual(
      [
        [juliet.deviceId, 'encrypted'],
        [phone.deviceId, 'undecided'],
      ].toSorted(([one], [other]) => Number(one) - Number(other)),
    );
    const key = devices.get(romeo.accountId, JULIET, phone.deviceId as DeviceId)?.identityKey;
    devices.setTrust(romeo.accountId, JULIET, key ?? new Uint8Array(), 'verified', 9);
    expect(phone.readText(ROMEO, await romeo.write(JULIET, 'for both'))).toBe('for both');
  });

  test('can be decided about a new own device at once, and about any that the user looks at', async () => {
    const { server, romeo, juliet } = await meet();
    const phone = await new OmemoClient(server, ROMEO).start();
    await settled();
    const { devices, sessions } = romeo.store.omemo;
    const mine = devices.get(romeo.accountId, ROMEO, phone.deviceId as DeviceId);
    expect(mine).toMatchObject({ trust: 'undecided' });
    expect(mine?.identityKey).toHaveLength(32);

    const place = { accountId: romeo.accountId, jid: JULIET, deviceId: juliet.deviceId as DeviceId };
    expect(devices.get(romeo.accountId, JULIET, place.deviceId)?.identityKey).toBeUndefined();
    await romeo.service.learn(romeo.accountId, JULIET);
    expect(devices.get(romeo.accountId, JULIET, place.deviceId)?.trust).toBe('first-use');
    // A session from a bundle that is old by the time of the first message might use a prekey that is gone.
    expect(sessions.record(place)).toBeUndefined();
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'))).toBe('hello');
  });

  test('can be decided about a device of a contact that comes later, before anybody looks', async () => {
    const { server, romeo, juliet } = await meet();
    juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'));
    const phone = await new OmemoClient(server, JULIET).start();
    await settled();
    const { devices, sessions } = romeo.store.omemo;
    const place = { accountId: romeo.accountId, jid: JULIET, deviceId: phone.deviceId as DeviceId };
    expect(devices.get(romeo.accountId, JULIET, place.deviceId)).toMatchObject({ trust: 'undecided' });
    expect(devices.waiting()).toEqual(new Set([`${romeo.accountId} ${JULIET}`]));
    expect(sessions.record(place)).toBeUndefined();
  });

  test('refuses a message that nobody trusted could read, and keeps the text', async () => {
    const { romeo, juliet } = await meet();
    await romeo.write(JULIET, 'hello');
    const { devices } = romeo.store.omemo;
    const key = devices.get(romeo.accountId, JULIET, juliet.deviceId as DeviceId)?.identityKey;
    devices.setTrust(romeo.accountId, JULIET, key ?? new Uint8Array(), 'untrusted', 9);
    expect(await romeo.try(JULIET, 'x')).toEqual({ kind: 'refused', condition: 'no-trusted-device' });
    expect(await romeo.try('tybalt@capulet.example', 'x')).toEqual({
      kind: 'refused',
      condition: 'no-device',
    });
  });

  test('of a changed identity is not inherited: the message is unreadable, the device gets nothing more', async () => {
    const { server, romeo, juliet } = await meet();
    juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'));
    // Somebody else under Juliet's number.
    const impostor = await new OmemoClient(server, JULIET).start();
    const message = (await impostor.write(ROMEO, 'I am Juliet')).toString();
    const forged = message.replace(`sid="${impostor.deviceId}"`, `sid="${juliet.deviceId}"`);
    expect(romeo.readText(JULIET, parseStanza(forged))).toBe('identity-changed');
    const device = romeo.store.omemo.devices.get(romeo.accountId, JULIET, juliet.deviceId as DeviceId);
    expect(device?.offeredKey).toBeDefined();
    expect(await romeo.try(JULIET, 'x')).toEqual({ kind: 'refused', condition: 'no-trusted-device' });
  });
});

describe('what goes wrong', () => {
  test('one device without a bundle does not hold a message up', async () => {
    const { server, romeo, juliet } = await meet();
    server.publish(JULIET, LIST, listOf(4, juliet.deviceId));
    const chatId = romeo.store.chats.findOrCreate(romeo.accountId, JULIET, 1).id;
    const { id } = romeo.store.messages.insertOutgoing(outgoing(chatId, 'x', 5));
    expect(recipientsOf(await romeo.write(JULIET, 'x', id))).toEqual([juliet.deviceId]);
    const outcomes = romeo.store.omemo.ledger.recipients(id).map(({ outcome }) => outcome);
    expect(outcomes).toContain('unreachable');
  });

  test('a bundle that follows its list is waited for, where nobody else could read the message', async () => {
    const { server, romeo, juliet } = await meet();
    const node = `${JULIET} ${NS}.bundles:${juliet.deviceId}`;
    const bundle = server.nodes.get(node) ?? xml('none');
    server.nodes.delete(node);
    const written = romeo.write(JULIET, 'hello');
    await settled();
    server.nodes.set(node, bundle);
    romeo.clock.advance(500);
    expect(juliet.readText(ROMEO, await written)).toBe('hello');

    const nurse = await new OmemoClient(server, 'nurse@capulet.example').start();
    server.nodes.delete(`${nurse.jid} ${NS}.bundles:${nurse.deviceId}`);
    const refused = romeo.try(nurse.jid, 'for ever?');
    for (const waitMs of [500, 1_500, 4_000]) {
      await settled();
      romeo.clock.advance(waitMs);
    }
    expect(await refused).toEqual({ kind: 'refused', condition: 'keys-unreachable' });
  });

  test('an empty or huge list of a contact forgets nobody', async () => {
    const { server, romeo, juliet } = await meet();
    await romeo.write(JULIET, 'hello');
    server.publish(JULIET, LIST, listOf());
    expect(await romeo.try(JULIET, 'x')).toEqual({ kind: 'refused', condition: 'no-device' });
    server.publish(JULIET, LIST, listOf(...Array.from({ length: 1_000 }, (_, index) => index + 1)));
    const { devices } = romeo.store.omemo;
    expect(devices.list(romeo.accountId, JULIET)).toHaveLength(201);
    server.publish(JULIET, LIST, listOf(juliet.deviceId));
    expect(recipientsOf(await romeo.write(JULIET, 'again'))).toEqual([juliet.deviceId]);
  });

  test('a forged bundle starts no session, and the ledger gives that as the reason', async () => {
    const { server, romeo, juliet } = await meet();
    const chatId = romeo.store.chats.findOrCreate(romeo.accountId, JULIET, 1).id;
    const { id } = romeo.store.messages.insertOutgoing(outgoing(chatId, 'x', 5));
    const node = `${JULIET} ${NS}.bundles:${juliet.deviceId}`;
    const bundle = server.nodes.get(node)?.toString() ?? '';
    const forged = bundle.replace(/(<signedPreKeySignature>)./, (_, tag: string) => `${tag}_`);
    server.nodes.set(node, parseStanza(forged.replace('_', bundle.includes('Signature>A') ? 'B' : 'A')));
    expect(await romeo.try(JULIET, 'x', id)).toEqual({ kind: 'refused', condition: 'keys-unusable' });
    expect(romeo.store.omemo.ledger.recipients(id).map(({ outcome }) => outcome)).toEqual(['unusable']);
    // A device that the user can decide about is the better news.
    await new OmemoClient(server, JULIET).start();
    expect(await romeo.try(JULIET, 'y', id)).toEqual({ kind: 'refused', condition: 'no-trusted-device' });
  });

  test('a message for other devices, of nobody or in a broken form is a visible row', async () => {
    const { romeo, juliet } = await meet();
    const message = await romeo.write(JULIET, 'x');
    const text = message.toString();
    const read = (changed: string): string => juliet.readText(ROMEO, parseStanza(changed));
    expect(read(text.replace(`rid="${juliet.deviceId}"`, 'rid="1"'))).toBe('not-for-this-device');
    expect(read(text.replace(/sid="\d+"/, 'sid="0"'))).toBe('malformed');
    expect(read(text.replace(/<payload>.*<\/payload>/, '<payload>AAAA</payload>'))).toBe('malformed');
    expect(read(text)).toBe('x');
    // Delivered once more, as if somebody else had written it.
    expect(juliet.readText('tybalt@capulet.example', message)).toBe('identity-changed');
    expect(read('<message><body>plain</body></message>')).toBe('not-encrypted');
  });

  test('a broken session is repaired once a day, for contacts, and the next message is read', async () => {
    const { romeo, juliet } = await meet();
    juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'));
    romeo.readText(JULIET, await juliet.write(ROMEO, 'hello'));
    await settled();
    const place = { accountId: juliet.accountId, jid: ROMEO, deviceId: romeo.deviceId as DeviceId };
    juliet.store.omemo.sessions.forget(place);
    juliet.sent.length = 0;
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'lost'))).toBe('no-key');
    await settled();
    expect(juliet.sent).toHaveLength(1);
    for (const answer of juliet.sent.splice(0)) romeo.readText(JULIET, answer);
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'healed'))).toBe('healed');
    juliet.store.omemo.sessions.forget(place);
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'lost again'))).toBe('no-key');
    await settled();
    expect(juliet.sent).toEqual([]);
    expect(await juliet.service.repair(place)).toBe(true);
    expect(juliet.sent).toHaveLength(1);
  });

  test('nothing of a refused message reaches the own devices, and ids of messages stay apart', async () => {
    const { server, romeo } = await meet();
    await new OmemoClient(server, ROMEO).start();
    server.nodes.delete(`${JULIET} ${LIST}`);
    expect((await romeo.try('nobody@x', 'secret', 1 as MessageId)).kind).toBe('refused');
  });
});
