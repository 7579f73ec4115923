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
  /** Breaks the server's side only: the client waits for answers that will not come. */
  cutServer(): void;
  /** A black hole: nothing passes and nothing is closed, also for new connections, until `heal`. */
  swallow(): void;
  readonly isSwallowing: boolean;
  heal(): void;
  /** Passes bytes in pieces of this size; undefined for as they come. */
  chunk(size: number | undefined): void;
  /** Passes bytes so many milliseconds late, in their order; undefined for at once. */
  delay(ms: number | undefined): void;
  /** Of what comes next on each open connection, passes so many bytes, and then breaks it: inside of a stanza. */
  truncate(bytes: number): void;
  /** Of what comes next on each open connection, loses so many bytes in the middle, and passes what follows. */
  lose(bytes: number): void;
  /**
   * The network changes under the open connections: the client's side breaks, and what the client says from
   * now on until then reaches the server only when the next connection has been up for a while.
   */
  late(): void;
  /** Refuses new connections, or takes them again. */
  refuse(on: boolean): void;
  stop(): Promise<void>;
}

/** How long the client still talks into a connection whose bytes will be late. */
const TALKING_MS = 40;
/** So many bytes from the server, and the next connection is past its handshake. */
const NEXT_IS_UP = 4_000;

/** What may be wrong with all connections of a proxy. */
interface Weather {
  hole: boolean;
  size: number | undefined;
  delayMs: number | undefined;
}

export const startFaultProxy = async (targetPort: number): Promise<FaultProxy> => {
  const pairs = new Set<Pair>();
  const weather: Weather = { hole: false, size: undefined, delayMs: undefined };
  let refusing = false;
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const pair = new Pair(client, connect(targetPort, '127.0.0.1'), weather, {
      closed: () => pairs.delete(pair),
      up: () => each((other) => other !== pair && other.flush()),
    });
    pairs.add(pair);
  });
  const each = (act: (pair: Pair) => unknown): void => {
    for (const pair of pairs) act(pair);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size;
    },
    cut: () => each((pair) => pair.destroy()),
    cutClient: () => each((pair) => pair.client.destroy()),
    cutServer: () => each((pair) => pair.upstream.destroy()),
    swallow: () => {
      weather.hole = true;
    },
    get isSwallowing() {
      return weather.hole;
    },
    heal: () => {
      weather.hole = false;
    },
    chunk: (size) => {
      weather.size = size;
    },
    delay: (ms) => {
      weather.delayMs = ms;
    },
    truncate: (bytes) => each((pair) => pair.truncate(bytes)),
    lose: (bytes) => each((pair) => pair.lose(bytes)),
    late: () => each((pair) => pair.late()),
    refuse: (on) => {
      refusing = on;
    },
    stop: async () => {
      each((pair) => pair.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

interface PairPorts {
  readonly closed: () => void;
  /** The server has said enough: its end of the handshake is over. */
  readonly up: () => void;
}

/** One connection: both of its sides, and what happens to its bytes between them. */
class Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly #weather: Weather;
  readonly #ports: PairPorts;
  #heard = 0;
  #fault: { readonly kind: 'truncate' | 'lose'; readonly bytes: number } | undefined;
  /** Nothing passes any more; the reset follows. */
  #isBroken = false;
  /** What the client has said that will be late. */
  #held: Buffer[] | undefined;

  constructor(client: Socket, upstream: Socket, weather: Weather, ports: PairPorts) {
    this.client = client;
    this.upstream = upstream;
    this.#weather = weather;
    this.#ports = ports;
    this.#join(client, upstream);
    this.#join(upstream, client);
    upstream.on('data', (chunk: Buffer) => {
      const before = this.#heard;
      this.#heard += chunk.length;
      if (before < NEXT_IS_UP && this.#heard >= NEXT_IS_UP) ports.up();
    });
  }

  destroy(): void {
    this.client.destroy();
    this.upstream.destroy();
  }

  truncate(bytes: number): void {
    this.#fault = { kind: 'truncate', bytes };
  }

  lose(bytes: number): void {
    this.#fault = { kind: 'lose', bytes };
  }

  late(): void {
    this.#held ??= [];
    setTimeout(() => this.client.destroy(), TALKING_MS);
  }

  /** What was late arrives now, on the connection on which it was said. */
  flush(): void {
    if (this.#held === undefined || !this.client.destroyed) return;
    for (const chunk of this.#held.splice(0)) this.#write(chunk, this.upstream);
  }

  #join(from: Socket, to: Socket): void {
    const inAir: (() => void)[] = [];
    const later = (act: () => void): void => {
      const { delayMs } = this.#weather;
      if (delayMs === undefined && inAir.length === 0) return act();
      inAir.push(act);
      // Whichever timer is first: what was said first arrives first.
      setTimeout(() => inAir.shift()?.(), delayMs ?? 0);
    };
    from.setNoDelay(true);
    from.on('error', () => undefined);
    from.on('data', (chunk: Buffer) => {
      if (this.#weather.hole || this.#isBroken) return;
      if (from === this.client && this.#held !== undefined) this.#held.push(chunk);
      else later(() => this.#pass(chunk, to));
    });
    from.on('end', () => {
      if (!this.#weather.hole && this.#held === undefined) later(() => to.end());
    });
    from.on('close', () => {
      if (this.client.destroyed && this.upstream.destroyed) this.#ports.closed();
    });
  }

  #pass(chunk: Buffer, to: Socket): void {
    const fault = this.#fault;
    if (fault === undefined) return this.#write(chunk, to);
    this.#fault = undefined;
    const kept = Math.min(fault.bytes, chunk.length - 1);
    if (fault.kind === 'lose')
      return this.#write(Buffer.concat([chunk.subarray(0, kept >> 1), chunk.subarray(kept)]), to);
    this.#write(chunk.subarray(0, kept), to);
    this.#isBroken = true;
    // Not at once: a reset would overtake the bytes.
    setTimeout(() => this.destroy(), 5);
  }

  #write(chunk: Buffer, to: Socket): void {
    const { size } = this.#weather;
    if (to.destroyed || to.writableEnded) return;
    if (size === undefined) to.write(chunk);
    else for (let at = 0; at < chunk.length; at += size) to.write(chunk.subarray(at, at + size));
  }
}
