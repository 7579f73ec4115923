/**
 * Checks the XML of a stream before the parser sees it. The parser of the library ignores comments,
 * processing instructions and DTDs, takes raw control characters, loses text after CDATA, has no limits,
 * and copies everything again for each chunk; here each token is checked once and passed on whole.
 */

/** The error that RFC 6120 section 4.9.3 has for it. */
export type XmlCondition = 'not-well-formed' | 'restricted-xml' | 'policy-violation' | 'unsupported-encoding';

export class XmlError extends Error {
  readonly condition: XmlCondition;

  constructor(condition: XmlCondition, message: string) {
    super(message);
    this.name = 'XmlError';
    this.condition = condition;
  }
}

export interface XmlLimits {
  /** UTF-8 bytes of one element at stream level. */
  readonly stanzaBytes: number;
  /** Nesting below the stream element. */
  readonly depth: number;
  /** Elements within one element at stream level; each costs a hundred times its bytes in memory. */
  readonly elements: number;
}

/** XML 1.0 section 2.2. */
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
/** RFC 6120 section 11.1: only the predefined entities, besides character references. */
const FOREIGN_REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-fA-F]{1,6});)/;
const NAME = String.raw`[\p{L}_][\p{L}\p{N}\p{M}_.\-·]*(?::[\p{L}_][\p{L}\p{N}\p{M}_.\-·]*)?`;
const TAG_START = new RegExp(`<(/?)(${NAME})`, 'uy');
const ATTRIBUTE = new RegExp(String.raw`\s+(${NAME})\s*=\s*(?:"[^"<]*"|'[^'<]*')`, 'uy');
const TAG_END = /\s*(\/?)>/y;
const CDATA = '<![CDATA[';
const WHITESPACE_ONLY = /^[\t\n\r ]*$/;

type State =
  | 'text'
  /** Inside `<…>`, outside quotes. */
  | 'tag'
  | 'single-quoted'
  | 'double-quoted'
  | 'cdata';

export class XmlGate {
  readonly #limits: XmlLimits;
  readonly #pass: (token: string) => void;
  #state: State = 'text';
  /** The token that is not complete yet. Never looked into: appending to it stays cheap, however small the chunks. */
  #pending = '';
  /** Its last characters. */
  #recent = '';
  /** 0 before the stream element, 1 between stanzas. */
  #depth = 0;
  #started = false;
  #stanzaBytes = 0;
  #elements = 0;

  /** @param pass takes whole tags, and text that is complete up to the next tag */
  constructor(limits: XmlLimits, pass: (token: string) => void) {
    this.#limits = limits;
    this.#pass = pass;
  }

  /**
   * Takes the next piece of the stream, cut anywhere.
   * @throws XmlError; the gate must not be used afterwards
   */
  write(chunk: string): void {
    let start = 0;
    while (start < chunk.length) {
      const end = this.#endOf(chunk, start);
      this.#hold(chunk.slice(start, end.index));
      if (end.complete) this.#finish();
      start = end.index;
    }
  }

  /** Where the present token ends in the chunk, or the chunk's end. */
  #endOf(chunk: string, start: number): { readonly index: number; readonly complete: boolean } {
    if (this.#state === 'text') {
      const open = chunk.indexOf('<', start);
      return open < 0 ? { index: chunk.length, complete: false } : { index: open, complete: true };
    }
    for (let index = start; index < chunk.length; index += 1) {
      if (this.#endsAt(chunk, start, index)) return { index: index + 1, complete: true };
    }
    return { index: chunk.length, complete: false };
  }

  /** Follows one character of markup. Answers whether the token is complete with it. */
  #endsAt(chunk: string, start: number, index: number): boolean {
    const char = chunk[index];
    switch (this.#state) {
      case 'single-quoted':
        if (char === "'") this.#state = 'tag';
        return false;
      case 'double-quoted':
        if (char === '"') this.#state = 'tag';
        return false;
      case 'cdata':
        return char === '>' && this.#tail(chunk, start, index).endsWith(']]>');
      default:
        if (char === "'") this.#state = 'single-quoted';
        else if (char === '"') this.#state = 'double-quoted';
        else this.#checkMarkup(chunk, start, index);
        return char === '>';
    }
  }

  /** Comments and DTDs may hold anything, also quotes that never close: they are refused by their first characters. */
  #checkMarkup(chunk: string, start: number, index: number): void {
    if (this.#pending.length + index + 1 - start > CDATA.length) return;
    const head = this.#tail(chunk, start, index);
    if (head === CDATA) this.#state = 'cdata';
    else if (head.startsWith('<!') && !CDATA.startsWith(head))
      throw new XmlError('restricted-xml', 'a comment or DTD');
  }

  /** The end of the present token, long enough to recognise `]]>` and `<![CDATA[`. */
  #tail(chunk: string, start: number, index: number): string {
    const here = chunk.slice(Math.max(start, index + 1 - CDATA.length), index + 1);
    return (this.#recent + here).slice(-CDATA.length);
  }

  #hold(piece: string): void {
    if (this.#state === 'text' && this.#depth <= 1) {
      // RFC 6120 section 4.6.1: whitespace between stanzas keeps the connection alive and means nothing.
      if (!WHITESPACE_ONLY.test(piece)) throw new XmlError('not-well-formed', 'text between stanzas');
      return;
    }
    this.#pending += piece;
    this.#recent = (this.#recent + piece.slice(-CDATA.length)).slice(-CDATA.length);
    if (this.#stanzaBytes + this.#pending.length > this.#limits.stanzaBytes) {
      throw new XmlError('policy-violation', 'a stanza is too big');
    }
  }

  #finish(): void {
    const token = this.#pending;
    const wasText = this.#state === 'text';
    const wasCdata = this.#state === 'cdata';
    this.#pending = '';
    this.#recent = '';
    this.#state = wasText ? 'tag' : 'text';
    if (token === '') return;
    if (NOT_XML.test(token)) throw new XmlError('not-well-formed', 'a character that XML does not allow');
    this.#stanzaBytes += Buffer.byteLength(token);
    if (wasText) this.#text(token);
    else if (wasCdata) this.#characterData(token.slice(CDATA.length, -3));
    else if (token.startsWith('<?')) this.#instruction(token);
    else this.#tag(token);
  }

  #text(token: string): void {
    if (FOREIGN_REFERENCE.test(token)) throw new XmlError('restricted-xml', 'an entity reference');
    this.#pass(token);
  }

  #characterData(content: string): void {
    if (this.#depth <= 1) throw new XmlError('not-well-formed', 'text between stanzas');
    if (content === '') return;
    this.#pass(content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  }

  /** RFC 6120 sections 11.1 and 11.5: none but the XML declaration at the very beginning. */
  #instruction(token: string): void {
    if (this.#started || !/^<\?xml\s[^<>]*\?>$/.test(token)) {
      throw new XmlError('restricted-xml', 'a processing instruction');
    }
    this.#started = true;
    const encoding = /\sencoding\s*=\s*["']([^"']*)["']/.exec(token)?.[1] ?? 'utf-8';
    if (!/^utf-?8$/i.test(encoding)) throw new XmlError('unsupported-encoding', 'not UTF-8');
  }

  #tag(token: string): void {
    const { closing, empty } = readTag(token);
    if (FOREIGN_REFERENCE.test(token)) throw new XmlError('restricted-xml', 'an entity reference');
    this.#started = true;
    if (closing) {
      this.#depth -= 1;
      if (this.#depth < 0) throw new XmlError('not-well-formed', 'an end without a beginning');
    } else {
      if (this.#depth <= 1) this.#elements = 0;
      this.#elements += 1;
      if (this.#depth > this.#limits.depth || this.#elements > this.#limits.elements) {
        throw new XmlError('policy-violation', 'a stanza is too deep or has too many elements');
      }
      if (!empty) this.#depth += 1;
    }
    if (this.#depth <= 1) this.#stanzaBytes = 0;
    this.#pass(token);
  }
}

/** Checks a whole tag (XML 1.0 section 3.1), with attributes that occur once. */
const readTag = (token: string): { readonly closing: boolean; readonly empty: boolean } => {
  TAG_START.lastIndex = 0;
  const start = TAG_START.exec(token);
  const names = new Set<string>();
  let position = start === null ? -1 : TAG_START.lastIndex;
  for (let attributes = 0; position >= 0; attributes += 1) {
    ATTRIBUTE.lastIndex = position;
    const attribute = ATTRIBUTE.exec(token);
    if (attribute === null) break;
    names.add(attribute[1] ?? '');
    position = names.size === attributes + 1 ? ATTRIBUTE.lastIndex : -1;
  }
  TAG_END.lastIndex = Math.max(position, 0);
  const end = position < 0 ? null : TAG_END.exec(token);
  const closing = start?.[1] === '/';
  const empty = end?.[1] === '/';
  if (end === null || TAG_END.lastIndex !== token.length || (closing && (empty || names.size > 0))) {
    throw new XmlError('not-well-formed', 'a tag that is none');
  }
  return { closing, empty };
};
