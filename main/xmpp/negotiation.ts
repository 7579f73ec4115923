/** RFC 6120: features, SASL (section 6), resource binding (section 7); XEP-0198: enable and resume. */
import { randomBytes } from 'node:crypto';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { AckBook, missingByAck } from './ack-book.ts';
import { NS_SM, readCount } from './ack-exchange.ts';
import { offersClientState } from './features/csi.ts';
import type { ResumeState, StreamOffers, StreamOptions } from './port.ts';
import { SaslError, type SaslExchange } from './sasl/mechanism.ts';
import type { BindingType } from './sasl/scram.ts';
import { startExchange } from './sasl/select.ts';
import { child, readStanzaError, xml, type Element } from './stanza.ts';
import {
  bindFailure,
  featureTexts,
  isStanza,
  protocolFailure,
  resumptionFailure,
  saslErrorFailure,
  saslFailure,
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
  readonly channelBindings: Readonly<Partial<Record<BindingType, Uint8Array>>>;
}

/** Logs in over an encrypted wire. @throws StreamError */
export const negotiate = async (wire: Wire, input: NegotiationInput): Promise<Negotiated> => {
  wire.step = 'stream';
  await wire.open();
  const offered = await features(wire);
  wire.step = 'auth';
  await authenticate(wire, offered, input);
  await wire.open();
  const usable = await features(wire);
  wire.step = 'bind';
  const { resume } = input.options;
  const canResume = resume !== undefined && child(usable, 'sm', NS_SM) !== undefined;
  const resumption = canResume ? await tryResume(wire, resume, input.account) : undefined;
  const offers = offersOf(usable);
  if (resumption?.resumed !== undefined) return { ...resumption.resumed, offers };
  const early: Element[] = [];
  const jid = await bind(wire, input.options.resource, early);
  if (child(usable, 'session', NS_SESSION) !== undefined) await startSession(wire, usable, early);
  const management = child(usable, 'sm', NS_SM) === undefined ? undefined : await enable(wire, early);
  return {
    jid,
    resumed: false,
    offers,
    acks: management === undefined ? undefined : new AckBook(),
    resumeId: management?.resumeId,
    earlier: { handled: resumption?.handled, unhandled: [] },
    early,
  };
};

const offersOf = (usable: Element): StreamOffers => ({
  rosterVersioning: child(usable, 'ver', NS_ROSTER_VERSIONING) !== undefined,
  clientState: offersClientState(usable),
  maxBytes: maxBytesOf(usable),
});

const features = async (wire: Wire): Promise<Element> => {
  const element = await wire.next();
  if (element.getName() === 'features' && element.getNS() === NS_STREAM) return element;
  throw protocolFailure('no stream features', wire.step);
};

const maxBytesOf = (usable: Element): number => {
  const text = child(usable, 'limits', NS_LIMITS)?.getChildText('max-bytes', NS_LIMITS) ?? '';
  return /^\d{1,12}$/.test(text) ? Math.max(Number(text), LEAST_MAX_BYTES) : USUAL_MAX_BYTES;
};

const authenticate = async (wire: Wire, offered: Element, input: NegotiationInput): Promise<void> => {
  const mechanisms = featureTexts(offered, 'mechanisms', NS_SASL, 'mechanism');
  const bindings = child(offered, 'sasl-channel-binding', NS_SASL_CB)?.getChildElements() ?? undefined;
  try {
    const exchange = startExchange(
      { mechanisms: mechanisms ?? [], bindingTypes: bindings?.map((element) => element.attrs['type'] ?? '') },
      {
        username: input.account.local,
        password: input.options.password,
        channelBindings: input.channelBindings,
      },
    );
    wire.write(saslText('auth', exchange.initial, exchange.mechanism));
    await converse(wire, exchange);
  } catch (error) {
    throw error instanceof SaslError ? saslErrorFailure(error) : error;
  }
};

/** A well-meant server needs two challenges at most. */
const MAX_CHALLENGES = 5;

const converse = async (wire: Wire, exchange: SaslExchange): Promise<void> => {
  for (let challenges = 0; ; challenges += 1) {
    const element = await wire.next();
    if (element.getNS() !== NS_SASL || challenges > MAX_CHALLENGES)
      throw protocolFailure('unexpected element during login', 'auth');
    switch (element.getName()) {
      case 'challenge':
        wire.write(saslText('response', await exchange.challenge(readSaslData(element) ?? new Uint8Array())));
        break;
      case 'success':
        return exchange.succeeded(readSaslData(element));
      case 'failure':
        throw saslFailure(element);
      default:
        throw protocolFailure('unexpected element during login', 'auth');
    }
  }
};

const saslText = (name: 'auth' | 'response', data: Uint8Array, mechanism?: string): string =>
  xml(name, { xmlns: NS_SASL, mechanism }, Buffer.from(data).toString('base64')).toString();

/** RFC 6120 section 6.4.2: base64, and "=" for data that is there but empty. */
const readSaslData = (element: Element): Uint8Array | undefined => {
  const text = element.text().trim();
  if (text === '') return undefined;
  return text === '=' ? new Uint8Array() : Buffer.from(text, 'base64');
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
  return { handled: h, resumed: { jid, resumed: true, offers, acks, resumeId, earlier, early: [] } };
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
const enable = async (
  wire: Wire,
  early: Element[],
): Promise<{ readonly resumeId: string | undefined } | undefined> => {
  wire.write(xml('enable', { xmlns: NS_SM, resume: 'true' }).toString());
  for (;;) {
    const element = await wire.next();
    if (isStanza(element)) early.push(element);
    if (element.getNS() !== NS_SM) continue;
    if (element.getName() === 'failed') return undefined;
    if (element.getName() !== 'enabled') continue;
    const mayResume = ['true', '1'].includes(element.attrs['resume'] ?? '');
    return { resumeId: mayResume ? element.attrs['id'] : undefined };
  }
};
