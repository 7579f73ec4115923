/** A public identity key as people see and compare it. */

/** 64 lower-case hexadecimal digits in groups of 8, without the type byte: as ChatSecure and Conversations show it. */
export const fingerprintOf = (identityKey: Uint8Array): string =>
  Buffer.from(identityKey)
    .toString('hex')
    .replaceAll(/.{8}(?=.)/g, '$& ');
