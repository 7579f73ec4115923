import type { Jid } from '#shared/jid.ts';
import type { Disposable } from '#main/util/disposables.ts';
import type { Element } from './stanza.ts';

/** Answers an iq request: the payload of the result, or a StanzaError thrown. */
export type AnswerIq = (
  iq: Element,
  from: Jid | undefined,
) => Promise<Element | undefined> | Element | undefined;

/** Where features listen. One per stream; `xmpp/session.ts` implements it. */
export interface FeatureHost {
  /** Full JID of this stream. */
  readonly jid: Jid;
  /** Handles iq requests whose payload has this name and namespace. */
  onIq(type: 'get' | 'set', name: string, xmlns: string, answer: AnswerIq): Disposable;
  /**
   * Whether this entity may learn that we are online: our own account and server, and contacts that
   * see our presence. Requests of others are answered as if nobody were here.
   */
  maySeeUs(from: Jid | undefined): boolean;
}

/** One protocol extension: what it announces in service discovery, and what it answers. */
export interface Feature {
  /** `XEP-0199`, `RFC 6121` */
  readonly id: string;
  /** Namespaces announced by XEP-0030. */
  readonly discoVars: readonly string[];
  attach?(host: FeatureHost): Disposable;
}
