import { Resolver } from 'node:dns/promises';
import { describe, expect, test, vi } from 'vitest';
import { createDialer } from '#main/net/dialer.ts';
import { DOMAIN, nobody, record, upgrade, useDialing } from '#tests/support/dialing.ts';
import { startSocksServer } from '#tests/support/socks-server.ts';

const { stub, after, dial, connected, failed } = useDialing();

describe('a SOCKS5 proxy', () => {
  test('gets names, not addresses, and nobody else is asked', async () => {
    const locally = vi.spyOn(Resolver.prototype, 'resolveSrv');
    after(() => locally.mockRestore());
    const server = await stub({ mode: 'starttls' }, upgrade);
    const socks = await startSocksServer({
      [`${DOMAIN}:5222`]: { port: server.port },
      [`${DOMAIN}:5223`]: { reply: 5 },
    });
    after(() => socks.stop());
    const proxy = { host: '127.0.0.1', port: socks.port, userId: 'account-1', password: 'x' };
    const outcome = connected(await dial(createDialer({ proxy })));
    expect(outcome.endpoint).toMatchObject({ host: DOMAIN, port: 5222, directTls: false });
    expect(socks.requests).toEqual([`account-1 3 ${DOMAIN}:5223`, `account-1 3 ${DOMAIN}:5222`]);
    expect(locally).not.toHaveBeenCalled();
  });

  test('may be asked with a resolver of its own', async () => {
    const server = await stub({});
    const socks = await startSocksServer({ 'hidden.onion:99': { port: server.port } });
    after(() => socks.stop());
    const resolver = {
      srv: async (name: string) => (name.startsWith('_xmpps') ? [record(99, 1, 'hidden.onion')] : []),
    };
    const proxy = { host: '127.0.0.1', port: socks.port };
    connected(await dial(createDialer({ proxy, resolver })));
    expect(socks.requests).toEqual(['- 3 hidden.onion:99']);
  });

  test.each([
    [4, 'dns-failed'],
    [5, 'connection-refused'],
    [6, 'connection-timeout'],
    [2, 'connection-refused'],
  ])('that answers %i: %s', async (reply, code) => {
    const socks = await startSocksServer({ 'x.test:1': { reply } });
    after(() => socks.stop());
    const proxy = { host: '127.0.0.1', port: socks.port };
    expect(failed(await dial(createDialer({ proxy }), { host: 'x.test', port: 1 }))).toMatchObject({
      code,
      host: 'x.test',
    });
  });

  test('that is not there', async () => {
    const proxy = { host: '127.0.0.1', port: await nobody() };
    expect(failed(await dial(createDialer({ proxy })))).toMatchObject({
      code: 'connection-refused',
      host: '127.0.0.1',
    });
  });
});
