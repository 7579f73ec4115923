/** SASL over a wire, in the two forms that it has: RFC 6120 section 6, and XEP-0388. */
import { SaslError, type SaslExchange } from './sasl/mechanism.ts';
import { child, xml, type Element } from './stanza.ts';
import { protocolFailure, saslErrorFailure, saslFailure } from './stream-failures.ts';
import type { Wire } from './wire.ts';

/** How one of the two forms writes what both say. */
export interface SaslProfile {
  readonly xmlns: string;
  response(data: Uint8Array): string;
  /** Of a challenge. */
  data(challenge: Element): Uint8Array;
  /** Of <success/>; undefined where there is none. */
  finalData(success: Element): Uint8Array | undefined;
}

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
export const NS_SASL2 = 'urn:xmpp:sasl:2';

export const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

/** RFC 6120 section 6.4.2: base64, and "=" for data that is there but empty. */
const readClassic = (element: Element): Uint8Array | undefined => {
  const text = element.text().trim();
  if (text === '') return undefined;
  return text === '=' ? new Uint8Array() : Buffer.from(text, 'base64');
};

export const classicProfile: SaslProfile = {
  xmlns: NS_SASL,
  response: (data) => xml('response', { xmlns: NS_SASL }, base64(data)).toString(),
  data: (challenge) => readClassic(challenge) ?? new Uint8Array(),
  finalData: readClassic,
};

/** XEP-0388 section 2.2: an element that is there and empty means empty data. */
export const sasl2Profile: SaslProfile = {
  xmlns: NS_SASL2,
  response: (data) => xml('response', { xmlns: NS_SASL2 }, base64(data)).toString(),
  data: (challenge) => Buffer.from(challenge.text().trim(), 'base64'),
  finalData: (success) => {
    const data = child(success, 'additional-data', NS_SASL2);
    return data && Buffer.from(data.text().trim(), 'base64');
  },
};

/** The first message of an exchange in the classic form. */
export const classicAuth = ({ mechanism, initial }: SaslExchange): string =>
  xml('auth', { xmlns: NS_SASL, mechanism }, base64(initial)).toString();

/** A well-meant server needs two challenges at most. */
const MAX_CHALLENGES = 5;

/**
 * Carries an exchange to its end, after its first message was sent.
 * @returns <success/>; the server has shown that it knows the secret
 * @throws StreamError
 */
export const converse = async (
  wire: Wire,
  exchange: SaslExchange,
  profile: SaslProfile,
): Promise<Element> => {
  try {
    for (let challenges = 0; ; challenges += 1) {
      const element = await wire.next();
      const name = element.getNS() === profile.xmlns ? element.getName() : '';
      if (name === 'success') {
        exchange.succeeded(profile.finalData(element));
        return element;
      }
      if (name === 'failure') throw saslFailure(element);
      // XEP-0388 section 2.6.3: a second factor, say.
      if (name === 'continue') throw new SaslError('auth-unsupported', 'the server wants more than a login');
      if (name !== 'challenge' || challenges >= MAX_CHALLENGES)
        throw protocolFailure('unexpected element during login', 'auth');
      wire.write(profile.response(await exchange.challenge(profile.data(element))));
    }
  } catch (error) {
    throw error instanceof SaslError ? saslErrorFailure(error) : error;
  }
};
