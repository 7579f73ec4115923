import type { IncomingMessage } from 'node:http';
import { PIPE_PROTOCOL } from '#shared/pipe.ts';
import { peerUid } from './peer-uid.ts';
import type { Sessions } from './session.ts';

/** Path of the WebSocket. */
export const SOCKET_PATH = '/socket';
/** Path that exchanges a launch token for a session. */
export const SESSION_PATH = '/session';
const SESSION_PREFIX = 'session.';

/** The checks of the loopback server. Each answers the reason of a refusal, for the log, or undefined. */
export interface Gate {
  /** What every request must pass, upgrade or not. */
  request(request: IncomingMessage): string | undefined;
  /** Reading the bundle. */
  resource(request: IncomingMessage, pathname: string): string | undefined;
  /** Exchanging the launch token. */
  session(request: IncomingMessage): string | undefined;
  /** Opening the socket. */
  socket(request: IncomingMessage): string | undefined;
}

/** @param port the one that the server listens on, on 127.0.0.1 */
export const createGate = (port: number, sessions: Sessions): Gate => {
  const host = `127.0.0.1:${port}`;
  const origin = `http://${host}`;
  return {
    request: (request) => {
      if (request.socket.remoteAddress !== '127.0.0.1') return 'not from loopback';
      if (request.headers.host !== host) return 'wrong host (DNS rebinding)';
      return foreignUser(request, port);
    },
    // Only the document itself may be asked for from elsewhere: the launch file navigates to it.
    resource: ({ headers }, pathname) => {
      const isWindow =
        pathname === '/' &&
        headers['sec-fetch-mode'] === 'navigate' &&
        headers['sec-fetch-dest'] === 'document';
      return isWindow || headers['sec-fetch-site'] === 'same-origin'
        ? undefined
        : 'resource asked for by another site';
    },
    session: ({ method, headers }) => {
      if (method !== 'POST') return 'session by another method';
      if (headers.origin !== origin || headers['sec-fetch-site'] !== 'same-origin')
        return 'session asked for by another site';
      return undefined;
    },
    socket: ({ url, headers }) => {
      if (url !== SOCKET_PATH) return 'socket at another path';
      if (headers.origin !== origin) return 'socket asked for by another origin';
      const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      const secret = offered.find((name) => name.startsWith(SESSION_PREFIX))?.slice(SESSION_PREFIX.length);
      if (!offered.includes(PIPE_PROTOCOL)) return 'socket without our protocol';
      return secret !== undefined && sessions.isSession(secret) ? undefined : 'socket without a session';
    },
  };
};

/** The launch token in `Authorization: Bearer`, where it has the form of one. */
export const bearerToken = (request: IncomingMessage): string | undefined =>
  /^Bearer ([\w-]{43})$/.exec(request.headers.authorization ?? '')?.[1];

/**
 * Another user of this machine reaches the port too. Linux tells who connects; macOS and Windows do not at
 * a bearable price, there the launch token is the whole defence.
 */
const foreignUser = (request: IncomingMessage, port: number): string | undefined => {
  if (process.platform !== 'linux') return undefined;
  const uid = peerUid(request.socket.remotePort ?? 0, port);
  return uid !== undefined && uid === process.getuid?.()
    ? undefined
    : `from another user (uid ${uid ?? 'unknown'})`;
};
