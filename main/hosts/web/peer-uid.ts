import { readFileSync } from 'node:fs';

/**
 * Linux: the user that owns the client end of a connection to 127.0.0.1, from the kernel's table
 * (proc(5), /proc/net/tcp: local address, remote address and uid are the fields 2, 3 and 8).
 * @returns undefined where the table or the row is not there
 */
export const peerUid = (
  peerPort: number,
  ownPort: number,
  table: () => string = readTable,
): number | undefined => {
  const client = loopback(peerPort);
  const server = loopback(ownPort);
  for (const line of table().split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] === client && fields[2] === server && fields[7] !== undefined) return Number(fields[7]);
  }
  return undefined;
};

/** 127.0.0.1 and a port as the table writes them: the address in host byte order (little endian on all our systems). */
const loopback = (port: number): string => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;

const readTable = (): string => {
  try {
    return readFileSync('/proc/net/tcp', 'latin1');
  } catch {
    return '';
  }
};
