import { createHmac } from 'node:crypto';
import { toBare } from '#shared/jid.ts';

/**
 * What may never be written to a log. Where a pattern cannot know how far a secret reaches, it takes too
 * much rather than too little.
 */

/** No line needs more, and the patterns stay quick on it. */
const MAX_LENGTH = 8192;
const GONE = '[…]';

/** Everything up to the next blank: what follows the host may be a token, a file name or a key. */
const URL = /\b([a-z][a-z0-9+.-]*):\/\/([^\s/?#]*)\S*/gi;
/** The addresses and the texts in such links are for the person who was given them. */
const ADDRESS_LINK = /\b(xmpp|mailto|sip|tel):[^\s"'<>]+/gi;
/**
 * Local part (RFC 7622 section 3.3.1: all but these characters and blanks), host or address literal,
 * resource. Percent-encoded addresses too.
 */
const JID =
  /[^\s"&'/:<>@]{1,1023}(?:@|%40)(?:\[[0-9a-f:.]+\]|[\p{L}\p{M}\p{N}.-]{1,1023})(?:(?:\/|%2f)\S*)?/giu;
const HOME = /([\\/]+(?:home|users)[\\/]+)(?:[^\\/\r\n"'<>]+(?=[\\/])|[^\s\\/"'<>]+)/gi;
/** base64, base64url, hex and base32 of 16 bytes and more, UUIDs, long paths. */
const LONG_RUN = /[A-Za-z0-9+/_-]{22,}={0,2}/g;
/** Not so codes and conditions, such as `remote-server-not-found` and `SQLITE_CONSTRAINT_UNIQUE`. */
const WORDS = /^[a-z]{1,20}(?:-[a-z]{1,20})+$|^[A-Z]{1,20}(?:_[A-Z]{1,20})+$/;
/** Fingerprints as they are shown: pairs with colons, groups with blanks. */
const FINGERPRINT = /\b(?:[0-9a-f]{2}:){7,}[0-9a-f]{2}\b|\b(?:[0-9a-f]{4,8} ){3,}[0-9a-f]{4,8}\b/gi;
/** Line breaks and other controls would let a stranger write lines of his own. */
const CONTROLS = /[\p{Cc}\u2028\u2029]+/gu;

/**
 * A line as it may be written: addresses become a tag that is the same for the same address within one
 * run; links keep their host only; keys, tokens, fingerprints and home folders go.
 * @param salt the secret of this run
 */
export const redact = (line: string, salt: string): string =>
  shorten(line)
    .replace(CONTROLS, ' ')
    .replace(ADDRESS_LINK, (_, scheme: string) => `${scheme}:${GONE}`)
    .replace(URL, (_, scheme: string, host: string) => `${scheme}://${afterUser(host)}/${GONE}`)
    .replace(JID, (jid) => tag(jid, salt))
    .replace(HOME, '$1~')
    .replace(FINGERPRINT, GONE)
    .replace(LONG_RUN, (run) => (WORDS.test(run) ? run : GONE));

/**
 * A value of a log field. It is known where it begins and ends, so that an address is recognised whole,
 * with blanks in its resource.
 */
export const redactValue = (name: string, value: string, salt: string): string => {
  if (SECRET_NAME.test(name)) return GONE;
  return value.includes('@') && toBare(value) !== undefined ? tag(value, salt) : redact(value, salt);
};

/** Names of fields that no value may follow, whatever it looks like. */
const SECRET_NAME = /password|passphrase|secret|token|\bkey\b|body|\btext\b/i;

/** A cut in the middle of an address would leave half of it: the last word goes too. */
const shorten = (line: string): string =>
  line.length <= MAX_LENGTH ? line : `${line.slice(0, MAX_LENGTH).replace(/\S+$/u, '')}…`;

const afterUser = (host: string): string => host.slice(host.lastIndexOf('@') + 1);

const tag = (found: string, salt: string): string => {
  const text = found.replace(/%40/, '@').replace(/%2f.*/is, '');
  // What stands before an address in a sentence, such as a bracket, may belong to it; the tag is that of
  // the address without it, so that the same contact keeps the same tag.
  const bare = toBare(text.replace(/^.*[=([{,;](?=[^=([{,;]*@)/su, '')) ?? text.toLowerCase();
  return `jid:${createHmac('sha256', salt).update(bare).digest('hex').slice(0, 8)}`;
};
