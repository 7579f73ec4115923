import { request } from 'node:http';
import { connect } from 'node:net';
import WebSocket from 'ws';
import { PIPE_PROTOCOL } from '#shared/pipe.ts';
import type { LaunchedApp } from './launch.ts';

/** What an attacker's program can do with a port. */

type Target = Pick<LaunchedApp, 'port' | 'origin'>;

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A plain HTTP request with the headers as given. */
export const ask = (
  port: number,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject).end();
  });

/** Bytes as they are; resolves with everything that came back when the server closes. */
export const sendRaw = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });

export interface Handshake {
  readonly path?: string;
  readonly protocols: readonly string[];
  readonly origin?: string | undefined;
  readonly headers?: Record<string, string>;
}

/** Tries to open the socket: `open`, or the status of the refusal. */
export const tryToOpen = (
  port: number,
  { path = '/socket', protocols, origin, headers = {} }: Handshake,
): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], {
      headers,
      ...(origin === undefined ? {} : { origin }),
    });
    socket.on('open', () => {
      socket.terminate();
      resolve('open');
    });
    socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
    socket.on('error', (error) => resolve(error.message));
  });

/** The protocols that a window offers. */
export const offer = (secret: string): readonly string[] => [PIPE_PROTOCOL, `session.${secret}`];

/** Sends one message over a good socket; resolves with the code with which the server closes it. */
export const closeCodeAfter = (app: Target, secret: string, data: string | Buffer): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/socket`, [...offer(secret)], {
      origin: app.origin,
    });
    socket.on('open', () => socket.send(data));
    socket.on('close', (code) => resolve(code));
    socket.on('error', () => {});
  });

/** Exchanges a launch token as the window does. */
export const exchange = async (app: Target, token: string): Promise<Answer> =>
  ask(
    app.port,
    '/session',
    { origin: app.origin, 'sec-fetch-site': 'same-origin', authorization: `Bearer ${token}` },
    'POST',
  );

/** A session secret for a token that has not been used. */
export const openSession = async (app: Target, token: string): Promise<string> => {
  const { status, body } = await exchange(app, token);
  if (status !== 200) throw new Error(`no session: ${status}`);
  return (JSON.parse(body) as { session: string }).session;
};
