import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { failureOf, logged, openWith, type OpenOptions } from '#tests/support/streams.ts';

/** The ways in that every server has. What only Prosody is made to do is in connection.test.ts. */
let server: XmppServer;

beforeAll(async () => {
  server = await startServer({
    accounts: [
      { jid: 'alice@localhost', password: 'pw-alice' },
      { jid: 'алиса@localhost', password: 'Ⅸ пароль' },
    ],
  });
});
afterAll(() => server.stop());

const ways: readonly (readonly [string, () => OpenOptions])[] = [
  ['STARTTLS', () => ({ port: server.port, ca: server.ca })],
  ['direct TLS', () => ({ port: server.directTlsPort, directTls: true, ca: server.ca })],
];

describe.each(ways)('by %s', (_, how) => {
  it('an account logs in, gets its resource and is known to the server', async () => {
    const { stream } = await openWith(how());
    expect(stream).toMatchObject({ jid: 'alice@localhost/test', resumed: false, rosterVersioning: true });
    expect(await server.sessions()).toEqual(['alice@localhost/test']);
    const info = readDiscoInfo(await stream.request(discoInfoRequest('localhost')));
    expect(info?.identities).toContainEqual(expect.objectContaining({ category: 'server', type: 'im' }));
  });

  it('a name and a password beyond ASCII are prepared as SASLprep says', async () => {
    const { stream } = await openWith({ ...how(), jid: 'алиса@localhost', password: 'IX пароль' });
    expect(stream.jid).toBe('алиса@localhost/test');
  });

  it('a wrong password is refused, and neither it nor the right one is in the log', async () => {
    const refused = { code: 'auth-failed', step: 'auth', advice: 'needs-user' };
    expect(await failureOf({ ...how(), password: 'pw-mallory' })).toMatchObject(refused);
    expect(await failureOf({ ...how(), jid: 'nobody@localhost' })).toMatchObject(refused);
    expect(logged.join('\n')).not.toMatch(/pw-alice|pw-mallory/);
  });

  it('a server that no authority of ours vouches for is not told who we are', async () => {
    const { ca: _ca, ...unknown } = how();
    expect(await failureOf(unknown)).toMatchObject({ step: 'tls', advice: 'needs-user' });
    expect(await server.sessions()).toEqual([]);
  });
});
