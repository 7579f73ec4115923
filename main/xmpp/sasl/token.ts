/**
 * XEP-0484: Fast Authentication Streamlining Tokens, version 0.2.0; the mechanisms of
 * draft-schmaus-kitten-sasl-ht, as the XEP names them.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SaslError, type SaslExchange } from './mechanism.ts';
import type { BindingType } from './scram.ts';

type ChannelBindings = Readonly<Partial<Record<BindingType, Uint8Array>>>;

/** Best first: a token that is bound to the connection cannot be replayed on another. */
const MECHANISMS: readonly (readonly [name: string, binding: BindingType | undefined])[] = [
  ['HT-SHA-256-EXPR', 'tls-exporter'],
  ['HT-SHA-256-ENDP', 'tls-server-end-point'],
  ['HT-SHA-256-NONE', undefined],
];

/** The best mechanism for a token on this connection; undefined where the server offers none that we can use. */
export const bestTokenMechanism = (
  offered: readonly string[],
  channelBindings: ChannelBindings,
): string | undefined =>
  MECHANISMS.find(
    ([name, binding]) =>
      offered.includes(name) && (binding === undefined || channelBindings[binding] !== undefined),
  )?.[0];

/**
 * Logs in with a token. Compares the server's half before it believes in success.
 * @param mechanism the one for which the token was made; undefined is answered where this connection has not
 *   what it is bound to
 */
export const createTokenExchange = (
  mechanism: string,
  token: string,
  username: string,
  channelBindings: ChannelBindings,
): SaslExchange | undefined => {
  const known = MECHANISMS.find(([name]) => name === mechanism);
  if (known === undefined) return undefined;
  const [, binding] = known;
  const data = binding === undefined ? new Uint8Array() : channelBindings[binding];
  if (data === undefined) return undefined;
  const hashed = (role: 'Initiator' | 'Responder'): Buffer =>
    createHmac('sha256', token).update(role).update(data).digest();
  return {
    mechanism,
    initial: Buffer.concat([Buffer.from(`${username}\0`), hashed('Initiator')]),
    challenge: () => Promise.reject(new SaslError('auth-unsupported', 'a token knows no challenge')),
    succeeded: (answer) => {
      const expected = hashed('Responder');
      if (answer?.length !== expected.length || !timingSafeEqual(answer, expected))
        throw new SaslError('server-not-genuine', 'the server does not know the token');
    },
  };
};
