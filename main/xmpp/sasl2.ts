/**
 * XEP-0388: Extensible SASL Profile, version 1.0.4 — https://xmpp.org/extensions/xep-0388.html
 * XEP-0386: Bind 2, version 1.1.0 — https://xmpp.org/extensions/xep-0386.html
 * XEP-0484: Fast Authentication Streamlining Tokens, version 0.2.0 — https://xmpp.org/extensions/xep-0484.html
 * and the parts of XEP-0198 (section 9), XEP-0280 and XEP-0352 that go within.
 */
import { parseDateTime } from './features/delay.ts';
import { base64, NS_SASL2 } from './login.ts';
import type { FastToken, ResumeState } from './port.ts';
import type { SaslExchange } from './sasl/mechanism.ts';
import { child, childrenOf, xml, type Element } from './stanza.ts';

const NS_BIND2 = 'urn:xmpp:bind:0';
const NS_FAST = 'urn:xmpp:fast:0';
const NS_SM = 'urn:xmpp:sm:3';
const NS_CARBONS = 'urn:xmpp:carbons:2';
const NS_CSI = 'urn:xmpp:csi:0';
/** Part of the address that others see: says nothing of the computer or its user (XEP-0386 section 5). */
const TAG = 'chatsecure';
const SOFTWARE = 'ChatSecure Desktop';

/** What a server takes together with a login. */
export interface Sasl2Offer {
  readonly mechanisms: readonly string[];
  /** What may be switched on with the resource; undefined where no resource is bound with the login. */
  readonly bind: readonly string[] | undefined;
  /** Whether a stream can be resumed with the login. */
  readonly resumption: boolean;
  /** Mechanisms for which it gives out tokens. */
  readonly tokenMechanisms: readonly string[];
}

/** Reads the features before the login; undefined where SASL2 is not offered. */
export const readSasl2Offer = (features: Element): Sasl2Offer | undefined => {
  const offer = child(features, 'authentication', NS_SASL2);
  if (offer === undefined) return undefined;
  const inline = child(offer, 'inline', NS_SASL2);
  const bind = inline && child(inline, 'bind', NS_BIND2);
  const options = bind && child(bind, 'inline', NS_BIND2);
  const fast = inline && child(inline, 'fast', NS_FAST);
  const names = (parent: Element | undefined, xmlns: string): readonly string[] =>
    parent === undefined ? [] : childrenOf(parent, 'mechanism', xmlns).map((name) => name.text().trim());
  return {
    mechanisms: names(offer, NS_SASL2),
    bind:
      bind &&
      (options ? childrenOf(options, 'feature', NS_BIND2) : []).map(({ attrs }) => attrs['var'] ?? ''),
    resumption: inline !== undefined && child(inline, 'sm', NS_SM) !== undefined,
    tokenMechanisms: names(fast, NS_FAST),
  };
};

export interface LoginRequest {
  readonly userAgent: string;
  readonly active: boolean;
  readonly resume: ResumeState | undefined;
  /** `use`: the exchange is one of a token; `revoke`: and for the last time; otherwise one for this mechanism is wanted. */
  readonly token: 'use' | 'revoke' | { readonly request: string } | undefined;
}

/** The first message of a login, with all that the server takes along with it. */
export const authenticateText = (
  { mechanism, initial }: SaslExchange,
  offer: Sasl2Offer,
  request: LoginRequest,
): string => {
  const { resume, token } = request;
  const inlineResume = resume !== undefined && offer.resumption;
  // Where a stream can only be resumed after the login, a resource must not be bound with it.
  const binds = offer.bind !== undefined && token !== 'revoke' && (resume === undefined || inlineResume);
  return xml(
    'authenticate',
    { xmlns: NS_SASL2, mechanism },
    xml('initial-response', {}, base64(initial)),
    xml('user-agent', { id: request.userAgent }, xml('software', {}, SOFTWARE)),
    inlineResume ? xml('resume', { xmlns: NS_SM, previd: resume.id, h: resume.inbound }) : undefined,
    binds ? bindRequest(offer.bind, request.active) : undefined,
    tokenRequest(token),
  ).toString();
};

const bindRequest = (options: readonly string[], active: boolean): Element =>
  xml(
    'bind',
    { xmlns: NS_BIND2 },
    xml('tag', {}, TAG),
    options.includes(NS_SM) ? xml('enable', { xmlns: NS_SM, resume: 'true' }) : undefined,
    options.includes(NS_CARBONS) ? xml('enable', { xmlns: NS_CARBONS }) : undefined,
    options.includes(NS_CSI) && !active ? xml('inactive', { xmlns: NS_CSI }) : undefined,
  );

const tokenRequest = (token: LoginRequest['token']): Element | undefined => {
  if (token === undefined) return undefined;
  if (token === 'use') return xml('fast', { xmlns: NS_FAST });
  if (token === 'revoke') return xml('fast', { xmlns: NS_FAST, invalidate: 'true' });
  return xml('request-token', { xmlns: NS_FAST, mechanism: token.request });
};

/** What came with <success/>. */
export interface LoginResult {
  /** The full JID where a resource was bound, else the bare one. */
  readonly authorized: string;
  /** <resumed/> or <failed/> of XEP-0198. */
  readonly resumption: Element | undefined;
  readonly bound: Element | undefined;
  /** The resource was refused. */
  readonly bindRefused: boolean;
  /** <enabled/> of XEP-0198. */
  readonly enabled: Element | undefined;
  readonly token: Pick<FastToken, 'token' | 'expiry'> | undefined;
}

export const readSuccess = (success: Element): LoginResult => {
  const bound = child(success, 'bound', NS_BIND2);
  return {
    authorized: success.getChildText('authorization-identifier', NS_SASL2)?.trim() ?? '',
    resumption: child(success, 'resumed', NS_SM) ?? child(success, 'failed', NS_SM),
    bound,
    bindRefused: child(success, 'failed', NS_BIND2) !== undefined,
    enabled: bound && child(bound, 'enabled', NS_SM),
    token: readToken(success),
  };
};

/** XEP-0484 section 3.4; a token that says nothing of its end is not kept. */
const readToken = (success: Element): LoginResult['token'] => {
  const { token, expiry } = child(success, 'token', NS_FAST)?.attrs ?? {};
  const end = parseDateTime(expiry ?? '');
  return token === undefined || token === '' || end === undefined ? undefined : { token, expiry: end };
};

/** Whether carbons come without being asked for again. */
export const carbonsEnabled = (offer: Sasl2Offer): boolean => offer.bind?.includes(NS_CARBONS) ?? false;

/** Whether the stream begins as `LoginRequest.active` says. */
export const activityTold = (offer: Sasl2Offer): boolean => offer.bind?.includes(NS_CSI) ?? false;
