/** The same payloads decrypted in memory, by our ratchet and by the library as it is shipped. */
import { openPayload, sealPayload, type SealedPayload } from '#main/crypto/omemo/payload.ts';
import { LibsignalDevice } from '#tests/support/libsignal.ts';
import { OmemoDevice, type Sent } from '#tests/support/omemo-device.ts';
import { serve } from '../child.ts';

export interface DecryptQuestion {
  readonly texts: readonly string[];
}

/** Milliseconds for all of them. */
export interface DecryptAnswer {
  readonly ours: number;
  readonly theirs: number;
}

/** A payload, and its key for one device. */
interface Letter {
  readonly payload: SealedPayload;
  readonly key: Sent;
}

const LIBRARY_ID = 2;

const open = ({ iv, ciphertext }: SealedPayload, keyMaterial: Uint8Array): void => {
  if (openPayload({ keyMaterial, iv, ciphertext }) === undefined) throw new Error('a payload was not read');
};

const timed = async (act: () => Promise<void>): Promise<number> => {
  const started = performance.now();
  await act();
  return performance.now() - started;
};

serve<DecryptQuestion, DecryptAnswer>(async ({ texts }) => {
  const [sender, us] = [new OmemoDevice(), new OmemoDevice()];
  const library = await LibsignalDevice.create(LIBRARY_ID);
  // First messages, and answers: then both sides use the session.
  us.receive(sender.deviceId, sender.sendFirst(us, 'hello'));
  sender.receive(us.deviceId, us.send(sender.deviceId, 'hello'));
  sender.start(LIBRARY_ID, library.bundle);
  await library.decrypt(sender.deviceId, sender.send(LIBRARY_ID, 'hello'));
  sender.receive(LIBRARY_ID, await library.encrypt(sender.deviceId, new Uint8Array(32)));
  const payloads = texts.map((text) => sealPayload(text));
  const lettersFor = (id: number): readonly Letter[] =>
    payloads.map((payload) => ({ payload, key: sender.sendBytes(id, payload.keyMaterial) }));
  const [forUs, forThem] = [lettersFor(us.deviceId), lettersFor(LIBRARY_ID)];
  return {
    ours: await timed(async () => {
      for (const { payload, key } of forUs) {
        const result = us.receive(sender.deviceId, key);
        if (result.kind !== 'decrypted')
          throw new Error(`a message of the bench was not read: ${result.kind}`);
        open(payload, result.plaintext);
      }
    }),
    theirs: await timed(async () => {
      for (const { payload, key } of forThem) open(payload, await library.decrypt(sender.deviceId, key));
    }),
  };
});
