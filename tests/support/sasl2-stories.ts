import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDialer } from '#main/net/dialer.ts';
import type { FastToken, TokenKeeper } from '#main/xmpp/port.ts';
import { createRevokeToken } from '#main/xmpp/stream.ts';
import { xml } from '#main/xmpp/stanza.ts';
import type { AccountView } from '#shared/views.ts';
import { Device } from './device.ts';
import type { Prosody } from './prosody.ts';
import { openWith, type OpenOptions, type Opened } from './streams.ts';
import { quietLog } from './test-store.ts';
import { until } from './until.ts';

export interface Sasl2Server {
  readonly start: () => Promise<Prosody>;
  readonly startTimeoutMs: number;
  /** Why it cannot be started here. */
  readonly unavailable: string | undefined;
  readonly tokenMechanism: string;
  /** The one with which a password logs in. */
  readonly passwordMechanism: string;
}

/** Tokens in memory. */
const memoryTokens = (): TokenKeeper & { token: FastToken | undefined } => {
  const keeper = {
    token: undefined as FastToken | undefined,
    get: async () => keeper.token,
    set: async (token: FastToken | undefined) => {
      keeper.token = token;
    },
  };
  return keeper;
};

/** XEP-0388, XEP-0386 and XEP-0484 with a real server; the same stories for each that speaks them. */
export const tellSasl2Stories = (about: Sasl2Server): void => {
  let server: Prosody;
  let jid: string;
  let userAgent: string;
  let tokens: ReturnType<typeof memoryTokens>;
  let logStart: number;
  let count = 0;

  beforeAll(async () => {
    if (about.unavailable === undefined) server = await about.start();
  }, about.startTimeoutMs);
  afterAll(() => server?.stop());
  beforeEach(async ({ skip }) => {
    if (about.unavailable !== undefined) skip(about.unavailable);
    count += 1;
    jid = `alice-${count}@localhost`;
    userAgent = randomUUID();
    tokens = memoryTokens();
    await Promise.all([jid, `bob-${count}@localhost`].map((one) => server.addUser(one, 'secret')));
    logStart = (await server.log()).length;
  });

  const account = (more: OpenOptions = {}): OpenOptions => {
    const { port, ca } = server;
    return { jid, password: 'secret', port, ca, userAgent, tokens, ...more };
  };
  const login = (more: OpenOptions = {}): Promise<Opened> => openWith(account(more));
  /** Mechanisms of the logins of this test, in their order. */
  const mechanisms = async (): Promise<readonly string[]> => {
    const log = (await server.log()).slice(logStart);
    return [...log.matchAll(/<authenticate [^>]*mechanism='([^']+)'/g)].map(([, name = '']) => name);
  };
  const bob = (): Promise<Opened> =>
    openWith({ jid: `bob-${count}@localhost`, password: 'secret', port: server.port, ca: server.ca });

  describe('a login with SASL2', () => {
    test('binds, switches on what comes with it, and gets a token', async () => {
      const { stream } = await login();
      expect(stream).toMatchObject({ resumed: false, carbons: true, rosterVersioning: true });
      expect(stream.resumeState()).toMatchObject({ jid: stream.jid, inbound: 0, outbound: 0 });
      // XEP-0386 section 5: others see it.
      expect(stream.jid).toMatch(/\/chatsecure[~/.]/);
      expect(stream.jid).not.toContain(userAgent);
      expect(tokens.token).toMatchObject({ mechanism: about.tokenMechanism });
      expect(tokens.token?.expiry).toBeGreaterThan(Date.now());
      await stream.send(xml('presence'));
      expect(await mechanisms()).toEqual([about.passwordMechanism]);
    });

    test('with the wrong password is refused', async () => {
      await expect(login({ password: 'wrong' })).rejects.toMatchObject({
        code: 'auth-failed',
        advice: 'needs-user',
      });
      expect(tokens.token).toBeUndefined();
    });

    test('begins inactive where nobody looks', async () => {
      const { stream } = await login({ active: false });
      stream.setActive(true);
      await stream.send(xml('presence'));
      const log = (await server.log()).slice(logStart);
      expect(log).toMatch(/<active xmlns='urn:xmpp:csi:0'|active[^>]*urn:xmpp:csi:0/);
    });
  });

  describe('a token', () => {
    test('logs in without the password', async () => {
      await (await login()).stream.close();
      const { stream } = await login({ password: 'wrong' });
      await stream.send(xml('presence'));
      expect(await mechanisms()).toEqual([about.passwordMechanism, about.tokenMechanism]);
    });

    test('that is refused gives way to the password, and another is kept', async () => {
      await (await login()).stream.close();
      const good = tokens.token?.token ?? '';
      tokens.token = tokens.token && { ...tokens.token, token: 'made-up' };
      const { stream } = await login();
      expect(stream.jid).toContain(jid);
      expect(tokens.token?.token).not.toBe('made-up');
      expect(tokens.token?.token).not.toBe(good);
      const { passwordMechanism, tokenMechanism } = about;
      expect(await mechanisms()).toEqual([passwordMechanism, tokenMechanism, passwordMechanism]);
    });

    test('that has expired is not even tried', async () => {
      await (await login()).stream.close();
      tokens.token = tokens.token && { ...tokens.token, expiry: Date.now() - 1 };
      await (await login()).stream.close();
      expect(await mechanisms()).toEqual([about.passwordMechanism, about.passwordMechanism]);
    });

    test('is no secret of another device', async () => {
      await (await login()).stream.close();
      await expect(login({ userAgent: randomUUID(), password: 'wrong' })).rejects.toMatchObject({
        code: 'auth-failed',
      });
    });

    test('that was revoked is good for nothing', async () => {
      await (await login()).stream.close();
      const kept = tokens.token;
      const revoke = createRevokeToken({ dial: createDialer(), log: quietLog, durable: () => undefined });
      const { port, ca } = server;
      await revoke(
        {
          ...{ jid, port, ca, userAgent, tokens, host: '127.0.0.1', directTls: false, resource: '' },
          password: async () => undefined,
        },
        AbortSignal.timeout(10_000),
      );
      tokens.token = kept;
      await expect(login({ password: 'wrong' })).rejects.toMatchObject({ code: 'auth-failed' });
    });
  });

  describe('a stream that was cut', () => {
    test('is resumed with the login, and misses nothing', async () => {
      const first = await login();
      await first.stream.send(xml('presence'));
      const peer = await bob();
      first.stream.abort('cut');
      await first.ended;
      const said = (body: string) =>
        peer.stream.send(xml('message', { to: first.stream.jid, type: 'chat' }, xml('body', {}, body)));
      await said('meanwhile');
      const second = await login({ resume: first.stream.resumeState(), password: 'wrong' });
      expect(second.stream).toMatchObject({ resumed: true, jid: first.stream.jid, earlierHandled: 1 });
      await said('after');
      await until('both', () => second.bodies.length === 2);
      expect(second.bodies).toEqual(['meanwhile', 'after']);
      await second.stream.send(xml('presence'));
    });

    test('and that the server has forgotten becomes a new one in the same login', async () => {
      const first = await login();
      const state = first.stream.resumeState();
      await first.stream.close();
      const second = await login({ resume: state });
      expect(second.stream).toMatchObject({ resumed: false, unhandled: [] });
      expect(second.stream.resumeState()).toMatchObject({ inbound: 0 });
      expect(second.stream.resumeState()?.id).not.toBe(state?.id);
      await second.stream.send(xml('presence'));
    });
  });

  describe('the application', () => {
    let folder: string;
    let device: Device | undefined;

    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-sasl2-'));
    });
    afterEach(async () => {
      await device?.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    const start = async (): Promise<Device> => {
      const { port, ca } = server;
      device = await Device.start({ name: 'alice', folder, jid, password: 'secret', port, ca });
      return device;
    };
    const secrets = (): string => readFileSync(path.join(folder, 'profile.secrets.json'), 'utf8');
    const idOf = ({ account: view }: Device): AccountView['id'] => {
      if (view === undefined) throw new Error('there is no account');
      return view.id;
    };

    test('shows its password once, and goes on with its stream after a crash', async () => {
      const alice = await start();
      const { passwordMechanism, tokenMechanism } = about;
      expect(await mechanisms()).toEqual([passwordMechanism, tokenMechanism]);
      await alice.kill();
      await alice.run();
      await alice.window.snapshot();
      await alice.window.phase(jid, 'online');
      expect(await mechanisms()).toEqual([passwordMechanism, tokenMechanism, tokenMechanism]);
      expect((await server.log()).slice(logStart)).toContain('mod_smacks resuming existing session');
    });

    test('lets go of its token with another password', async () => {
      const alice = await start();
      expect(secrets()).toContain('secret-token:');
      const before = secrets();
      await server.addUser(jid, 'another');
      await alice.window.api.accounts.setPassword({ accountId: idOf(alice), password: 'another' });
      await alice.window.phase(jid, 'online');
      await until('another token', () => secrets() !== before && secrets().includes('secret-token:'));
      expect((await mechanisms()).filter((name) => name === about.passwordMechanism)).toHaveLength(2);
    });

    test('revokes its token with the account', async () => {
      const alice = await start();
      const { [`token ${idOf(alice)}`]: text = '' } = JSON.parse(secrets()) as Record<string, string>;
      await alice.window.api.accounts.remove({ accountId: idOf(alice) });
      expect(secrets()).not.toContain('token');
      await until('the last login', async () => (await mechanisms()).length === 3);
      const log = (await server.log()).slice(logStart);
      expect(log).not.toContain('secret-token');
      expect(text).toContain('secret-token');
    });
  });
};
