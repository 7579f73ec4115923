import { BRIDGE_KEY, PIPE_PROTOCOL, type Bridge, type Frame, type Pipe } from '#shared/pipe.ts';
import { LinkRefused, type OpenPipe } from './link.ts';

/** The two ways from this window to the application: the preload's bridge, or a WebSocket on loopback. */
export const chooseHost = (): OpenPipe => {
  const bridge = (window as unknown as Record<string, Bridge | undefined>)[BRIDGE_KEY];
  return bridge === undefined ? openSocket() : () => Promise.resolve(bridgePipe(bridge));
};

/** The bridge lives exactly as long as the window, so it never closes. */
const bridgePipe = (bridge: Bridge): Pipe => ({
  send: (frame) => bridge.send(frame),
  onFrame: (receive) => bridge.onFrame(receive),
  onClose: () => undefined,
});

const SESSION_KEY = 'loopback-session';

/** The launch token works once; it is kept until the host has answered, so that a failed request can be repeated. */
const openSocket = (): OpenPipe => {
  let launch = launchTokenFromFragment();
  return async () => {
    if (launch !== undefined) {
      sessionStorage.setItem(SESSION_KEY, await swapForSession(launch));
      launch = undefined;
    }
    // A reload finds the session of its own tab.
    const session = sessionStorage.getItem(SESSION_KEY);
    if (session === null) throw new LinkRefused();
    const socket = new WebSocket(`ws://${location.host}/socket`, [PIPE_PROTOCOL, `session.${session}`]);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener('error', () => reject(new Error('the socket did not open')), { once: true });
    });
    return socketPipe(socket);
  };
};

const swapForSession = async (launch: string): Promise<string> => {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { authorization: `Bearer ${launch}` },
    credentials: 'omit',
  });
  if (!response.ok) throw new LinkRefused();
  const answer: unknown = await response.json();
  const session =
    typeof answer === 'object' && answer !== null && 'session' in answer ? answer.session : undefined;
  if (typeof session !== 'string') throw new LinkRefused();
  return session;
};

/** Takes the token out of the address bar, where it would stay readable. */
const launchTokenFromFragment = (): string | undefined => {
  const token = new URLSearchParams(location.hash.slice(1)).get('launch') ?? undefined;
  if (location.hash !== '') history.replaceState(undefined, '', location.pathname);
  return token;
};

const socketPipe = (socket: WebSocket): Pipe & { close(): void } => ({
  send: (frame: Frame) => socket.send(JSON.stringify(frame)),
  onFrame: (receive) => socket.addEventListener('message', ({ data }) => receive(parse(data))),
  onClose: (closed) => socket.addEventListener('close', () => closed(), { once: true }),
  close: () => socket.close(),
});

/** What is no JSON is no frame; the client drops it. */
const parse = (data: unknown): unknown => {
  try {
    return typeof data === 'string' ? JSON.parse(data) : undefined;
  } catch {
    return undefined;
  }
};
