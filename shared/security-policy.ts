import { parseDeepLink } from './deep-link.ts';

/**
 * What the window may load and where its links may lead: one policy for both hosts.
 * The window has no network at all; main owns it.
 */

/** Both Node and browsers have it; this layer's `lib` knows neither. */
declare const URL: new (text: string) => {
  readonly href: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
};

const directives: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' blob:",
  'media-src': "'self' blob:",
  'font-src': "'self'",
  'worker-src': "'none'",
  'frame-src': "'none'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': "'none'",
};

/** Only the loopback window talks to anybody: to its own server (`'self'` includes ws: of the same host and port). */
const connectSource = { electron: "'none'", loopback: "'self'" } as const;

export type PolicyHost = keyof typeof connectSource;

/** The Content-Security-Policy of every answer. */
export const contentSecurityPolicy = (host: PolicyHost): string =>
  Object.entries({ ...directives, 'connect-src': connectSource[host] })
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');

/** Features of the web platform that the window never uses. */
const deniedFeatures = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'clipboard-read',
  'display-capture',
  'encrypted-media',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'storage-access',
  'usb',
  'window-management',
  'xr-spatial-tracking',
] as const;

/** Headers of every answer to the window, errors included. */
export const responseHeaders = (host: PolicyHost): Readonly<Record<string, string>> => ({
  'content-security-policy': contentSecurityPolicy(host),
  'permissions-policy': deniedFeatures.map((feature) => `${feature}=()`).join(', '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-dns-prefetch-control': 'off',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
});

/** What the bundle may hold; a file of any other kind is not served. */
export const mimeTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

const MAX_URL_LENGTH = 4096;

/**
 * The one rule for links that leave the application: https, mailto and xmpp, in the form that the system's
 * opener will see. http is refused and not upgraded: the user would get another page than the one named.
 * @returns the normalised address, or undefined where it must not be opened
 */
export const externalUrl = (text: string): string | undefined => {
  if (text.length > MAX_URL_LENGTH || /[\s\p{Cc}\p{Cf}\p{Cs}\\"'`<>]/u.test(text)) return undefined;
  const url = parseUrl(text);
  switch (url?.protocol) {
    case 'https:':
      return url.hostname !== '' && url.username === '' && url.password === '' ? url.href : undefined;
    case 'mailto:':
      return isPlainMailto(text) ? url.href : undefined;
    case 'xmpp:':
      return parseDeepLink(text) === undefined ? undefined : url.href;
    default:
      return undefined;
  }
};

/** One plain address; mail programs take files from `attach` and headers from other fields (RFC 6068 section 7). */
const isPlainMailto = (text: string): boolean => {
  const [address = '', query = '', ...rest] = text.split('?');
  return (
    rest.length === 0 &&
    !text.includes('#') &&
    /^mailto:[^:%]+@[^:%]+$/i.test(address) &&
    query.split('&').every((field) => /^(?:|(?:to|cc|subject|body)=.*)$/i.test(field))
  );
};

const parseUrl = (text: string): InstanceType<typeof URL> | undefined => {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
};
