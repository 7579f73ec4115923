import { toXmlText, type Element } from './stanza.ts';

/** A stanza that must not reach the wire: the server would end the stream, and a retry would end it again. */
export class UnsendableStanza extends Error {
  readonly reason: 'characters' | 'size';

  constructor(reason: 'characters' | 'size', message: string) {
    super(message);
    this.name = 'UnsendableStanza';
    this.reason = reason;
  }
}

const NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_.\-·]*(?::[\p{L}_][\p{L}\p{N}\p{M}_.\-·]*)?$/u;

/**
 * The text of a stanza for the wire.
 * @param maxBytes what the server takes, in UTF-8
 * @throws UnsendableStanza
 */
export const serializeStanza = (stanza: Element, maxBytes: number): string => {
  check(stanza);
  const text = stanza.toString();
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes)
    throw new UnsendableStanza('size', `${bytes} bytes are more than the server takes (${maxBytes})`);
  return text;
};

/** NUL, lone surrogates and controls (XML 1.0 section 2.2). */
const isXml = (text: string): boolean => toXmlText(text) === text;

const check = (element: Element): void => {
  if (!NAME.test(element.name)) throw new UnsendableStanza('characters', 'a name that XML does not allow');
  for (const [name, value] of Object.entries(element.attrs)) {
    if (!NAME.test(name) || !isXml(value))
      throw new UnsendableStanza('characters', 'an attribute that XML does not allow');
  }
  for (const child of element.children) {
    if (typeof child !== 'string') check(child);
    else if (!isXml(child)) throw new UnsendableStanza('characters', 'a character that XML does not allow');
  }
};
