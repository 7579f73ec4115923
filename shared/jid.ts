/**
 * XMPP addresses (RFC 7622). Comparison and storage always use the normalised form that `parseJid` gives.
 * The full PRECIS and IDNA tables are the server's business, and servers differ in them: an address that
 * ours refuses would lose the messages of its owner. Here: width and case mapping, NFC, lengths, the shape of
 * a domain, and the characters that RFC 7622 section 3.3.1 forbids, plus everything invisible.
 */
export interface Jid {
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
}

const MAX_PART_BYTES = 1023;
/** RFC 7622 section 3.3.1, and spaces and controls that PRECIS UsernameCaseMapped disallows. */
const BAD_LOCAL = /["&'/:<>@\s\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u;
/** RFC 5890 section 2.3.1: letters, digits and hyphens, none of these at an end; at most 63 octets on the wire. */
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u;
const MAX_LABEL_LENGTH = 63;
const IPV6_LITERAL = /^\[(?=[^\]]*:)[0-9a-f:.]+\]$/;
const BAD_RESOURCE = /[\p{Cc}\p{Cs}\p{Cn}]/u;

/** UTF-8 length without Buffer or TextEncoder: this layer has neither Node nor DOM types. */
const utf8Length = (text: string): number => {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/**
 * Width mapping, case mapping, then NFC, in the order of RFC 8265 section 3.3.2. The compatibility forms of
 * this one block are the wide and narrow characters.
 */
const fold = (part: string): string =>
  part
    .replace(/[\uff00-\uffef]/g, (char) => char.normalize('NFKC'))
    .toLowerCase()
    .normalize('NFC');

const isDomain = (domain: string): boolean =>
  IPV6_LITERAL.test(domain) ||
  domain.split('.').every((label) => label.length <= MAX_LABEL_LENGTH && LABEL.test(label));

const fits = (part: string): boolean => part !== '' && utf8Length(part) <= MAX_PART_BYTES;

/**
 * Parses and normalises an address.
 * @returns undefined where the text is no valid JID (RFC 7622 section 3.1)
 */
export const parseJid = (text: string): Jid | undefined => {
  const slash = text.indexOf('/');
  const bare = slash < 0 ? text : text.slice(0, slash);
  const resource = slash < 0 ? '' : text.slice(slash + 1).normalize('NFC');
  const at = bare.indexOf('@');
  const local = at < 0 ? '' : fold(bare.slice(0, at));
  // Section 3.2: a dot at the end is stripped before anything else.
  const domain = fold((at < 0 ? bare : bare.slice(at + 1)).replace(/\.$/, ''));
  if (!fits(domain) || !isDomain(domain)) return undefined;
  if (at >= 0 && (!fits(local) || BAD_LOCAL.test(local))) return undefined;
  if (slash >= 0 && (!fits(resource) || BAD_RESOURCE.test(resource))) return undefined;
  return { local, domain, resource };
};

/** `local@domain`, or `domain` for a server. */
export const bareJid = (jid: Jid): string => (jid.local === '' ? jid.domain : `${jid.local}@${jid.domain}`);

/** The whole address, with the resource where there is one. */
export const formatJid = (jid: Jid): string =>
  jid.resource === '' ? bareJid(jid) : `${bareJid(jid)}/${jid.resource}`;

/** The normalised bare form of any address, or undefined where it is not valid. */
export const toBare = (text: string): string | undefined => {
  const jid = parseJid(text);
  return jid === undefined ? undefined : bareJid(jid);
};

/** A user's own address, as typed into a login form: local part and domain, no resource. */
export const parseAccountJid = (text: string): string | undefined => {
  const jid = parseJid(text.trim());
  return jid === undefined || jid.local === '' || jid.resource !== '' ? undefined : bareJid(jid);
};
