import type { ClientApi } from '#shared/api/contract.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import { AppError, errorCodes, type ErrorCode, type ErrorData } from '#shared/errors.ts';
import type { Link } from './link.ts';

/** Receives every announcement of main, in order. */
export type OnEvent = <K extends EventName>(name: K, payload: Events[K]) => void;

export interface Client {
  /** `client.api.chats.open({…})`: rejects with AppError, `disconnected` where the link is or gets lost. */
  readonly api: ClientApi;
  /** Registers the one receiver of events. */
  readonly onEvent: (receive: OnEvent) => void;
}

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** The window's end of the contract: names come from the types alone, schemas stay in main. */
export const createClient = (link: Link): Client => {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let onEvent: OnEvent = () => undefined;

  const call = (method: string, input: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      if (link.send({ kind: 'call', id, method, input })) return;
      waiting.delete(id);
      reject(disconnected());
    });

  link.onFrame((frame) => {
    if (!isRecord(frame)) return;
    if (frame['kind'] === 'event') return announce(frame['events'], onEvent);
    const entry = typeof frame['id'] === 'number' ? take(waiting, frame['id']) : undefined;
    if (entry === undefined) return;
    if (frame['kind'] === 'done') entry.resolve(frame['output']);
    else entry.reject(toAppError(frame['error']));
  });

  link.onState((state) => {
    if (state === 'open') return;
    const lost = [...waiting.values()];
    waiting.clear();
    for (const entry of lost) entry.reject(disconnected());
  });

  return {
    api: apiOf(call),
    onEvent: (receive) => {
      onEvent = receive;
    },
  };
};

const apiOf = (call: (method: string, input: unknown) => Promise<unknown>): ClientApi => {
  const domains = new Map<string, unknown>();
  const domain = (name: string): unknown =>
    new Proxy({}, { get: (_, method) => (input: unknown) => call(`${name}.${String(method)}`, input) });
  return new Proxy({} as ClientApi, {
    get: (_, name) => {
      const key = String(name);
      const known = domains.get(key) ?? domain(key);
      domains.set(key, known);
      return known;
    },
  });
};

const announce = (events: unknown, onEvent: OnEvent): void => {
  if (!Array.isArray(events)) return;
  for (const event of events as readonly unknown[]) {
    // Names that this window does not know fall through the router's switch.
    if (isRecord(event) && typeof event['name'] === 'string' && isRecord(event['payload'])) {
      onEvent(event['name'] as EventName, event['payload'] as never);
    }
  }
};

const disconnected = (): AppError => new AppError('disconnected', 'the window is not connected');

const toAppError = (data: unknown): AppError => {
  const { code, message, detail } = isRecord(data) ? (data as Partial<ErrorData>) : {};
  return code !== undefined && (errorCodes as readonly string[]).includes(code)
    ? new AppError(code, message ?? '', isRecord(detail) ? { detail: detail } : {})
    : new AppError('internal', 'an error without a code');
};

/** The code of anything thrown, `internal` where it has none. */
export const codeOf = (error: unknown): ErrorCode => (error instanceof AppError ? error.code : 'internal');

const take = <K, V>(map: Map<K, V>, key: K): V | undefined => {
  const value = map.get(key);
  map.delete(key);
  return value;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
