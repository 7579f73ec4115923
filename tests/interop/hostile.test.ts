import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { itemsRequest } from '#main/xmpp/features/pubsub.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import type { MessageId } from '#shared/ids.ts';
import type { UnreadableReason } from '#shared/omemo.ts';
import type { MessageView } from '#shared/views.ts';
import { PythonOmemo } from '#tests/support/omemo-python.ts';
import {
  HostileDevice,
  startHostileDevice,
  withKeys,
  withSender,
} from '#tests/support/peers/hostile-device.ts';
import { Peer } from '#tests/support/peer.ts';
import { until } from '#tests/support/until.ts';
import { setOmemoStage, type OmemoScene } from './omemo-stories.ts';

/** A contact, or their server, means ill. Nothing crashes, nothing opens, and the user sees what there is to see. */
const stage = setOmemoStage(startHostileDevice);

interface Hostile extends OmemoScene {
  readonly device: HostileDevice;
  /** What the window says of Bob's devices. */
  standings(): Promise<Readonly<Record<number, string>>>;
  /** Sends what cannot leave. @returns the row, failed with its condition */
  refused(text: string): Promise<MessageView>;
  /** The row of a message that could not be read, and why. */
  unreadable(reason: UnreadableReason): Promise<MessageView>;
}

const meet = async (): Promise<Hostile> => {
  const scene = await stage.meet();
  const device = scene.peer();
  if (!(device instanceof HostileDevice)) throw new Error('another peer');
  const { window } = scene.app();
  const { accountId, id: chatId } = scene.chat();
  const whyOf = async (messageId: MessageId): Promise<string> =>
    (await window.api.encryption.unreadable({ messageId })).reason;
  return {
    ...scene,
    device,
    standings: async () => {
      const { devices } = await window.api.encryption.devices({ accountId, jid: scene.bob, fetch: false });
      return Object.fromEntries(devices.map(({ deviceId, standing }) => [deviceId, standing]));
    },
    refused: async (text) => {
      const { id } = await window.api.messages.send({ chatId, text });
      const row = await until('the message to be refused', () => {
        const one = window.messages.get(id);
        return one?.state === 'failed' && one;
      });
      expect(row.protection).toBe('omemo');
      expect(await stage.server().log()).not.toContain(text);
      return row;
    },
    unreadable: (reason) =>
      until(`an unreadable row: ${reason}`, async () => {
        for (const row of window.messages.values())
          if (row.failure === 'not-decryptable' && (await whyOf(row.id)) === reason) return row;
        return undefined;
      }),
  };
};

/** Rows that came from the other side. */
const received = (scene: OmemoScene): readonly string[] =>
  [...scene.app().window.messages.values()]
    .filter(({ direction }) => direction === 'in')
    .map(({ body }) => body);

describe('device lists', () => {
  it('that are empty forget nobody: nothing leaves meanwhile, and trust is as it was', async () => {
    const scene = await meet();
    const { omemo } = scene.device;
    await scene.tell('before');
    await scene.device.publishList([]);
    await until('the device to be gone', async () => (await scene.standings())[omemo.deviceId] === 'removed');
    expect((await scene.refused('into the void')).failure).toBe('no-device');
    await scene.device.publishList([omemo.deviceId]);
    await until('it to be back', async () => (await scene.standings())[omemo.deviceId] === 'first-use');
    await scene.tell('after');
  });

  it('that are huge cost no more than the limit, and hold no message up', async () => {
    const scene = await meet();
    await scene.tell('before');
    const { deviceId } = scene.device.omemo;
    const many = Array.from({ length: 5_000 }, (_, index) => index + 1).filter((id) => id !== deviceId);
    await scene.device.publishList([deviceId, ...many]);
    await until('the list', async () => Object.keys(await scene.standings()).length > 1);
    expect(Object.keys(await scene.standings())).toHaveLength(200);
    const { id: messageId } = await scene.tell('after');
    const { recipients } = await scene.app().window.api.encryption.recipients({ messageId });
    expect(recipients.filter(({ outcome }) => outcome === 'encrypted').map((one) => one.deviceId)).toEqual([
      deviceId,
    ]);
  });
});

describe('bundles', () => {
  it('without an item id are used, as one client publishes them', async () => {
    const scene = await meet();
    const { omemo, stream } = scene.device;
    const node = `eu.siacs.conversations.axolotl.bundles:${omemo.deviceId}`;
    const owner = 'http://jabber.org/protocol/pubsub#owner';
    await stream.request(
      parseStanza(`<iq type="set"><pubsub xmlns="${owner}"><delete node="${node}"/></pubsub></iq>`),
    );
    await scene.device.publishBundle((await omemo.bundle()).xml, 'without-id');
    const published = (await stream.request(itemsRequest({ node }))).toString();
    expect(published).toContain('signedPreKeyPublic');
    expect(published).not.toContain('id="current"');
    await scene.tell('to a bundle without an id');
    await scene.hear('from it');
  });

  it('with nothing but a prekey of number 0 are not: it says so, and keeps the text', async () => {
    const scene = await meet();
    const { xml } = await scene.device.omemo.bundle();
    const [key = ''] = /<[^<]*preKeyPublic preKeyId="\d+">[^<]*<\/[^>]*preKeyPublic>/.exec(xml) ?? [];
    const start = xml.indexOf(key);
    const end = xml.lastIndexOf('preKeyPublic>') + 'preKeyPublic>'.length;
    const only = key.replace(/preKeyId="\d+"/, 'preKeyId="0"');
    await scene.device.publishBundle(xml.slice(0, start) + only + xml.slice(end));
    const row = await scene.refused('to prekey 0');
    expect(row.failure).toBe('keys-unusable');
    const { recipients } = await scene.app().window.api.encryption.recipients({ messageId: row.id });
    expect(recipients.map(({ outcome }) => outcome)).toEqual(['unusable']);
  });

  it('with a forged signature start no session: it says so, and keeps the text', async () => {
    const scene = await meet();
    const { xml } = await scene.device.omemo.bundle();
    const forged = xml.replace(
      /(signedPreKeySignature>)(.)/,
      (_, tag: string, letter: string) => tag + (letter === 'A' ? 'B' : 'A'),
    );
    expect(forged).not.toBe(xml);
    await scene.device.publishBundle(forged);
    const row = await scene.refused('to a forged key');
    expect(row.failure).toBe('keys-unusable');
    const { recipients } = await scene.app().window.api.encryption.recipients({ messageId: row.id });
    expect(recipients.map(({ outcome }) => outcome)).toEqual(['unusable']);
  });
});

describe('messages', () => {
  it('that begin a session twice are shown once', async () => {
    const scene = await meet();
    const sealed = await scene.device.seal(scene.alice, 'only once');
    expect(sealed).toContain('prekey="true"');
    for (const id of ['first', 'second', 'third']) await scene.device.send(scene.alice, sealed, id);
    await scene.hear('afterwards');
    expect(received(scene)).toEqual(['only once', 'afterwards']);
  });

  it('for a prekey of number 0 are a row, and the session is repaired', async () => {
    const scene = await meet();
    await scene.device.meet(scene.alice, (bundle) => bundle.replace(/preKeyId="\d+"/g, 'preKeyId="0"'));
    await scene.device.say(scene.alice, 'for prekey 0');
    await scene.unreadable('no-key');
    await scene.tell('what did you say?');
    await scene.hear('this');
  });

  it('of another identity are a row and a notice, and nothing more goes to that device', async () => {
    const scene = await meet();
    await scene.tell('before');
    await scene.hear('before, too');
    const home = path.join(stage.folder(), `impostor of ${scene.bob}`);
    mkdirSync(home);
    const impostor = await PythonOmemo.start(scene.bob, path.join(home, 'omemo.json'), 'old');
    try {
      const { window } = scene.app();
      const { id: chatId } = scene.chat();
      const own = await scene.ownDevices(scene.app());
      const bundles = await scene.device.bundles(
        scene.alice,
        own.map(({ deviceId }) => deviceId),
      );
      await impostor.meet(scene.alice, bundles);
      const [sealed = ''] = await impostor.encrypt(scene.alice, 'I am Bob');
      await scene.device.send(scene.alice, withSender(sealed, scene.device.omemo.deviceId));
      const row = await scene.unreadable('identity-changed');
      expect(row.body).not.toContain('I am Bob');
      expect(Object.values(await scene.standings())).toEqual(['key-changed']);
      const { notices, outlook } = await window.api.encryption.protection({ chatId });
      expect(notices.map(({ kind }) => kind)).toContain('key-changed');
      expect(outlook).toBe('no-trusted-device');
      expect((await scene.refused('a secret for Bob')).failure).toBe('no-trusted-device');
      // The known key still speaks for him.
      await scene.hear('I am still here');
    } finally {
      await impostor.stop();
    }
  });

  it('that somebody else sends on as their own say nothing', async () => {
    const scene = await meet();
    const mallory = `mallory.${scene.bob}`;
    await stage.server().addUser(mallory, 'pw');
    const { port, ca } = stage.server();
    const sealed = await scene.device.seal(scene.alice, 'from Bob to Alice');
    await scene.device.send(scene.alice, sealed);
    await scene.app().window.message('the true one', ({ body }) => body === 'from Bob to Alice');
    const stream = await Peer.start({ jid: mallory, password: 'pw', port, ca });
    try {
      const copy = parseStanza(
        `<message to="${scene.alice}" type="chat" id="stolen"><body>x</body>${sealed}</message>`,
      );
      await stream.send(copy);
      const another = await scene.device.seal(scene.alice, 'another from Bob');
      await stream.send(
        parseStanza(`<message to="${scene.alice}" type="chat" id="kept"><body>x</body>${another}</message>`),
      );
      await until('two rows of Mallory', () => {
        const chat = scene.app().window.chatWith(mallory);
        const rows = [...scene.app().window.messages.values()].filter(({ chatId }) => chatId === chat?.id);
        return rows.length === 2 && rows.every(({ failure }) => failure === 'not-decryptable');
      });
      expect(received(scene).filter((body) => body.includes('Bob'))).toEqual(['from Bob to Alice']);
    } finally {
      await stream.close();
    }
  });

  it('with an IV of 16 bytes or the tag in the payload are read, as old clients wrote them', async () => {
    const scene = await meet();
    for (const form of ['long-iv', 'tag-in-payload'] as const) {
      await scene.device.send(scene.alice, await scene.device.seal(scene.alice, form, form));
      await scene.app().window.message(form, ({ body }) => body === form);
    }
    await scene.tell('understood');
  });

  it('with several keys for one device are read; with very many they are a row', async () => {
    const scene = await meet();
    await scene.tell('before');
    const copies = (count: number) => (sealed: string) =>
      withKeys(sealed, ([key]) => {
        const wrong = parseStanza((key?.toString() ?? '').replace(/>[^<]{8}/, '>MwohAAAA'));
        return [...Array.from({ length: count }, () => wrong), ...(key === undefined ? [] : [key])];
      });
    const few = copies(2)(await scene.device.seal(scene.alice, 'behind two wrong keys'));
    await scene.device.send(scene.alice, few);
    await scene.app().window.message('it', ({ body }) => body === 'behind two wrong keys');
    const many = copies(500)(await scene.device.seal(scene.alice, 'behind 500 wrong keys'));
    await scene.device.send(scene.alice, many);
    await until('a row', () => received(scene).length === 2);
    expect(received(scene)).not.toContain('behind 500 wrong keys');
    await scene.hear('afterwards');
  });

  it('for another device are a row that says so', async () => {
    const scene = await meet();
    await scene.tell('before');
    const sealed = await scene.device.seal(scene.alice, 'not for you');
    await scene.device.send(scene.alice, sealed.replace(/rid="\d+"/, 'rid="4711"'));
    await scene.unreadable('not-for-this-device');
    await scene.hear('for you');
  });

  it('after 5,000 that never came are a row, and the session is repaired', async () => {
    const scene = await meet();
    await scene.tell('before');
    await scene.hear('before, too');
    const lost = Array.from({ length: 5_001 }, (_, index) => `lost ${index}`);
    const sealed = await scene.device.omemo.encrypt(scene.alice, ...lost);
    await scene.device.send(scene.alice, sealed.at(-1) ?? '');
    await scene.unreadable('no-key');
    await scene.tell('some were lost');
    await scene.hear('I begin anew');
    // The device encrypts each of them with keys of its own, in Python.
  }, 180_000);
});
