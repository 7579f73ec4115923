import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A small SOCKS5 server (RFC 1928, RFC 1929) that records what it is asked for; names are known from a table only. */
export interface SocksServer {
  readonly port: number;
  /** `<user> <address type> <host>:<port>` of each request; address type 3 is an unresolved name. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** @param table `host:port` to a port on this machine, or to a reply code of RFC 1928 section 6 */
export const startSocksServer = async (
  table: Readonly<Record<string, { readonly port: number } | { readonly reply: number }>>,
): Promise<SocksServer> => {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    client.on('close', () => sockets.delete(client));
    void serve(client, table, requests).catch(() => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const serve = async (
  client: Socket,
  table: Parameters<typeof startSocksServer>[0],
  requests: string[],
): Promise<void> => {
  const read = reader(client);
  const [, methods = 0] = await read(2);
  const usesPassword = [...(await read(methods))].includes(2);
  client.write(Buffer.from([5, usesPassword ? 2 : 0]));
  let user = '-';
  if (usesPassword) {
    const [, length = 0] = await read(2);
    user = (await read(length)).toString();
    const [passwordLength = 0] = await read(1);
    await read(passwordLength);
    client.write(Buffer.from([1, 0]));
  }
  const [, , , type = 0] = await read(4);
  const host =
    type === 3
      ? (await read((await read(1))[0] ?? 0)).toString()
      : [...(await read(type === 1 ? 4 : 16))].join('.');
  const port = (await read(2)).readUInt16BE(0);
  requests.push(`${user} ${type} ${host}:${port}`);
  const target = table[`${host}:${port}`] ?? { reply: 4 };
  if ('reply' in target) {
    client.end(Buffer.from([5, target.reply, 0, 1, 0, 0, 0, 0, 0, 0]));
    return;
  }
  const upstream = connect(target.port, '127.0.0.1', () => {
    client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    client.pipe(upstream).pipe(client);
  });
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
};

/** Reads exactly so many bytes. */
const reader = (socket: Socket): ((bytes: number) => Promise<Buffer>) => {
  return async (bytes) => {
    for (;;) {
      const chunk = bytes === 0 ? Buffer.alloc(0) : (socket.read(bytes) as Buffer | null);
      if (chunk !== null) return chunk;
      await new Promise<void>((resolve, reject) => {
        socket.once('readable', resolve);
        socket.once('close', () => reject(new Error('closed')));
      });
    }
  };
};
