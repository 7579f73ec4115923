import { SaslError, type SaslExchange } from './mechanism.ts';
import { createPlain } from './plain.ts';
import { saslprep } from './saslprep.ts';
import { createScram, type BindingType, type ScramBinding, type ScramHash } from './scram.ts';

/** Best first. */
const HASHES: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1'];
const BINDINGS: readonly BindingType[] = ['tls-exporter', 'tls-server-end-point'];

export interface SaslOffer {
  readonly mechanisms: readonly string[];
  /** XEP-0440; undefined where the server does not say which types it can check. */
  readonly bindingTypes: readonly string[] | undefined;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** What this connection can be bound to. */
  readonly channelBindings: Readonly<Partial<Record<BindingType, Uint8Array>>>;
}

/**
 * Starts the best exchange that both sides know: SCRAM with channel binding, SCRAM, and PLAIN only where
 * nothing else is offered. Must only be called for a connection that is encrypted.
 * @throws SaslError auth-unsupported; auth-failed where the credentials cannot be right
 */
export const startExchange = (offer: SaslOffer, credentials: Credentials): SaslExchange => {
  const username = saslprep(credentials.username);
  const password = saslprep(credentials.password);
  if (username === undefined || password === undefined) {
    throw new SaslError('auth-failed', 'user name or password hold characters that no server accepts');
  }
  const find = (suffix: string): ScramHash | undefined =>
    HASHES.find((hash) => offer.mechanisms.includes(`SCRAM-${hash}${suffix}`));
  const [bindable, unbound] = [find('-PLUS'), find('')];
  const binding = chooseBinding(offer, credentials, bindable !== undefined);
  if (bindable !== undefined && binding.kind === 'bound') {
    return createScram({ hash: bindable, username, password, binding });
  }
  if (unbound !== undefined) return createScram({ hash: unbound, username, password, binding });
  // Where SCRAM is spoken at all, asking for the password itself is no fallback.
  const speaksScram = offer.mechanisms.some((name) => name.startsWith('SCRAM-'));
  if (!speaksScram && offer.mechanisms.includes('PLAIN')) return createPlain(username, password);
  throw new SaslError('auth-unsupported', 'the server offers no way to log in that we know');
};

const chooseBinding = (offer: SaslOffer, credentials: Credentials, bindable: boolean): ScramBinding => {
  const own = BINDINGS.filter((type) => credentials.channelBindings[type] !== undefined);
  // "y" tells the server that we saw no -PLUS: if it offered one, somebody took it away.
  if (!bindable) return own.length > 0 ? { kind: 'unused' } : { kind: 'impossible' };
  // Nothing is assumed where the server does not say what it checks: RFC 9266 section 3 would mean `tls-exporter`,
  // but ejabberd before 23.10 offers -PLUS on TLS 1.3 and checks the `tls-unique` that TLS 1.3 does not have, so
  // nobody with that server could log in.
  const type = own.find((one) => offer.bindingTypes?.includes(one));
  const data = type === undefined ? undefined : credentials.channelBindings[type];
  if (type !== undefined && data !== undefined) return { kind: 'bound', type, data };
  // XEP-0440 section 4, rule 6: a list with nothing in it for us is what an attacker would show. Below TLS 1.3
  // it is also what honest servers show: Prosody 13 offers `tls-unique` alone there, as it is configured first.
  const listsNothing =
    offer.bindingTypes !== undefined && !offer.bindingTypes.includes('tls-server-end-point');
  if (listsNothing && own.includes('tls-exporter')) {
    throw new SaslError('auth-unsupported', 'the server offers no channel binding that we know');
  }
  return { kind: 'impossible' };
};
