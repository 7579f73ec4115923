import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy between a client and a real server, for the faults that networks have. */
export interface FaultProxy {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Breaks all connections; the server sees a reset as well. */
  cut(): void;
  /** Breaks the client's side only: the server does not notice. */
  cutClient(): void;
  /** A black hole: nothing passes and nothing is closed, also for new connections, until `heal`. */
  swallow(): void;
  readonly isSwallowing: boolean;
  heal(): void;
  /** Passes bytes in pieces of this size; undefined for as they come. */
  chunk(size: number | undefined): void;
  /** Refuses new connections, or takes them again. */
  refuse(on: boolean): void;
  stop(): Promise<void>;
}

export const startFaultProxy = async (targetPort: number): Promise<FaultProxy> => {
  const pairs = new Set<{ readonly client: Socket; readonly upstream: Socket }>();
  let hole = false;
  let refusing = false;
  let size: number | undefined;
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    const pair = { client, upstream };
    pairs.add(pair);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('data', (chunk: Buffer) => {
        if (hole || to.destroyed) return;
        if (size === undefined) to.write(chunk);
        else for (let at = 0; at < chunk.length; at += size) to.write(chunk.subarray(at, at + size));
      });
      from.on('end', () => {
        if (!hole) to.end();
      });
      from.on('close', () => {
        if (!client.destroyed || !upstream.destroyed) return;
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size;
    },
    cut: () => {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
    },
    cutClient: () => {
      for (const { client } of pairs) client.destroy();
    },
    swallow: () => {
      hole = true;
    },
    get isSwallowing() {
      return hole;
    },
    heal: () => {
      hole = false;
    },
    chunk: (next) => {
      size = next;
    },
    refuse: (on) => {
      refusing = on;
    },
    stop: async () => {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
