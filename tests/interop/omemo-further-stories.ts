import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ScriptedPeer } from '#tests/support/peers/omemo-peer.ts';
import type { Login, OtherClient } from '#tests/support/peers/other-client.ts';
import { until } from '#tests/support/until.ts';
import type { OmemoScene, OmemoStage } from './omemo-stories.ts';

/** The client of Bob, where a script drives it. */
export const clientOf = (scene: OmemoScene): OtherClient => {
  const peer = scene.peer();
  if (!('client' in peer)) throw new Error('another peer');
  return (peer as ScriptedPeer).client;
};

/** What only clients can tell that damage their own messages. */
export const tellOmemoDamageStory = ({ meet, server }: OmemoStage): void => {
  describe('a session that was broken', () => {
    it('by damage on the way leaves a row, and is repaired without anybody doing anything', async () => {
      const scene = await meet();
      const { window } = scene.app();
      await scene.tell('before');
      await scene.hear('before, too');
      // What came to the server and is for them: its copies in the archive are none.
      const comes = new RegExp(`RECV: <message [^>]*to=['"]${scene.bob}.*prekey=`, 'g');
      const exchanges = async (): Promise<number> => (await server().log()).match(comes)?.length ?? 0;
      const before = await exchanges();
      await clientOf(scene).spoil(scene.alice, 'damaged');
      const row = await window.message('the unreadable one', ({ failure }) => failure === 'not-decryptable');
      const why = await window.api.encryption.unreadable({ messageId: row.id });
      expect(why).toMatchObject({
        reason: 'no-key',
        deviceId: await clientOf(scene).device(),
        canRepair: true,
      });
      // The repair is an empty message with a new session: from then on their messages are of that.
      await until('the repair', async () => (await exchanges()) > before);
      await scene.hear('after the damage');
      await scene.tell('and back');
      expect(clientOf(scene).heard.filter(({ event }) => event === 'unreadable')).toEqual([]);
    });
  });
};

/** What only clients can tell that show what another device of the same account sends and receives. */
export const tellOmemoPhoneStory = (
  { meet, server, folder }: OmemoStage,
  start: (login: Login, home: string) => Promise<ScriptedPeer>,
): void => {
  describe('a phone of ours with another client', () => {
    it('reads what this computer sends and receives, and this computer what the phone sends', async () => {
      const scene = await meet();
      await scene.tell('before the phone');
      const { alice, bob } = scene;
      const login = { jid: alice, password: `pw ${alice}`, resource: 'phone', server: server() };
      const authorityFile = path.join(folder(), 'ca.pem');
      const phone = await start({ ...login, authorityFile }, folder());
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
};
