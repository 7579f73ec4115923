/** Our ratchet against python-omemo, in both generations of the protocol. */
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { OmemoDevice } from '#tests/support/omemo-device.ts';
import { hasPythonOmemo, PythonOmemo } from '#tests/support/omemo-python.ts';
import { siacsStanzas, twoStanzas } from '#tests/support/omemo-stanzas.ts';

const PEER = 'python@example.org';
const OURS = 'ours@example.org';

describe.skipIf(!hasPythonOmemo()).each([
  ['old', siacsStanzas],
  ['two', twoStanzas],
] as const)('python-omemo, %smemo', (kind, stanzas) => {
  let folder: string;
  let peer: PythonOmemo;
  let device: OmemoDevice;

  const startPeer = (): Promise<PythonOmemo> =>
    PythonOmemo.start(PEER, path.join(folder, 'state.json'), kind);
  const seal = (text: string): string => stanzas.seal(device, { jid: PEER, id: peer.deviceId }, text);
  const open = (text: string): string | undefined => stanzas.open(device, peer.deviceId, text);
  /** What it reads; the empty messages that it answers with go to us. */
  const theyRead = async (...messages: readonly string[]): Promise<readonly (string | null)[]> => {
    const { texts, outbox } = await peer.decrypt(OURS, ...messages);
    for (const answer of outbox) expect(open(answer)).toBeUndefined();
    return texts;
  };
  const meet = async (): Promise<void> => {
    expect(device.start(peer.deviceId, stanzas.readBundle((await peer.bundle()).xml))).toBe('started');
    await peer.meet(OURS, { [device.deviceId]: stanzas.bundle(device) });
  };

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'omemo-python-'));
    peer = await startPeer();
    device = new OmemoDevice({ version: stanzas.version, preKeys: 100 });
  });
  afterEach(async () => {
    await peer.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a session that we start carries messages both ways, in any order, each once', async () => {
    await meet();
    expect(await theyRead(seal('hällo 😀'), seal('second'))).toEqual(['hällo 😀', 'second']);
    const replies = await peer.encrypt(OURS, 'r0', 'r1', 'r2', 'r3');
    expect([2, 0, 3, 1].map((index) => open(replies[index] ?? ''))).toEqual(['r2', 'r0', 'r3', 'r1']);
    expect(open(replies[1] ?? '')).toBe('duplicate');
    const ours = ['s0', 's1', 's2', 's3'].map(seal);
    expect(await theyRead(...[3, 1, 0, 2].map((index) => ours[index] ?? ''))).toEqual([
      's3',
      's1',
      's0',
      's2',
    ]);
    expect((await theyRead(ours[1] ?? ''))[0]).toContain('Duplicate');
  });

  test('a session that it starts, too', async () => {
    await peer.meet(OURS, { [device.deviceId]: stanzas.bundle(device) });
    const [first = '', second = ''] = await peer.encrypt(OURS, 'first', 'second');
    expect(open(second)).toBe('second');
    expect(open(first)).toBe('first');
    expect(device.preKeys.size).toBe(99);
    expect(await theyRead(seal('answer'))).toEqual(['answer']);
    for (let round = 0; round < 10; round += 1) {
      const [theirs = ''] = await peer.encrypt(OURS, `p${round}`);
      expect(open(theirs)).toBe(`p${round}`);
      expect(await theyRead(seal(`q${round}`))).toEqual([`q${round}`]);
    }
  });

  test('goes on after a restart of the peer, with what was under way', async () => {
    await meet();
    expect(await theyRead(seal('before'))).toEqual(['before']);
    const underway = seal('while it was away');
    await peer.stop();
    peer = await startPeer();
    await peer.meet(OURS, { [device.deviceId]: stanzas.bundle(device) });
    expect(await theyRead(underway, seal('after'))).toEqual(['while it was away', 'after']);
  });

  test('a bundle of ours with a forged signature is refused by it, and its own by us', async () => {
    const bundle = stanzas.readBundle((await peer.bundle()).xml);
    const signature = Uint8Array.from(bundle.signedPreKey.signature);
    signature[3] = (signature[3] ?? 0) ^ 1;
    const forged = { ...bundle, signedPreKey: { ...bundle.signedPreKey, signature } };
    expect(device.start(peer.deviceId, forged)).toBe('invalid-signature');
    const ours = stanzas.bundle(device);
    const letter = /<(?:signedPreKeySignature|spks)[^>]*>(.)/.exec(ours)?.[1] ?? '';
    const broken = ours.replace(
      /(<(?:signedPreKeySignature|spks)[^>]*>)./,
      `$1${letter === 'A' ? 'B' : 'A'}`,
    );
    await peer.meet(OURS, { [device.deviceId]: broken });
    await expect(peer.encrypt(OURS, 'x')).rejects.toThrow();
  });

  test('a message that was changed on its way is refused on both sides, and the true one read', async () => {
    await meet();
    expect(await theyRead(seal('before'))).toEqual(['before']);
    const sent = seal('text');
    const changed = sent.replace(
      /(<key [^>]*>.{40})(.)/,
      (_, start: string, letter: string) => start + (letter === 'x' ? 'y' : 'x'),
    );
    expect(changed).not.toBe(sent);
    expect((await theyRead(changed))[0]).toMatch(/Failed|Error/);
    expect(await theyRead(sent)).toEqual(['text']);
  });

  test('a long archive is read in order, and heartbeats are answered', async () => {
    await meet();
    expect(await theyRead(seal('before'))).toEqual(['before']);
    const archive = await peer.encrypt(OURS, ...Array.from({ length: 200 }, (_, index) => `a${index}`));
    expect(archive.map(open)).toEqual(archive.map((_, index) => `a${index}`));
    const ours = Array.from({ length: 60 }, (_, index) => seal(`b${index}`));
    expect(await theyRead(...ours)).toEqual(ours.map((_, index) => `b${index}`));
    expect(await theyRead(seal('on'))).toEqual(['on']);
  });
});
