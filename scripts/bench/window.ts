/** Windows without a screen: the window's own client over a pipe. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import type { Backend } from '#main/backend.ts';
import { createClient } from '#renderer/api/client.ts';
import { createLink, type OpenPipe } from '#renderer/api/link.ts';
import type { ClientApi } from '#shared/api/contract.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import { PIPE_PROTOCOL, type Frame, type Pipe } from '#shared/pipe.ts';
import { memoryPipes } from '#tests/support/memory-pipe.ts';

export interface HeadlessWindow {
  readonly api: ClientApi;
  /** Hears every event of one name; returns its own off. */
  on<K extends EventName>(name: K, heard: (payload: Events[K]) => void): () => void;
  close(): void;
}

/** Opens a window on a running host, as the page does: launch token, session, socket. */
export const openWindow = async (launchUrl: string): Promise<HeadlessWindow> => {
  const { origin, host, hash } = new URL(launchUrl);
  const session = await swapForSession(origin, hash.slice('#launch='.length));
  return windowOver(async () => {
    const socket = new WebSocket(`ws://${host}/socket`, [PIPE_PROTOCOL, `session.${session}`], { origin });
    await once(socket, 'open');
    return socketPipe(socket);
  });
};

/** Opens a window on an application in this process. */
export const attachWindow = (backend: Pick<Backend, 'attach'>): Promise<HeadlessWindow> =>
  windowOver(() => {
    const [own, other] = memoryPipes();
    backend.attach(other);
    return Promise.resolve(own);
  });

const windowOver = async (open: OpenPipe): Promise<HeadlessWindow> => {
  const opened = Promise.withResolvers<void>();
  const link = createLink(open);
  link.onState((state) =>
    state === 'open' ? opened.resolve() : opened.reject(new Error(`the link is ${state}`)),
  );
  const { api, onEvent } = createClient(link);
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  onEvent((name, payload) => {
    for (const heard of listeners.get(name) ?? []) heard(payload as never);
  });
  await opened.promise;
  return {
    api,
    on: (name, heard) => {
      const all = listeners.get(name) ?? new Set();
      listeners.set(name, all.add(heard));
      return () => all.delete(heard);
    },
    close: () => link.close(),
  };
};

const swapForSession = async (origin: string, launch: string): Promise<string> => {
  const headers = { authorization: `Bearer ${launch}`, origin, 'sec-fetch-site': 'same-origin' };
  const posted = request(`${origin}/session`, { method: 'POST', headers }).end();
  const [response] = (await once(posted, 'response')) as [IncomingMessage];
  return (JSON.parse(await text(response)) as { readonly session: string }).session;
};

const socketPipe = (socket: WebSocket): Pipe & { close(): void } => ({
  send: (frame: Frame) => socket.send(JSON.stringify(frame)),
  onFrame: (receive) => socket.on('message', (data: Buffer) => receive(JSON.parse(data.toString()))),
  onClose: (closed) => socket.once('close', closed),
  close: () => socket.close(),
});
