import xml, { Parser, type Element } from '@xmpp/xml';
import { parseJid, type Jid } from '#shared/jid.ts';
import { StanzaError } from './port.ts';

/** Typed readers and builders over stanzas; the features are written with nothing else. */
export { xml, type Element };

export const NS = {
  client: 'jabber:client',
  stanzas: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  roster: 'jabber:iq:roster',
  discoInfo: 'http://jabber.org/protocol/disco#info',
  discoItems: 'http://jabber.org/protocol/disco#items',
  caps: 'http://jabber.org/protocol/caps',
  ping: 'urn:xmpp:ping',
  version: 'jabber:iq:version',
  time: 'urn:xmpp:time',
  delay: 'urn:xmpp:delay',
  stanzaId: 'urn:xmpp:sid:0',
  chatStates: 'http://jabber.org/protocol/chatstates',
} as const;

/** The address in an attribute, or undefined where there is none or it is not valid. */
export const addressOf = (stanza: Element, attribute: 'from' | 'to'): Jid | undefined => {
  const text = stanza.attrs[attribute];
  return text === undefined ? undefined : parseJid(text);
};

/** First child element with this name in this namespace, whatever prefixes were used. */
export const child = (parent: Element, name: string, xmlns: string): Element | undefined =>
  parent.getChildElements().find((element) => element.getName() === name && element.getNS() === xmlns);

/** All child elements with this name in this namespace. */
export const childrenOf = (parent: Element, name: string, xmlns: string): readonly Element[] =>
  parent.getChildElements().filter((element) => element.getName() === name && element.getNS() === xmlns);

/**
 * The text of a stanza's own child such as `<body/>`, in the default namespace.
 * With several languages the one without `xml:lang` is meant for us (RFC 6121 section 5.2.3), else the first.
 */
export const childText = (stanza: Element, name: string): string | undefined => {
  const all = childrenOf(stanza, name, NS.client);
  const chosen = all.find((element) => element.attrs['xml:lang'] === undefined) ?? all[0];
  return chosen?.text();
};

/** The error of a stanza of type error (RFC 6120 section 8.3.2). */
export const readStanzaError = (stanza: Element): StanzaError => {
  const error = stanza.getChildElements().find((element) => element.getName() === 'error');
  const parts = error?.getChildElements().filter((element) => element.getNS() === NS.stanzas) ?? [];
  const condition = parts.find((element) => element.getName() !== 'text')?.getName() ?? 'undefined-condition';
  const text = parts.find((element) => element.getName() === 'text')?.text();
  return new StanzaError(condition, error?.attrs['type'] ?? 'cancel', text === '' ? undefined : text);
};

/** An error answer to an iq request (RFC 6120 section 8.3.1). */
export const errorReply = (
  iq: Element,
  type: 'cancel' | 'modify' | 'auth' | 'wait',
  condition: string,
): Element =>
  xml(
    'iq',
    { type: 'error', id: iq.attrs['id'], to: iq.attrs['from'] },
    xml('error', { type }, xml(condition, { xmlns: NS.stanzas })),
  );

/** A result answer to an iq request. */
export const resultReply = (iq: Element, payload?: Element): Element =>
  xml('iq', { type: 'result', id: iq.attrs['id'], to: iq.attrs['from'] }, payload);

/** XML 1.0 section 2.2: characters that may appear in a document; others would end the stream. */
const notXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Replaces what XML cannot carry (NUL, lone surrogates, controls) by U+FFFD. */
export const toXmlText = (text: string): string => text.toWellFormed().replace(notXml, '\ufffd');

/**
 * Parses one serialised stanza, for the outbox and the tests.
 * @throws Error where the text is not one well-formed element
 */
export const parseStanza = (text: string): Element => {
  const parser = new Parser();
  let result: Element | undefined;
  let failure: Error | undefined;
  parser.on('error', (error) => {
    failure = error;
  });
  parser.on('element', (element) => {
    result = element;
  });
  // The parser reports the children of a root; the root gives the default namespace of stanzas.
  parser.write(`<r xmlns='${NS.client}'>${text}</r>`);
  if (failure !== undefined) throw failure;
  if (result === undefined) throw new Error('not one well-formed element');
  return result;
};
