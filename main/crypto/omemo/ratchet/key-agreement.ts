/** X3DH (https://signal.org/docs/specifications/x3dh/): the first root key of a session. */
import type { KeyPair } from '../engine.ts';
import { concat, wipe } from './bytes.ts';
import { KEY_BYTES, type Curve } from './curve.ts';
import { hkdf } from './primitives.ts';
import type { Profile } from './profile.ts';

/** Section 2.2: 32 bytes that are no key in front, and a salt of zeros. */
const PREFIX = new Uint8Array(KEY_BYTES).fill(0xff);
const NO_SALT = new Uint8Array(KEY_BYTES);

const rootKeyFrom = ({ agreementInfo }: Profile, ...secrets: readonly Uint8Array[]): Uint8Array => {
  const input = concat(PREFIX, ...secrets);
  const rootKey = hkdf(input, NO_SALT, agreementInfo, KEY_BYTES);
  wipe(input, ...secrets);
  return rootKey;
};

/** Ours as the one who starts. All keys of the peer in Montgomery form. @throws InvalidKey */
export const agreeAsInitiator = (
  curve: Curve,
  profile: Profile,
  ours: { readonly identity: KeyPair; readonly base: KeyPair },
  theirs: { readonly identity: Uint8Array; readonly signedPreKey: Uint8Array; readonly preKey: Uint8Array },
): Uint8Array =>
  rootKeyFrom(
    profile,
    curve.sharedSecret(ours.identity.privateKey, theirs.signedPreKey),
    curve.sharedSecret(ours.base.privateKey, theirs.identity),
    curve.sharedSecret(ours.base.privateKey, theirs.signedPreKey),
    curve.sharedSecret(ours.base.privateKey, theirs.preKey),
  );

/** Ours as the one who is written to. @throws InvalidKey */
export const agreeAsResponder = (
  curve: Curve,
  profile: Profile,
  ours: { readonly identity: KeyPair; readonly signedPreKey: KeyPair; readonly preKey: KeyPair },
  theirs: { readonly identity: Uint8Array; readonly baseKey: Uint8Array },
): Uint8Array =>
  rootKeyFrom(
    profile,
    curve.sharedSecret(ours.signedPreKey.privateKey, theirs.identity),
    curve.sharedSecret(ours.identity.privateKey, theirs.baseKey),
    curve.sharedSecret(ours.signedPreKey.privateKey, theirs.baseKey),
    curve.sharedSecret(ours.preKey.privateKey, theirs.baseKey),
  );
