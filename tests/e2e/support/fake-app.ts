/**
 * Serves a built window over loopback with a scripted application behind it, for specs that are about the
 * window alone. Has none of the host's defences; never more than a test.
 *
 *   node tests/e2e/support/fake-app.ts      builds the window, serves it, prints the address
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';
import { WebSocketServer, type WebSocket } from 'ws';
import { PIPE_PROTOCOL, type Pipe } from '#shared/pipe.ts';
import { mimeTypes, responseHeaders } from '#shared/security-policy.ts';
import { FakeBackend, type FakeData } from './fake-backend.ts';
import { fullWorld } from './fake-world.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** Builds the window into a folder of its own and answers its path; the caller removes it. */
export const buildWindow = async (): Promise<string> => {
  const outDir = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-window-'));
  await build({
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: 'warn',
    root: path.join(root, 'renderer'),
    base: './',
    plugins: [react()],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'chrome150',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2048,
    },
  });
  return outDir;
};

export interface FakeApp {
  /** Open this in a browser. */
  readonly url: string;
  /** The scripted application; a new one takes over with the next connection. */
  backend: FakeBackend;
  /** Cuts all windows off; they come back by themselves. */
  disconnect(): void;
  /** Refuses new connections from now on, or takes them again. */
  refuse(refused: boolean): void;
  close(): Promise<void>;
}

/** @param windowDir a built window, of `buildWindow` or of the real build */
export const startFakeApp = async (windowDir: string, data: FakeData): Promise<FakeApp> => {
  const server = serveFiles(windowDir);
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(PIPE_PROTOCOL) ? PIPE_PROTOCOL : false),
  });
  let refused = false;
  const app: FakeApp = {
    url: '',
    backend: new FakeBackend(data),
    disconnect: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
    refuse: (value) => {
      refused = value;
    },
    close: async () => {
      app.disconnect();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('upgrade', (request, socket, head) => {
    if (refused) socket.destroy();
    else
      sockets.handleUpgrade(request, socket, head, (opened) => app.backend.server.attach(socketPipe(opened)));
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(app, { url: `http://127.0.0.1:${port}/#launch=${'x'.repeat(43)}` });
};

const serveFiles = (windowDir: string): Server =>
  createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname === '/session') {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ session: 'test' }));
      return;
    }
    const file = path.join(windowDir, pathname === '/' ? 'index.html' : path.normalize(pathname));
    readFile(file).then(
      (body) => {
        const type = mimeTypes[path.extname(file)] ?? 'application/octet-stream';
        response.writeHead(200, { ...responseHeaders('loopback'), 'content-type': type }).end(body);
      },
      () => response.writeHead(404, responseHeaders('loopback')).end(),
    );
  });

const socketPipe = (socket: WebSocket): Pipe => ({
  send: (frame) => socket.send(JSON.stringify(frame)),
  onFrame: (receive) =>
    socket.on('message', (data: Buffer) => {
      const frame: unknown = JSON.parse(data.toString('utf8'));
      receive(frame);
    }),
  onClose: (closed) => socket.on('close', closed),
});

if (import.meta.main) {
  const windowDir = await buildWindow();
  const app = await startFakeApp(windowDir, fullWorld(Date.now()));
  console.log(app.url);
  process.once('SIGINT', () => {
    void app.close().then(() => rm(windowDir, { recursive: true, force: true }));
  });
}
