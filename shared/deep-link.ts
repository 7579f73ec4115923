import { parseJid, bareJid } from './jid.ts';

/** The scheme of XMPP addresses (RFC 5122). The system sends its links to the application that the user chose. */
export const DEEP_LINK_SCHEME = 'xmpp';

/** What a link asks for; an unknown query type is treated as `message`, which only opens the chat. */
export type DeepLinkAction = 'message' | 'roster' | 'subscribe' | 'join' | 'register';

/** An `xmpp:` link. It never acts by itself: the window shows what it asks for. */
export interface DeepLink {
  /** Bare, normalised. */
  readonly jid: string;
  readonly action: DeepLinkAction;
  /** Pairs after the query type (XEP-0147 section 3), decoded: `body`, `subject`, `name`, `preauth`, `omemo-sid-…`. */
  readonly parameters: Readonly<Record<string, string>>;
}

const actions: readonly DeepLinkAction[] = ['message', 'roster', 'subscribe', 'join', 'register'];
const MAX_LENGTH = 4096;
const MAX_PARAMETERS = 32;

/**
 * Reads an XMPP URI or IRI (RFC 5122 section 2.2, query of XEP-0147). Links come from web pages and from
 * other programs' command lines, so everything doubtful is refused: authority components, controls, blanks,
 * broken percent encoding, options in disguise.
 * @returns undefined where the text is no acceptable link
 */
export const parseDeepLink = (text: string): DeepLink | undefined => {
  if (text.length > MAX_LENGTH || /[\s\p{Cc}\p{Cf}\p{Cs}]/u.test(text)) return undefined;
  const match = /^xmpp:(?!\/)([^?#]+)(?:\?([^#]*))?(?:#.*)?$/i.exec(text);
  const path = decode(match?.[1]);
  if (path === undefined || path.startsWith('-')) return undefined;
  const jid = parseJid(path);
  const [type = '', ...pairs] = (match?.[2] ?? '').split(';');
  // Links with keys have no query type, but begin with the first key.
  const parameters = readParameters(type.includes('=') ? [type, ...pairs] : pairs);
  if (jid === undefined || parameters === undefined) return undefined;
  const action = actions.find((name) => name === type.toLowerCase()) ?? 'message';
  return { jid: bareJid(jid), action, parameters };
};

/**
 * The first acceptable link among the arguments of a process. Never "the last one": Chromium reorders
 * and extends the arguments that a second instance hands over.
 */
export const deepLinkFromArguments = (argv: readonly string[]): DeepLink | undefined => {
  for (const argument of argv) {
    const link = argument.toLowerCase().startsWith(`${DEEP_LINK_SCHEME}:`)
      ? parseDeepLink(argument)
      : undefined;
    if (link !== undefined) return link;
  }
  return undefined;
};

const readParameters = (pairs: readonly string[]): Readonly<Record<string, string>> | undefined => {
  if (pairs.length > MAX_PARAMETERS) return undefined;
  const found = new Map<string, string>();
  for (const pair of pairs.filter((text) => text !== '')) {
    const equals = pair.indexOf('=');
    const key = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1));
    if (key === undefined || value === undefined || !/^[a-z][a-z0-9-]{0,63}$/i.test(key)) return undefined;
    // Of two keys for one device, none is the right one.
    if (key.startsWith('omemo-sid-') && (found.get(key) ?? value) !== value) return undefined;
    if (!found.has(key)) found.set(key, value);
  }
  return Object.fromEntries(found);
};

/** Percent decoding; controls that hide behind it (but for line breaks of a body) are refused. */
const decode = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  try {
    const plain = decodeURIComponent(text);
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(plain) ? undefined : plain;
  } catch {
    return undefined;
  }
};
