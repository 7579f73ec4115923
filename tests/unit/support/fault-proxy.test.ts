import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from '#tests/support/fault-proxy.ts';
import { until } from '#tests/support/until.ts';

/** The faults of the fault machine are faults: what they do to the bytes of a connection. */
let server: Server;
let proxy: FaultProxy;
/** What the server has heard on each connection, and its side of them. */
let heard: { socket: Socket; text: string; ended: boolean }[];

beforeEach(async () => {
  heard = [];
  server = createServer((socket) => {
    const one = { socket, text: '', ended: false };
    heard.push(one);
    socket.on('data', (chunk: Buffer) => (one.text += chunk.toString()));
    socket.on('close', () => (one.ended = true));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy((server.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.stop();
  await new Promise((resolve) => server.close(resolve));
});

const call = async (): Promise<{ client: Socket; side: (typeof heard)[number] }> => {
  const index = heard.length;
  const client = connect(proxy.port, '127.0.0.1');
  client.on('error', () => undefined);
  await once(client, 'connect');
  const side = await until('the server to answer', () => heard[index]);
  return { client, side };
};

it('truncates: the beginning arrives, and then both ends are gone', async () => {
  const { client, side } = await call();
  proxy.truncate(3);
  client.write('abcdef');
  await until('the end', () => side.ended && client.destroyed);
  expect(side.text).toBe('abc');
});

it('loses bytes in the middle, and passes what follows', async () => {
  const { client, side } = await call();
  proxy.lose(4);
  client.write('abcdef');
  await until('the rest', () => side.text.length === 4);
  client.write('ghi');
  await until('what follows', () => side.text.endsWith('ghi'));
  expect(side.text).toBe('abefghi');
});

it('delays without changing the order', async () => {
  const { client, side } = await call();
  proxy.delay(50);
  client.write('first ');
  await new Promise((resolve) => setImmediate(resolve));
  proxy.delay(undefined);
  client.write('second');
  await until('both', () => side.text.length === 12);
  expect(side.text).toBe('first second');
});

it('brings what was said last on the old connection when the next one is up', async () => {
  const before = await call();
  proxy.late();
  before.client.write('late');
  await until('the client to be cut off', () => before.client.destroyed);
  const after = await call();
  after.client.write('next');
  await until('the next one', () => after.side.text === 'next');
  expect(before.side.text).toBe('');
  expect(before.side.ended).toBe(false);
  after.side.socket.write(Buffer.alloc(5_000));
  await until('what was late', () => before.side.text === 'late');
});

it('swallows: nothing passes and nothing is closed', async () => {
  const { client, side } = await call();
  proxy.swallow();
  client.write('gone');
  const other = connect(proxy.port, '127.0.0.1');
  await once(other, 'connect');
  proxy.heal();
  client.write('here');
  await until('what came after', () => side.text.length > 0);
  expect(side).toMatchObject({ text: 'here', ended: false });
  other.destroy();
});

it('cuts one side alone', async () => {
  const { client, side } = await call();
  proxy.cutServer();
  await until('the server to notice', () => side.ended);
  expect(client.destroyed).toBe(false);
  proxy.cut();
  await until('the client to notice', () => client.destroyed);
});
