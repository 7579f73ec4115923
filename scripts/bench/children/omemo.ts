/** The ratchet of the application against the library that other clients are made of, as it is shipped. */
import { randomBytes } from 'node:crypto';
import { LibsignalDevice } from '#tests/support/libsignal.ts';
import { OmemoDevice, type Sent } from '#tests/support/omemo-device.ts';
import { serve } from '../child.ts';

export interface OmemoQuestion {
  /** A tenth for a first try. */
  readonly scale: number;
}

/** Operations per second. */
export interface OmemoRate {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
}

/** Key and tag of a payload. */
const KEY_MATERIAL = randomBytes(32);

const rate = async (count: number, act: (index: number) => unknown): Promise<number> => {
  const started = performance.now();
  for (let index = 0; index < count; index += 1) await act(index);
  return (count * 1_000) / (performance.now() - started);
};

/** Both devices of a pair with a session that both have used. */
const ourPair = (): { readonly from: OmemoDevice; readonly to: OmemoDevice } => {
  const [from, to] = [new OmemoDevice(), new OmemoDevice()];
  to.receive(from.deviceId, from.sendFirst(to, 'hello'));
  from.receive(to.deviceId, to.send(from.deviceId, 'hello'));
  return { from, to };
};

const theirPair = async (): Promise<{ readonly from: LibsignalDevice; readonly to: LibsignalDevice }> => {
  const [from, to] = [await LibsignalDevice.create(1, 1), await LibsignalDevice.create(2, 1)];
  await from.startSession(2, to.bundle);
  await to.decrypt(1, await from.encrypt(2, KEY_MATERIAL));
  await from.decrypt(2, await to.encrypt(1, KEY_MATERIAL));
  return { from, to };
};

const keys = async (scale: number): Promise<OmemoRate> => ({
  name: 'identity, signed prekey and 100 prekeys',
  ours: await rate(40 * scale, () => new OmemoDevice({ preKeys: 100 }).bundle),
  theirs: await rate(4 * scale, () => LibsignalDevice.create(1, 100)),
});

const sessions = async (scale: number): Promise<OmemoRate> => {
  const [ours, theirs] = [new OmemoDevice(), await LibsignalDevice.create(1, 1)];
  const [{ bundle }, other] = [new OmemoDevice(), await LibsignalDevice.create(2, 1)];
  return {
    name: 'sessions from a bundle',
    ours: await rate(400 * scale, (index) => ours.start(index + 1, bundle)),
    theirs: await rate(40 * scale, (index) => theirs.startSession(index + 1, other.bundle)),
  };
};

const oneChain = async (scale: number): Promise<readonly OmemoRate[]> => {
  const [ours, theirs] = [ourPair(), await theirPair()];
  const [sentByUs, sentByThem]: [Sent[], Sent[]] = [[], []];
  const encrypt = {
    name: 'messages encrypted, one session',
    ours: await rate(4_000 * scale, () => sentByUs.push(ours.from.sendBytes(ours.to.deviceId, KEY_MATERIAL))),
    theirs: await rate(400 * scale, async () => sentByThem.push(await theirs.from.encrypt(2, KEY_MATERIAL))),
  };
  const decrypt = {
    name: 'messages decrypted, one session',
    ours: await rate(sentByUs.length, (index) => read(ours.to, ours.from.deviceId, sentByUs[index])),
    theirs: await rate(sentByThem.length, (index) => {
      const sent = sentByThem[index];
      return sent && theirs.to.decrypt(1, sent);
    }),
  };
  return [encrypt, decrypt];
};

const read = (device: OmemoDevice, peer: number, sent: Sent | undefined): void => {
  const kind = sent && device.receive(peer, sent).kind;
  if (kind !== 'decrypted') throw new Error(`a message of the bench was not read: ${kind}`);
};

/** Each message turns the ratchet. */
const pingPong = async (scale: number): Promise<OmemoRate> => {
  const [ours, theirs] = [ourPair(), await theirPair()];
  const { from, to } = ours;
  return {
    name: 'messages there and back, a turn of the ratchet each',
    ours:
      2 *
      (await rate(500 * scale, () => {
        read(to, from.deviceId, from.sendBytes(to.deviceId, KEY_MATERIAL));
        read(from, to.deviceId, to.sendBytes(from.deviceId, KEY_MATERIAL));
      })),
    theirs:
      2 *
      (await rate(40 * scale, async () => {
        await theirs.to.decrypt(1, await theirs.from.encrypt(2, KEY_MATERIAL));
        await theirs.from.decrypt(2, await theirs.to.encrypt(1, KEY_MATERIAL));
      })),
  };
};

const fanOut = async (scale: number, devices: number): Promise<OmemoRate> => {
  const [ours, theirs] = [new OmemoDevice(), await LibsignalDevice.create(1, 1)];
  const [{ bundle }, other] = [new OmemoDevice(), await LibsignalDevice.create(2, 1)];
  const peers = Array.from({ length: devices }, (_, index) => index + 1);
  for (const peer of peers) {
    ours.start(peer, bundle);
    await theirs.startSession(peer, other.bundle);
  }
  return {
    name: `messages for ${devices} devices`,
    ours: await rate((4_000 * scale) / devices, () => {
      for (const peer of peers) ours.sendBytes(peer, KEY_MATERIAL);
    }),
    theirs: await rate((800 * scale) / devices, async () => {
      for (const peer of peers) await theirs.encrypt(peer, KEY_MATERIAL);
    }),
  };
};

serve<OmemoQuestion, readonly OmemoRate[]>(async ({ scale }) => [
  await keys(scale),
  await sessions(scale),
  ...(await oneChain(scale)),
  await pingPong(scale),
  await fanOut(scale, 10),
  await fanOut(scale, 50),
]);
