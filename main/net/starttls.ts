import type { Socket } from 'node:net';
import type { ErrorCode } from '#shared/errors.ts';
import type { ConnectionStep } from '#shared/views.ts';
import { DialError, socketFailure } from './dial-error.ts';
import { onAbort } from './deadline.ts';

const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
/** What a server may say in the clear; features and errors take a few hundred bytes. */
const MAX_BYTES = 65_536;

/**
 * RFC 6120 section 5 on a fresh connection: after this the next bytes must be the TLS handshake.
 * Nothing said in the clear is kept, the account is not named, and without STARTTLS there is no connection.
 * @param domain of the JID, as it is written there
 * @throws DialError tls-unavailable, what the stream error says, connection-lost, or the signal's reason
 */
export const startTls = (socket: Socket, domain: string, host: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    // Only ASCII is looked for, so no character can be cut by a packet border.
    let text = '';
    let asked = false;
    const off = onAbort(signal, (reason) => socket.destroy(reason));
    const finish = (): void => {
      off();
      socket.off('data', onData);
      socket.off('error', fail);
      socket.off('close', closed);
    };
    const fail = (error: unknown): void => {
      finish();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(socketFailure(error, 'tls', host));
    };
    const closed = (): void => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      try {
        if (text.length > MAX_BYTES)
          throw refused('protocol-error', 'stream', host, 'too much before STARTTLS');
        if (asked && isProceed(text, host)) {
          finish();
          resolve();
          return;
        }
        throwStreamError(text, host);
        if (asked || !offersStartTls(text, host)) return;
        asked = true;
        text = '';
        socket.write(`<starttls xmlns='${NS_TLS}'/>`);
      } catch (error) {
        fail(error);
      }
    };
    socket.on('data', onData);
    socket.once('error', fail);
    socket.once('close', closed);
    socket.write(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
    );
  });

const refused = (
  code: ErrorCode,
  step: ConnectionStep,
  host: string,
  message: string,
  condition?: string,
): DialError =>
  new DialError(
    // Nobody vouches for what is said in the clear: it must not stop the account for good.
    { code, step, advice: 'retry-later', host, ...(condition === undefined ? {} : { condition }) },
    message,
  );

/** False while the features are incomplete. */
const offersStartTls = (text: string, host: string): boolean => {
  const features = /<(?:[\w-]+:)?features(?:\s[^>]*)?(?:\/>|>([\s\S]*?)<\/(?:[\w-]+:)?features\s*>)/.exec(
    text,
  );
  if (features === null) return false;
  const offers = [...(features[1] ?? '').matchAll(/<(?:[\w-]+:)?starttls\s[^>]*>/g)].some(([tag]) =>
    tag.includes(NS_TLS),
  );
  if (!offers) throw refused('tls-unavailable', 'stream', host, 'the server does not offer STARTTLS');
  return true;
};

/** False while the answer is incomplete. */
const isProceed = (text: string, host: string): boolean => {
  if (/^\s*<(?:[\w-]+:)?failure[\s/>]/.test(text)) {
    throw refused('tls-unavailable', 'tls', host, 'the server refused to start TLS');
  }
  const proceed = /^\s*<((?:[\w-]+:)?proceed)(?:\s[^>]*)?(?:\/>|>\s*<\/\1\s*>)/.exec(text);
  if (proceed === null) return false;
  // RFC 6120 section 5.4.3.3: nothing follows but TLS. Injected bytes would be taken for protected ones.
  if (proceed[0].length !== text.length)
    throw refused('protocol-error', 'tls', host, 'bytes after <proceed/>');
  return true;
};

const codes: Readonly<Record<string, ErrorCode>> = {
  'host-unknown': 'host-unknown',
  'host-gone': 'host-unknown',
  'system-shutdown': 'server-shutdown',
  'policy-violation': 'policy-violation',
};

const throwStreamError = (text: string, host: string): void => {
  const error = /<(?:[\w-]+:)?error(?:\s[^>]*)?>\s*<(?:[\w-]+:)?([a-z-]+)[\s/>]/.exec(text);
  if (error === null) {
    if (/<\/(?:[\w-]+:)?stream\s*>/.test(text))
      throw refused('service-unavailable', 'stream', host, 'the server closed the stream');
    return;
  }
  const condition = error[1] ?? 'undefined-condition';
  throw refused(
    codes[condition] ?? 'service-unavailable',
    'stream',
    host,
    `stream error: ${condition}`,
    condition,
  );
};
