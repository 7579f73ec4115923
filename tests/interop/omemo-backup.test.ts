import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { isDecryptionError } from '#main/xmpp/features/omemo-answers.ts';
import { HostileDevice, startHostileDevice } from '#tests/support/peers/hostile-device.ts';
import { until } from '#tests/support/until.ts';
import { setOmemoStage, type OmemoScene } from './omemo-stories.ts';

/** Somebody restores their computer from a backup: python-omemo has sessions again that have gone on meanwhile. */
const stage = setOmemoStage(startHostileDevice);

const deviceOf = (scene: OmemoScene): HostileDevice => {
  const device = scene.peer();
  if (!(device instanceof HostileDevice)) throw new Error('another peer');
  return device;
};

it('what a restored device writes does not vanish: its owner is told, the session heals, and it is read when sent again', async () => {
  const scene = await stage.meet();
  const { window } = scene.app();
  await scene.tell('before the backup');
  await scene.hear('before the backup, too');
  await scene.stopPeer();
  const state = path.join(stage.folder(), scene.bob, 'omemo.json');
  const backup = readFileSync(state);
  await scene.startPeer();
  await scene.hear('not in the backup');
  await scene.hear('nor this');
  await scene.stopPeer();
  writeFileSync(state, backup);
  await scene.startPeer();

  const device = deviceOf(scene);
  const text = 'with the key of another message';
  const id = await device.send(scene.alice, await device.seal(scene.alice, text));
  const row = await window.message('the row', ({ failure }) => failure === 'not-decryptable');
  expect(await window.api.encryption.unreadable({ messageId: row.id })).toMatchObject({
    ...{ reason: 'key-reused', deviceId: device.omemo.deviceId, canRepair: true },
  });
  const told = await device.stream.expect('to be told', isDecryptionError);
  expect(told.attrs).toMatchObject({ id, type: 'error' });

  // The new session came before that; what is sent now is of it.
  await scene.tell('what did you say?');
  await device.send(scene.alice, await device.seal(scene.alice, text), id);
  await until('the row to be read', () => window.messages.get(row.id)?.body === text);
  expect(window.messages.get(row.id)).toMatchObject({ protection: 'omemo', state: 'received' });
  expect(window.messages.get(row.id)?.failure).toBeUndefined();
  await scene.hear('all is well');
  await scene.tell('so it is');
  expect([...window.messages.values()].filter(({ failure }) => failure !== undefined)).toEqual([]);
});
