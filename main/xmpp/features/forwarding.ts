/**
 * XEP-0297: Stanza Forwarding, version 1.0 — https://xmpp.org/extensions/xep-0297.html
 * Only as the inside of carbons and archive results: a forwarded stanza is believed because of who wrapped
 * it, never by itself (section 7.1).
 */
import { child, childrenOf, NS, type Element } from '../stanza.ts';
import { parseDateTime } from './delay.ts';

const FORWARD = 'urn:xmpp:forward:0';
export const CARBONS = 'urn:xmpp:carbons:2';
export const MAM = 'urn:xmpp:mam:2';

/** Why a wrapped message is not believed. The whole stanza is then dropped: nothing of it is shown. */
export type WrapperRefusal =
  /** Wrapped by somebody who may not. */
  | 'sender'
  /** An archive result that belongs to no open query. */
  | 'unasked'
  /** Not in the form that the specification demands. */
  | 'malformed'
  /** A wrapper within the wrapped message. */
  | 'nested'
  /** The wrapped message is none that this entity could have seen. */
  | 'foreign';

export interface Forwarded {
  /** Undefined where the forwarder left the message out (XEP-0313 section 3.2). */
  readonly message: Element | undefined;
  /** When the forwarder received the message, in its own words (section 3.2). */
  readonly stamp: number | undefined;
}

const stanzaNames: readonly string[] = ['message', 'presence', 'iq'];

/**
 * What a wrapper forwards; `wrapper` is the element of the encapsulating protocol. The caller has checked
 * who sent it.
 * @returns undefined where it does not hold exactly one `<forwarded/>` with one message of a client stream
 */
export const readForwarded = (wrapper: Element): Forwarded | undefined => {
  const all = childrenOf(wrapper, 'forwarded', FORWARD);
  const [forwarded] = all;
  if (forwarded === undefined || all.length > 1) return undefined;
  // In any namespace: section 3.2 calls a stanza that inherits the wrapper's namespace wrong.
  const stanzas = forwarded.getChildElements().filter((element) => stanzaNames.includes(element.getName()));
  const [message] = stanzas;
  if (stanzas.length > 1) return undefined;
  if (message !== undefined && (message.getName() !== 'message' || message.getNS() !== NS.client))
    return undefined;
  return { message, stamp: parseDateTime(child(forwarded, 'delay', NS.delay)?.attrs['stamp'] ?? '') };
};

/** The elements in a message that claim to carry another message. */
export const wrappersOf = (message: Element): readonly Element[] =>
  message.getChildElements().filter((element) => {
    const name = element.getName();
    const xmlns = element.getNS();
    return xmlns === CARBONS ? name === 'received' || name === 'sent' : xmlns === MAM && name === 'result';
  });
