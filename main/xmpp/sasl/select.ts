/** XEP-0440: SASL Channel-Binding Type Capability, version 1.0.0 — https://xmpp.org/extensions/xep-0440.html */
import { SaslError, type SaslExchange } from './mechanism.ts';
import { createPlain } from './plain.ts';
import { saslprep } from './saslprep.ts';
import { bindingLost, createScram, type BindingType, type ScramBinding, type ScramHash } from './scram.ts';

/** Best first. */
const HASHES: readonly ScramHash[] = ['SHA-512', 'SHA-256', 'SHA-1'];
const BINDINGS: readonly BindingType[] = ['tls-exporter', 'tls-server-end-point'];

export interface SaslOffer {
  readonly mechanisms: readonly string[];
  /** XEP-0440; undefined where the server does not say which types it can check. */
  readonly bindingTypes: readonly string[] | undefined;
}

/** What a connection can be bound to. */
export type ChannelBindings = Readonly<Partial<Record<BindingType, Uint8Array>>>;

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly channelBindings: ChannelBindings;
  /** Earlier logins were bound to their connection: less is taken only from a server that signs its offer. */
  readonly mustBind?: boolean | undefined;
}

type Choice =
  | { readonly kind: 'scram'; readonly hash: ScramHash; readonly binding: ScramBinding }
  | { readonly kind: 'plain' };

/**
 * Starts the best exchange that both sides know: SCRAM with channel binding, SCRAM, and PLAIN only where
 * nothing else is offered. Must only be called for a connection that is encrypted.
 * @throws SaslError auth-unsupported; auth-failed where the credentials cannot be right; binding-lost
 */
export const startExchange = (offer: SaslOffer, credentials: Credentials): SaslExchange => {
  const username = saslprep(credentials.username);
  const password = saslprep(credentials.password);
  if (username === undefined || password === undefined) {
    throw new SaslError('auth-failed', 'user name or password hold characters that no server accepts');
  }
  const choice = choose(offer, credentials.channelBindings);
  const mustBind = credentials.mustBind === true;
  if (choice.kind === 'scram') {
    const mustSignOffer = mustBind && choice.binding.kind !== 'bound';
    return createScram({ ...choice, username, password, offer, mustSignOffer });
  }
  if (mustBind) throw bindingLost();
  return createPlain(username, password);
};

/**
 * Which of two lists, SASL2 (XEP-0388) and the classic one, a login goes by: the one with channel binding where
 * only one has it, SCRAM before PLAIN, and else SASL2. A server offers the same in both: one from which the
 * better mechanisms were taken must not be a way around them.
 * @throws SaslError auth-unsupported where neither will do
 */
export const chooseProfile = (
  offers: { readonly sasl2: SaslOffer | undefined; readonly classic: SaslOffer },
  channelBindings: ChannelBindings,
): 'sasl2' | 'classic' => {
  const { sasl2, classic } = offers;
  if (sasl2 === undefined) return 'classic';
  const [ofSasl2, ofClassic] = [strengthOf(sasl2, channelBindings), strengthOf(classic, channelBindings)];
  const speaksScram = [...sasl2.mechanisms, ...classic.mechanisms].some((name) => name.startsWith('SCRAM-'));
  const best = Math.max(ofSasl2, ofClassic);
  if (best === STRENGTH.none || (best === STRENGTH.plain && speaksScram)) throw unsupported();
  return ofSasl2 === best ? 'sasl2' : 'classic';
};

const STRENGTH = { none: 0, plain: 1, scram: 2, bound: 3 } as const;

const strengthOf = (offer: SaslOffer, channelBindings: ChannelBindings): number => {
  try {
    const choice = choose(offer, channelBindings);
    if (choice.kind === 'plain') return STRENGTH.plain;
    return choice.binding.kind === 'bound' ? STRENGTH.bound : STRENGTH.scram;
  } catch (error) {
    if (error instanceof SaslError) return STRENGTH.none;
    throw error;
  }
};

const unsupported = (): SaslError =>
  new SaslError('auth-unsupported', 'the server offers no way to log in that we know');

const choose = (offer: SaslOffer, channelBindings: ChannelBindings): Choice => {
  const find = (suffix: string): ScramHash | undefined =>
    HASHES.find((hash) => offer.mechanisms.includes(`SCRAM-${hash}${suffix}`));
  const [bindable, unbound] = [find('-PLUS'), find('')];
  const binding = chooseBinding(offer, channelBindings, bindable !== undefined);
  if (bindable !== undefined && binding.kind === 'bound') return { kind: 'scram', hash: bindable, binding };
  if (unbound !== undefined) return { kind: 'scram', hash: unbound, binding };
  // Where SCRAM is spoken at all, asking for the password itself is no fallback.
  const speaksScram = offer.mechanisms.some((name) => name.startsWith('SCRAM-'));
  if (!speaksScram && offer.mechanisms.includes('PLAIN')) return { kind: 'plain' };
  throw unsupported();
};

const chooseBinding = (
  offer: SaslOffer,
  channelBindings: ChannelBindings,
  bindable: boolean,
): ScramBinding => {
  const own = BINDINGS.filter((type) => channelBindings[type] !== undefined);
  // "y" tells the server that we saw no -PLUS: if it offered one, somebody took it away.
  if (!bindable) return own.length > 0 ? { kind: 'unused' } : { kind: 'impossible' };
  // Nothing is assumed where the server does not say what it checks: RFC 9266 section 3 would mean `tls-exporter`,
  // but ejabberd before 23.10 offers -PLUS on TLS 1.3 and checks the `tls-unique` that TLS 1.3 does not have, so
  // nobody with that server could log in.
  const type = own.find((one) => offer.bindingTypes?.includes(one));
  const data = type === undefined ? undefined : channelBindings[type];
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
