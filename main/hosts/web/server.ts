import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Application } from '#main/hosts/application.ts';
import type { Assets } from '#main/hosts/assets.ts';
import type { Logger } from '#main/log/logger.ts';
import { PIPE_PROTOCOL } from '#shared/pipe.ts';
import { responseHeaders } from '#shared/security-policy.ts';
import { bearerToken, createGate, SESSION_PATH, type Gate } from './gate.ts';
import type { Sessions } from './session.ts';
import { socketPipe } from './socket-pipe.ts';

export interface WebServer {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  close(): Promise<void>;
}

export interface WebServerOptions {
  readonly application: Pick<Application, 'attach'>;
  readonly assets: Assets;
  readonly sessions: Sessions;
  readonly log: Logger;
  /** Called with the number of open windows whenever it changes. */
  readonly onWindows?: (count: number) => void;
}

/** A call is far smaller (see main/rpc); this bounds what is buffered before it can be looked at. */
const MAX_FRAME_BYTES = 4 << 20;

/**
 * Serves the window on 127.0.0.1, on a port of the system's choice. The bundle is public code without
 * secrets; everything else needs a session. Nothing of an unwanted request is repeated in an answer.
 */
export const startWebServer = async (options: WebServerOptions): Promise<WebServer> => {
  const { sessions, log } = options;
  const server = createServer({
    maxHeaderSize: 8192,
    requestTimeout: 10_000,
    headersTimeout: 5_000,
    keepAliveTimeout: 5_000,
  });
  const port = await listen(server);
  const gate = createGate(port, sessions);
  const origin = `http://127.0.0.1:${port}`;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    // The session travels in the list of protocols too; it must not be the one that is confirmed.
    handleProtocols: () => PIPE_PROTOCOL,
  });

  server.on('request', (request, response) => {
    answer(request, response, { gate, origin, ...options }).catch((error: unknown) => {
      log.error('request failed', {}, error);
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const reason = gate.request(request) ?? gate.socket(request);
    if (reason !== undefined) {
      log.warn(`refused: ${reason}`);
      return refuseUpgrade(socket);
    }
    sockets.handleUpgrade(request, socket, head, (connection) => serve(connection, sockets, options));
  });
  return {
    origin,
    close: async () => {
      // `closeAllConnections` does not end upgraded sockets.
      for (const connection of sockets.clients) connection.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });

const serve = (connection: WebSocket, sockets: WebSocketServer, options: WebServerOptions): void => {
  const changed = (): void => options.onWindows?.(sockets.clients.size);
  // ws removes the connection from its set on the same event, earlier.
  connection.once('close', changed);
  // ws answers a broken or too long message with its close code, and then closes by itself.
  connection.on('error', (error) => options.log.warn('a window sent what no window sends', {}, error));
  options.application.attach(socketPipe(connection));
  changed();
};

interface RequestContext {
  readonly gate: Gate;
  readonly origin: string;
  readonly sessions: Sessions;
  readonly assets: Assets;
  readonly log: Logger;
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
): Promise<void> => {
  const { gate, origin, sessions, assets, log } = context;
  const refuse = (reason: string): void => {
    log.warn(`refused: ${reason}`);
    end(response, 403);
  };
  const reason = gate.request(request);
  if (reason !== undefined) return refuse(reason);
  // Not the path alone: `//host/x` would be read as an authority.
  const url = new URL(`${origin}${request.url?.startsWith('/') === true ? request.url : '/'}`);
  if (url.pathname === SESSION_PATH) {
    const foreign = gate.session(request);
    if (foreign !== undefined) return refuse(foreign);
    const session = sessions.redeem(bearerToken(request) ?? '');
    if (session === undefined) return refuse('session with a bad or used launch token');
    return end(response, 200, JSON.stringify({ session }), { 'content-type': 'application/json' });
  }
  const foreign = gate.resource(request, url.pathname);
  if (foreign !== undefined) return refuse(foreign);
  // `Request` would throw for some of the other methods.
  const asset = await assets(
    new Request(url, {
      method: request.method === 'GET' || request.method === 'HEAD' ? request.method : 'POST',
    }),
  );
  response.writeHead(asset.status, Object.fromEntries(asset.headers));
  response.end(new Uint8Array(await asset.arrayBuffer()));
};

const end = (
  response: ServerResponse,
  status: number,
  body = '',
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { ...responseHeaders('loopback'), ...headers }).end(body);
};

const refuseUpgrade = (socket: Duplex): void => {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
};
