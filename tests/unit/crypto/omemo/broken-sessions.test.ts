/** Sessions that broke: what is done without being asked, who is told, and who must not be. */
import { describe, expect, test } from 'vitest';
import { isDecryptionError } from '#main/xmpp/features/omemo-answers.ts';
import { child, parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import {
  MemoryServer,
  OmemoClient,
  recipientsOf,
  settled,
  type ClientOptions,
} from '#tests/support/omemo-world.ts';

const NS = 'eu.siacs.conversations.axolotl';
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const DAY_MS = 86_400_000;

/** Romeo's messages as they arrive: with his full address, an id, and what his client writes beside them. */
const arriving = (
  message: Element,
  change: { resource?: string; id?: string; body?: boolean } = {},
): Element => {
  const copy = parseStanza(message.toString());
  const { resource = 'desk', id = 'm1', body = true } = change;
  Object.assign(copy.attrs, { from: `${ROMEO}/${resource}`, id });
  if (body) copy.append(parseStanza('<body xmlns="jabber:client">encrypted</body>'));
  return copy;
};

const LIVE = { isLive: true } as const;

/** Both have read something of each other, and nothing waits. */
const meet = async (juliets: ClientOptions = {}) => {
  const server = new MemoryServer();
  const romeo = await new OmemoClient(server, ROMEO).start();
  const juliet = await new OmemoClient(server, JULIET, juliets).start();
  juliet.readText(ROMEO, await romeo.write(JULIET, 'hello'));
  romeo.readText(JULIET, await juliet.write(ROMEO, 'hello'));
  await settled();
  for (const client of [romeo, juliet]) client.sent.length = 0;
  const place = { accountId: juliet.accountId, jid: ROMEO, deviceId: romeo.deviceId as DeviceId };
  const { sessions } = juliet.store.omemo;
  return { server, romeo, juliet, place, lose: () => sessions.forget(place) };
};

/** Romeo's device as it is now, to be put back: a backup. */
const backup = (romeo: OmemoClient, juliet: OmemoClient): (() => void) => {
  const place = { accountId: romeo.accountId, jid: JULIET, deviceId: juliet.deviceId as DeviceId };
  const { sessions } = romeo.store.omemo;
  const record = Uint8Array.from(sessions.record(place) ?? []);
  return () => sessions.keep(place, record);
};

const told = ({ sent }: OmemoClient): readonly Element[] => sent.filter(isDecryptionError);

describe('the sender of a message that could not be read', () => {
  test('is told at that message, behind the new session, in words that are the same for every reason', async () => {
    const { romeo, juliet, lose } = await meet();
    lose();
    const lost = arriving(await romeo.write(JULIET, 'lost'), { id: 'the lost one' });
    expect(juliet.readText(ROMEO, lost, LIVE)).toBe('no-key');
    await settled();
    const [session, error] = juliet.sent;
    expect(session?.toString()).toContain('prekey="true"');
    expect(error?.attrs).toEqual({ type: 'error', to: `${ROMEO}/desk`, id: 'the lost one' });
    expect(error?.toString()).toContain('could not be decrypted');

    juliet.clock.advance(DAY_MS);
    for (const answer of juliet.sent.splice(0, 1)) romeo.readText(JULIET, answer);
    const back = backup(romeo, juliet);
    juliet.readText(ROMEO, await romeo.write(JULIET, 'read'));
    back();
    const reused = arriving(await romeo.write(JULIET, 'written after the backup'), { id: 'the lost one' });
    expect(juliet.readText(ROMEO, reused, LIVE)).toBe('key-reused');
    await settled();
    expect(told(juliet).map(String)).toEqual([error?.toString(), error?.toString()]);
  });

  test('is told once for each device and day', async () => {
    const { romeo, juliet, lose } = await meet();
    for (const id of ['one', 'two']) {
      lose();
      juliet.readText(ROMEO, arriving(await romeo.write(JULIET, id), { id }), LIVE);
      await settled();
    }
    expect(told(juliet).map(({ attrs }) => attrs['id'])).toEqual(['one']);
    juliet.clock.advance(DAY_MS);
    lose();
    juliet.readText(ROMEO, arriving(await romeo.write(JULIET, 'three'), { id: 'three' }), LIVE);
    await settled();
    expect(told(juliet).map(({ attrs }) => attrs['id'])).toEqual(['one', 'three']);
  });

  test('is told even where no new session can be had', async () => {
    const { server, romeo, juliet, lose } = await meet();
    server.nodes.delete(`${ROMEO} ${NS}.bundles:${romeo.deviceId}`);
    lose();
    juliet.readText(ROMEO, arriving(await romeo.write(JULIET, 'lost')), LIVE);
    await settled();
    expect(juliet.sent.map(isDecryptionError)).toEqual([true]);
  });

  test('waits for the end of the catch-up', async () => {
    const { romeo, juliet, lose } = await meet();
    lose();
    await juliet.start(false);
    juliet.readText(ROMEO, arriving(await romeo.write(JULIET, 'lost')), LIVE);
    await settled();
    expect(told(juliet)).toEqual([]);
    juliet.service.caughtUp(juliet.accountId);
    await settled();
    expect(told(juliet)).toHaveLength(1);
  });

  test('is not told by a copy, by the archive, or of an error, a headline or a message without an id', async () => {
    const { romeo, juliet, lose } = await meet();
    lose();
    const message = arriving(await romeo.write(JULIET, 'lost'));
    juliet.readText(ROMEO, message);
    for (const type of ['error', 'headline', 'groupchat']) {
      const other = parseStanza(message.toString());
      other.attrs['type'] = type;
      juliet.readText(ROMEO, other, LIVE);
    }
    const nameless = parseStanza(message.toString());
    delete nameless.attrs['id'];
    juliet.readText(ROMEO, nameless, LIVE);
    await settled();
    expect(told(juliet)).toEqual([]);
  });

  test('is not told where it is a stranger, a device that nobody has named, or nothing was said', async () => {
    const strange = await meet({ mayAnswer: false });
    strange.lose();
    strange.juliet.readText(ROMEO, arriving(await strange.romeo.write(JULIET, 'lost')), LIVE);
    await settled();
    expect(strange.juliet.sent).toEqual([]);

    const { romeo, juliet, lose } = await meet();
    lose();
    const lost = (await romeo.write(JULIET, 'lost')).toString();
    const invented = lost.replace(/sid="\d+"/, 'sid="4711"');
    expect(juliet.readText(ROMEO, arriving(parseStanza(invented)), LIVE)).toBe('no-key');
    const empty = lost.replace(/<payload>.*<\/payload>/, '');
    expect(juliet.readText(ROMEO, arriving(parseStanza(empty)), LIVE)).toBe('nothing');
    await settled();
    expect(told(juliet)).toEqual([]);
  });

  test('is not told where it is another device of our own', async () => {
    const { server, juliet } = await meet({ policy: 'blind' });
    const laptop = await new OmemoClient(server, JULIET, { policy: 'blind' }).start();
    await settled();
    expect(juliet.readText(JULIET, await laptop.write(ROMEO, 'a copy'))).toBe('a copy');
    await settled();
    for (const answer of juliet.sent.splice(0)) laptop.readText(JULIET, answer);
    const place = { accountId: juliet.accountId, jid: JULIET, deviceId: laptop.deviceId as DeviceId };
    juliet.store.omemo.sessions.forget(place);
    const copy = parseStanza((await laptop.write(ROMEO, 'lost')).toString());
    Object.assign(copy.attrs, { from: `${JULIET}/laptop`, id: 'x' });
    expect(juliet.readText(JULIET, copy, LIVE)).toBe('no-key');
    await settled();
    // The new session alone.
    expect(juliet.sent.map(isDecryptionError)).toEqual([false]);
  });
});

describe('a device that was restored from a backup', () => {
  test('says nothing that vanishes: a row with a reason, and the session heals', async () => {
    const { romeo, juliet } = await meet();
    const back = backup(romeo, juliet);
    for (const text of ['one', 'two'])
      expect(juliet.readText(ROMEO, await romeo.write(JULIET, text))).toBe(text);
    back();
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'after the backup'))).toBe('key-reused');
    await settled();
    for (const answer of juliet.sent) expect(romeo.readText(JULIET, answer)).toBe('nothing');
    expect(juliet.readText(ROMEO, await romeo.write(JULIET, 'healed'))).toBe('healed');
    expect(romeo.readText(JULIET, await juliet.write(ROMEO, 'both ways'))).toBe('both ways');
  });

  test('is known as such also when its messages come again, and behind a turn of the conversation', async () => {
    const { romeo, juliet } = await meet();
    const back = backup(romeo, juliet);
    juliet.readText(ROMEO, await romeo.write(JULIET, 'one'));
    romeo.readText(JULIET, await juliet.write(ROMEO, 'two'));
    juliet.readText(ROMEO, await romeo.write(JULIET, 'three'));
    back();
    const reused = await romeo.write(JULIET, 'after the backup');
    for (let round = 0; round < 2; round += 1) expect(juliet.readText(ROMEO, reused)).toBe('key-reused');
  });

  test('heals by what only carries keys too, and leaves no row for it', async () => {
    const { romeo, juliet } = await meet();
    const back = backup(romeo, juliet);
    juliet.readText(ROMEO, await romeo.write(JULIET, 'one'));
    back();
    const empty = (await romeo.write(JULIET, 'x')).toString().replace(/<payload>.*<\/payload>/, '');
    expect(juliet.readText(ROMEO, parseStanza(empty))).toBe('nothing');
    await settled();
    expect(juliet.sent).toHaveLength(1);
  });

  test('is not taken for one that somebody delivers again, with whatever id, or that is here already', async () => {
    const { romeo, juliet, lose } = await meet();
    const back = backup(romeo, juliet);
    const message = await romeo.write(JULIET, 'once');
    expect(juliet.readText(ROMEO, arriving(message, { id: 'a' }), LIVE)).toBe('once');
    expect(juliet.readText(ROMEO, arriving(message, { id: 'b' }), LIVE)).toBe('nothing');
    back();
    const other = await romeo.write(JULIET, 'the same key');
    const known = { isKnown: () => true };
    expect(juliet.readText(ROMEO, other, known)).toBe('nothing');
    await settled();
    expect(juliet.sent).toEqual([]);
    lose();
    // Of another session it is an unreadable message like any other.
    expect(juliet.readText(ROMEO, other, known)).toBe('no-key');
  });

  test('what was opened is remembered for two months', async () => {
    const { romeo, juliet } = await meet();
    const message = await romeo.write(JULIET, 'once');
    juliet.readText(ROMEO, message);
    juliet.clock.advance(59 * DAY_MS);
    juliet.service.caughtUp(juliet.accountId);
    expect(juliet.readText(ROMEO, message)).toBe('nothing');
    juliet.clock.advance(2 * DAY_MS);
    juliet.service.caughtUp(juliet.accountId);
    // Better a row too many than a message that nobody sees.
    expect(juliet.readText(ROMEO, message)).toBe('key-reused');
  });
});

describe('ChatSecure for iOS', () => {
  const chatSecure = (message: Element, resource = 'chatsecure4711'): Element =>
    arriving(message, { resource, body: false });

  /** What it does with a message: nothing without some bytes of payload; shows nothing of an empty text. */
  const shows = (phone: OmemoClient, message: Element): string => {
    const encrypted = child(message, 'encrypted', NS);
    const payload = encrypted && child(encrypted, 'payload', NS);
    if (payload === undefined || payload.text() === '') return 'dropped';
    return phone.readText(JULIET, message);
  };

  test('is answered with bytes of payload, for it alone, of which it shows nothing', async () => {
    const { romeo: phone, juliet, lose } = await meet();
    lose();
    expect(juliet.readText(ROMEO, chatSecure(await phone.write(JULIET, 'lost')), LIVE)).toBe('no-key');
    await settled();
    const [answer, error] = juliet.sent;
    if (answer === undefined) throw new Error('no answer');
    expect(answer.attrs['to']).toBe(`${ROMEO}/chatsecure4711`);
    for (const name of ['private', 'no-copy', 'no-permanent-store'])
      expect(answer.toString()).toContain(`<${name} xmlns=`);
    expect(answer.toString()).not.toMatch(/<store|<body|urn:xmpp:eme/);
    expect(recipientsOf(answer)).toEqual([phone.deviceId]);
    expect(shows(phone, answer)).toBe('');
    expect(juliet.readText(ROMEO, chatSecure(await phone.write(JULIET, 'healed')))).toBe('healed');
    expect(error?.attrs['to']).toBe(`${ROMEO}/chatsecure4711`);
  });

  test('is answered so when it begins a session, which is complete then', async () => {
    const server = new MemoryServer();
    const phone = await new OmemoClient(server, ROMEO).start();
    const juliet = await new OmemoClient(server, JULIET).start();
    juliet.readText(ROMEO, chatSecure(await phone.write(JULIET, 'hello')));
    await settled();
    const [answer] = juliet.sent;
    expect(answer && shows(phone, answer)).toBe('');
    expect((await phone.write(JULIET, 'next')).toString()).not.toContain('prekey="true"');
  });

  test('is remembered for the device, until that writes with another client', async () => {
    const { romeo: phone, juliet, place } = await meet();
    juliet.readText(ROMEO, chatSecure(await phone.write(JULIET, 'hello'), 'Zom12'));
    await juliet.service.repair(place);
    expect(juliet.sent.at(-1)?.attrs['to']).toBe(`${ROMEO}/Zom12`);
    shows(phone, juliet.sent.at(-1) ?? parseStanza('<x/>'));
    juliet.readText(
      ROMEO,
      arriving(await phone.write(JULIET, 'now with a body'), { resource: 'chatsecure1' }),
    );
    await juliet.service.repair(place);
    expect(juliet.sent.at(-1)?.attrs['to']).toBe(ROMEO);
    expect(juliet.sent.at(-1)?.toString()).not.toContain('<payload>');
  });

  test('nobody else gets such an answer: not by the name alone, nor by the form, nor this application', async () => {
    for (const change of [
      { resource: 'chatsecure4711', body: true },
      { resource: 'Conversations.x1y2', body: false },
      { resource: 'chatsecure.AbC-12_x', body: false },
      { resource: 'chatsecure123456', body: false },
    ]) {
      const { romeo, juliet, lose } = await meet();
      lose();
      juliet.readText(ROMEO, arriving(await romeo.write(JULIET, 'lost'), change), LIVE);
      await settled();
      expect(juliet.sent[0]?.toString(), JSON.stringify(change)).not.toContain('<payload>');
      expect(juliet.sent[0]?.attrs['to']).toBe(ROMEO);
    }
  });
});
