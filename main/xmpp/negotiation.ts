/** RFC 6120: features, resource binding (section 7); XEP-0198: enable and resume; the way through a login. */
import { randomBytes } from 'node:crypto';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { AckBook, missingByAck } from './ack-book.ts';
import { NS_SM, readCount } from './ack-exchange.ts';
import { offersClientState } from './features/csi.ts';
import type { ResumeState, StreamOffers, StreamOptions } from './port.ts';
import { classicAuth, classicProfile, converse, sasl2Profile } from './login.ts';
import { SaslError, type SaslExchange } from './sasl/mechanism.ts';
import { saslprep } from './sasl/saslprep.ts';
import { bindingLost } from './sasl/scram.ts';
import { chooseProfile, startExchange, type ChannelBindings, type SaslOffer } from './sasl/select.ts';
import { bestTokenMechanism, createTokenExchange } from './sasl/token.ts';
import {
  activityTold,
  authenticateText,
  carbonsEnabled,
  readSasl2Offer,
  readSuccess,
  type LoginResult,
  type Sasl2Offer,
} from './sasl2.ts';
import { child, readStanzaError, xml, type Element } from './stanza.ts';
import {
  bindFailure,
  featureTexts,
  isStanza,
  protocolFailure,
  resumptionFailure,
  isRefusal,
  noPassword,
  saslErrorFailure,
  TokenRefused,
} from './stream-failures.ts';
import type { Wire } from './wire.ts';

const NS_STREAM = 'http://etherx.jabber.org/streams';
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const NS_SASL_CB = 'urn:xmpp:sasl-cb:0';
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const NS_SESSION = 'urn:ietf:params:xml:ns:xmpp-session';
const NS_ROSTER_VERSIONING = 'urn:xmpp:features:rosterver';
const NS_LIMITS = 'urn:xmpp:stream-limits:0';

/** Prosody and ejabberd end the stream beyond this, unless they say otherwise (XEP-0478). */
const USUAL_MAX_BYTES = 262_144;
/** RFC 6120 section 13.12: no server may take less. */
const LEAST_MAX_BYTES = 10_000;

export interface Negotiated {
  /** Full JID. */
  readonly jid: Jid;
  readonly resumed: boolean;
  readonly offers: StreamOffers;
  /** Whether the server sends copies already (XEP-0280). */
  readonly carbons: boolean;
  /** What the server takes our window for (XEP-0352). */
  readonly active: boolean;
  /** Undefined where the server has no stream management. */
  readonly acks: AckBook | undefined;
  /** By which the stream can be resumed. */
  readonly resumeId: string | undefined;
  /** Of the stream that was to be resumed; as in the port. */
  readonly earlier: Earlier;
  /** Stanzas that came before stream management was on: they count for nothing, but are there. */
  readonly early: readonly Element[];
}

interface Earlier {
  readonly handled: number | undefined;
  readonly unhandled: readonly string[];
}

export interface NegotiationInput {
  readonly options: StreamOptions;
  readonly account: Jid;
  readonly channelBindings: ChannelBindings;
  readonly tlsVersion: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Logs in over an encrypted wire. @throws StreamError */
export const negotiate = async (wire: Wire, input: NegotiationInput): Promise<Negotiated> => {
  wire.step = 'stream';
  await wire.open();
  const offered = await readFeatures(wire);
  wire.step = 'auth';
  const sasl2 = readSasl2Offer(offered);
  const bindingTypes = bindingTypesOf(offered);
  const classic = {
    mechanisms: featureTexts(offered, 'mechanisms', NS_SASL, 'mechanism') ?? [],
    bindingTypes,
  };
  const modern = sasl2 && { mechanisms: sasl2.mechanisms, bindingTypes };
  const profile = chosen(() => chooseProfile({ sasl2: modern, classic }, input.channelBindings));
  if (sasl2 !== undefined && profile === 'sasl2') return negotiateInline(wire, sasl2, bindingTypes, input);
  const exchange = await passwordExchange(classic, input);
  wire.write(classicAuth(exchange));
  await converse(wire, exchange, classicProfile).catch(refusedUnbound(exchange, input));
  noteBinding(exchange, input);
  await wire.open();
  return establish(wire, await readFeatures(wire), input);
};

/** Logs in only to tell that the token is not to be used again. @throws StreamError */
export const revokeToken = async (wire: Wire, input: NegotiationInput): Promise<void> => {
  wire.step = 'stream';
  await wire.open();
  const offered = await readFeatures(wire);
  wire.step = 'auth';
  const offer = readSasl2Offer(offered);
  const held = offer && (await heldToken(offer, input));
  if (offer === undefined || held === undefined) return;
  const { userAgent } = input.options;
  const request = { userAgent, active: false, resume: undefined, token: 'revoke' } as const;
  wire.write(authenticateText(held, offer, request));
  await converse(wire, held, sasl2Profile);
};

/** The steps after a classic login, and after one with SASL2 that did not take them along. */
const establish = async (wire: Wire, usable: Element, input: NegotiationInput): Promise<Negotiated> => {
  wire.step = 'bind';
  const { resume, resource } = input.options;
  const canResume = resume !== undefined && child(usable, 'sm', NS_SM) !== undefined;
  const resumption = canResume ? await tryResume(wire, resume, input.account) : undefined;
  const offers = offersOf(usable);
  if (resumption?.resumed !== undefined) return { ...resumption.resumed, offers };
  const early: Element[] = [];
  const jid = await bind(wire, resource, early);
  if (child(usable, 'session', NS_SESSION) !== undefined) await startSession(wire, usable, early);
  const management = child(usable, 'sm', NS_SM) === undefined ? undefined : await enable(wire, early);
  return {
    ...begun(jid, offers, management),
    earlier: { handled: resumption?.handled, unhandled: [] },
    early,
  };
};

/** XEP-0388, with the resource (XEP-0386) or the resumption where the server takes them along. */
const negotiateInline = async (
  wire: Wire,
  offer: Sasl2Offer,
  bindingTypes: readonly string[] | undefined,
  input: NegotiationInput,
): Promise<Negotiated> => {
  const result = await login(wire, offer, bindingTypes, input);
  wire.step = 'bind';
  const jid = parseJid(result.authorized);
  if (jid === undefined || bareJid(jid) !== bareJid(input.account))
    throw protocolFailure('the login is for another account', 'bind');
  const { resume, active = true } = input.options;
  const answer = result.resumption;
  const resumption =
    resume && answer ? readResumption(answer, resume, parseJid(resume.jid) ?? jid) : undefined;
  // XEP-0198 section 9.2: the stream goes on at once, without features.
  if (resumption?.resumed !== undefined) return resumption.resumed;
  if (result.bindRefused) throw bindFailure('undefined-condition');
  const between: Element[] = [];
  const usable = await readFeatures(wire, between);
  if (result.bound === undefined) return establish(wire, usable, input);
  if (jid.resource === '') throw bindFailure('undefined-condition');
  const early: Element[] = [];
  // After <enabled/> everything counts; before it nothing does.
  if (result.enabled === undefined) early.push(...between.filter(isStanza));
  else wire.unread(between);
  const classic = result.enabled === undefined && child(usable, 'sm', NS_SM) !== undefined;
  const management = classic ? await enable(wire, early) : result.enabled && readEnabled(result.enabled);
  return {
    ...begun(jid, offersOf(usable), management),
    carbons: carbonsEnabled(offer),
    active: active || !activityTold(offer),
    earlier: { handled: resumption?.handled, unhandled: [] },
    early,
  };
};

/** A stream that is new. */
const begun = (jid: Jid, offers: StreamOffers, management: Management | undefined) => ({
  jid,
  resumed: false,
  offers,
  carbons: false,
  active: true,
  acks: management === undefined ? undefined : new AckBook(),
  resumeId: management?.resumeId,
});

/** @throws StreamError; TokenRefused where the password might do */
const login = async (
  wire: Wire,
  offer: Sasl2Offer,
  bindingTypes: readonly string[] | undefined,
  input: NegotiationInput,
): Promise<LoginResult> => {
  const { options, channelBindings } = input;
  const held = await heldToken(offer, input);
  const mechanism = bestTokenMechanism(offer.tokenMechanisms, channelBindings);
  const request = options.tokens && mechanism ? { request: mechanism } : undefined;
  const exchange = held ?? (await passwordExchange({ mechanisms: offer.mechanisms, bindingTypes }, input));
  const { userAgent, resume, active = true } = options;
  const token = held === undefined ? request : 'use';
  wire.write(authenticateText(exchange, offer, { userAgent, resume, active, token }));
  const result = await converse(wire, exchange, sasl2Profile).then(readSuccess, (error: unknown) => {
    if (held === undefined) return refusedUnbound(exchange, input)(error);
    throw isRefusal(error) ? new TokenRefused(error) : error;
  });
  if (held === undefined) noteBinding(exchange, input);
  // Section 3.5: also a token that was used is renewed, for the same mechanism.
  if (result.token !== undefined && (held !== undefined || request !== undefined))
    await options.tokens?.set({ ...result.token, mechanism: held?.mechanism ?? mechanism ?? '' });
  return result;
};

/**
 * The exchange of the token that is kept. Only for the best mechanism that is offered: one that is less bound
 * is given up for a better one, and one that somebody has taken from the list is not replaced by a worse one.
 */
const heldToken = async (
  offer: Sasl2Offer,
  { options, account, channelBindings, now }: NegotiationInput,
): Promise<SaslExchange | undefined> => {
  const token = await options.tokens?.get();
  if (token === undefined || token.expiry <= now) return undefined;
  if (token.mechanism !== bestTokenMechanism(offer.tokenMechanisms, channelBindings)) return undefined;
  const username = saslprep(account.local) ?? account.local;
  return createTokenExchange(token.mechanism, token.token, username, channelBindings);
};

const passwordExchange = async (
  offer: SaslOffer,
  { options, account, channelBindings }: NegotiationInput,
): Promise<SaslExchange> => {
  const password = await options.password();
  if (password === undefined) throw noPassword();
  const mustBind = options.binding?.get() !== undefined;
  return chosen(() => startExchange(offer, { username: account.local, password, channelBindings, mustBind }));
};

/**
 * RFC 5802 section 6: a server that binds refuses whoever says that it seems not to. Where it bound before, that is
 * the reason, and no other password would help.
 */
const refusedUnbound =
  ({ binding }: SaslExchange, { options }: NegotiationInput) =>
  (error: unknown): never => {
    const wasBound = binding === undefined && options.binding?.get() !== undefined;
    throw wasBound && isRefusal(error) ? saslErrorFailure(bindingLost()) : error;
  };

/** What this login had, the next one must have too. */
const noteBinding = (
  { mechanism, binding }: SaslExchange,
  { options, tlsVersion }: NegotiationInput,
): void => {
  if (binding !== undefined) options.binding?.set({ mechanism, type: binding, tlsVersion });
};

/** @throws StreamError */
const chosen = <T>(choose: () => T): T => {
  try {
    return choose();
  } catch (error) {
    throw error instanceof SaslError ? saslErrorFailure(error) : error;
  }
};

const bindingTypesOf = (offered: Element): readonly string[] | undefined =>
  child(offered, 'sasl-channel-binding', NS_SASL_CB)
    ?.getChildElements()
    .map((element) => element.attrs['type'] ?? '');

const offersOf = (usable: Element): StreamOffers => ({
  rosterVersioning: child(usable, 'ver', NS_ROSTER_VERSIONING) !== undefined,
  clientState: offersClientState(usable),
  maxBytes: maxBytesOf(usable),
});

/** @param between takes what comes before */
const readFeatures = async (wire: Wire, between?: Element[]): Promise<Element> => {
  for (;;) {
    const element = await wire.next();
    if (element.getName() === 'features' && element.getNS() === NS_STREAM) return element;
    if (between === undefined) throw protocolFailure('no stream features', wire.step);
    between.push(element);
  }
};

const maxBytesOf = (usable: Element): number => {
  const text = child(usable, 'limits', NS_LIMITS)?.getChildText('max-bytes', NS_LIMITS) ?? '';
  return /^\d{1,12}$/.test(text) ? Math.max(Number(text), LEAST_MAX_BYTES) : USUAL_MAX_BYTES;
};

interface Resumption {
  /** Undefined where the server would not: a resource has to be bound. */
  readonly resumed?: Negotiated;
  readonly handled: number | undefined;
}

/** XEP-0198 section 5. */
const tryResume = async (wire: Wire, state: ResumeState, account: Jid): Promise<Resumption> => {
  const jid = parseJid(state.jid);
  if (jid === undefined || bareJid(jid) !== bareJid(account)) return { handled: undefined };
  wire.write(xml('resume', { xmlns: NS_SM, previd: state.id, h: state.inbound }).toString());
  return readResumption(await wire.next(), state, jid);
};

/** The answer to a resumption. @throws StreamError where going on with it would lose something */
const readResumption = (answer: Element, state: ResumeState, jid: Jid): Resumption => {
  const name = answer.getNS() === NS_SM ? answer.getName() : '';
  const h = readCount(answer.attrs['h']);
  const unhandled = h === undefined ? undefined : missingByAck(state, h);
  if (name === 'failed') return { handled: unhandled === undefined ? undefined : h };
  if (name !== 'resumed' || answer.attrs['previd'] !== state.id || h === undefined) {
    throw resumptionFailure('the answer to a resumption cannot be read');
  }
  // Nothing that this server says of the stream can be believed; what it may not have goes out again.
  if (unhandled === undefined) throw resumptionFailure('the count of a resumption cannot be right');
  const acks = new AckBook({ inbound: state.inbound, outbound: h });
  const { offers, id: resumeId } = state;
  const earlier = { handled: h, unhandled };
  return {
    handled: h,
    resumed: { jid, resumed: true, offers, carbons: false, active: true, acks, resumeId, earlier, early: [] },
  };
};

/** Sends an iq whose answer the server itself must give; stanzas that come before are kept. */
const ask = async (wire: Wire, payload: Element, early: Element[]): Promise<Element> => {
  const id = randomBytes(16).toString('base64url');
  wire.write(xml('iq', { type: 'set', id }, payload).toString());
  for (;;) {
    const element = await wire.next();
    if (element.getName() === 'iq' && element.attrs['id'] === id) return element;
    if (isStanza(element)) early.push(element);
  }
};

const bind = async (wire: Wire, resource: string, early: Element[]): Promise<Jid> => {
  const answer = await ask(wire, xml('bind', { xmlns: NS_BIND }, xml('resource', {}, resource)), early);
  if (answer.attrs['type'] === 'error') throw bindFailure(readStanzaError(answer).condition);
  const jid = parseJid(child(answer, 'bind', NS_BIND)?.getChildText('jid', NS_BIND) ?? '');
  if (jid === undefined || jid.resource === '') throw bindFailure('undefined-condition');
  return jid;
};

/** RFC 3921 section 3: servers of old want it; the newer ones say <optional/>. */
const startSession = async (wire: Wire, usable: Element, early: Element[]): Promise<void> => {
  const session = child(usable, 'session', NS_SESSION);
  if (session === undefined || child(session, 'optional', NS_SESSION) !== undefined) return;
  const answer = await ask(wire, xml('session', { xmlns: NS_SESSION }), early);
  if (answer.attrs['type'] === 'error') throw bindFailure(readStanzaError(answer).condition);
};

/** XEP-0198 section 3. Undefined where the server would not. */
const enable = async (wire: Wire, early: Element[]): Promise<Management | undefined> => {
  wire.write(xml('enable', { xmlns: NS_SM, resume: 'true' }).toString());
  for (;;) {
    const element = await wire.next();
    if (isStanza(element)) early.push(element);
    if (element.getNS() !== NS_SM) continue;
    if (element.getName() === 'failed') return undefined;
    if (element.getName() !== 'enabled') continue;
    return readEnabled(element);
  }
};

interface Management {
  readonly resumeId: string | undefined;
}

const readEnabled = ({ attrs }: Element): Management => ({
  resumeId: ['true', '1'].includes(attrs['resume'] ?? '') ? attrs['id'] : undefined,
});
