import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PythonPeer, startPythonPeer } from '#tests/support/peers/omemo-peer.ts';
import { until } from '#tests/support/until.ts';
import { tellOmemoStories, type OmemoScene } from './omemo-stories.ts';

/** slixmpp 1.8 and python-omemo 1.0 of Debian 12, with glue of ours: what poezio and many bots are made of. */
const { meet, server, folder } = tellOmemoStories('python-omemo', startPythonPeer);

const clientOf = (scene: OmemoScene): PythonPeer['client'] => {
  const peer = scene.peer();
  if (!(peer instanceof PythonPeer)) throw new Error('another peer');
  return peer.client;
};

describe('a session that was broken', () => {
  it('by the loss of their keys is replaced by their next message', async () => {
    const scene = await meet();
    await scene.tell('before');
    await scene.hear('before, too');
    await clientOf(scene).forgetSessions(scene.alice);
    const { id: chatId } = scene.chat();
    await scene.app().window.api.messages.send({ chatId, text: 'nobody can read this' });
    await clientOf(scene).expect('unreadable', ({ reason }) => reason.includes('NoSession'));
    await scene.hear('a new start');
    await scene.tell('all is well');
    await scene.hear('so it is');
  });

  it('by damage on the way leaves a row, and is repaired without anybody doing anything', async () => {
    const scene = await meet();
    const { window } = scene.app();
    await scene.tell('before');
    await scene.hear('before, too');
    await clientOf(scene).spoil(scene.alice, 'damaged');
    const row = await window.message('the unreadable one', ({ failure }) => failure === 'not-decryptable');
    const why = await window.api.encryption.unreadable({ messageId: row.id });
    expect(why).toMatchObject({
      reason: 'no-key',
      deviceId: await clientOf(scene).device(),
      canRepair: true,
    });
    // The repair is an empty message with a new session: from then on their messages are of that.
    const before = (await server().log()).split('prekey=').length;
    await until('the repair', async () => (await server().log()).split('prekey=').length > before - 1);
    await scene.hear('after the damage');
    await scene.tell('and back');
    expect(clientOf(scene).heard.filter(({ event }) => event === 'unreadable')).toEqual([]);
  });
});

describe('a phone of ours with another client', () => {
  it('reads what this computer sends and receives, and this computer what the phone sends', async () => {
    const scene = await meet();
    await scene.tell('before the phone');
    const { alice, bob } = scene;
    const login = { jid: alice, password: `pw ${alice}`, resource: 'phone', server: server() };
    const authorityFile = path.join(folder(), 'ca.pem');
    const phone = await startPythonPeer({ ...login, authorityFile }, folder());
    try {
      const deviceId = await phone.client.device();
      const seen = await until('this computer to see the phone', async () =>
        (await scene.ownDevices(scene.app())).find(
          (one) => one.deviceId === deviceId && one.fingerprint !== undefined,
        ),
      );
      await scene.trust(seen);
      await scene.peer().knows(alice, [deviceId]);
      await scene.tell('from the computer');
      await phone.client.expect(
        'carbon',
        (one) => one.direction === 'sent' && one.body === 'from the computer',
      );
      await scene.hear('to both');
      await until('the phone to read it', () =>
        phone.client.heard.find((one) => 'body' in one && one.body === 'to both'),
      );
      await phone.say(bob, 'from the phone');
      await scene.peer().reads('from the phone');
      const { window } = scene.app();
      const copy = await window.message('the copy', ({ body }) => body === 'from the phone');
      expect(copy).toMatchObject({ direction: 'out', protection: 'omemo', chatId: scene.chat().id });
    } finally {
      await phone.stop();
    }
  });
});
