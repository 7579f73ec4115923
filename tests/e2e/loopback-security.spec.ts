/** Every row of the attacker table of the loopback host, against the running process. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from '@playwright/test';
import { PIPE_PROTOCOL } from '#shared/pipe.ts';
import { ask, closeCodeAfter, exchange, offer, openSession, sendRaw, tryToOpen } from './support/attack.ts';
import { expect, test } from './support/host-test.ts';

const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };

test('a window without the token sees nothing', async ({ page, app }) => {
  await page.goto(app.origin);
  await expect(page.locator('#state')).toHaveText('refused');
});

test('the launch token works once, and a second use is written down', async ({ browser, app }) => {
  const first = await (await browser.newContext()).newPage();
  await first.goto(app.launchUrl);
  await expect(first.locator('#state')).toHaveText('connected loopback');
  expect(app.stderr()).not.toContain('refused');

  const second = await (await browser.newContext()).newPage();
  await second.goto(app.launchUrl);
  await expect(second.locator('#state')).toHaveText('refused');
  await expect.poll(app.stderr).toContain('bad or used launch token');
});

test('the token leaves the address bar, a reload keeps the session, and there are no cookies', async ({
  page,
  app,
}) => {
  await page.goto(app.launchUrl);
  await expect(page.locator('#state')).toHaveText('connected loopback');
  expect(page.url()).toBe(`${app.origin}/`);
  await page.reload();
  await expect(page.locator('#state')).toHaveText('connected loopback');
  expect(await page.context().cookies()).toEqual([]);
  expect(await page.evaluate(() => document.referrer)).toBe('');
});

test('neither token nor session stands in the log', async ({ app }) => {
  const session = await openSession(app, app.token);
  await tryToOpen(app.port, { protocols: offer(session), origin: 'https://evil.example' });
  await exchange(app, app.token);
  await expect.poll(app.stderr).toContain('bad or used launch token');
  expect(app.stderr()).not.toContain(app.token);
  expect(app.stderr()).not.toContain(session);
});

test('Host must be the literal address (DNS rebinding)', async ({ app }) => {
  for (const host of [
    `localhost:${app.port}`,
    `evil.example:${app.port}`,
    `127.0.0.1:${app.port + 1}`,
    '127.0.0.1',
    `[::1]:${app.port}`,
    `127.0.0.1.:${app.port}`,
  ]) {
    expect((await ask(app.port, '/', { host, ...navigation })).status, host).toBe(403);
  }
  expect((await ask(app.port, '/', { host: `127.0.0.1:${app.port}`, ...navigation })).status).toBe(200);
  expect(await sendRaw(app.port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 40[03]/);
});

test('a rebound name is refused in a real browser', async ({ app, launchOptions }) => {
  const browser = await chromium.launch({
    ...launchOptions,
    args: ['--no-sandbox', '--host-resolver-rules=MAP rebind.test 127.0.0.1'],
  });
  const page = await browser.newPage();
  // An empty 403 document is a failed navigation to Chromium.
  await expect(page.goto(`http://rebind.test:${app.port}/#launch=${app.token}`)).rejects.toThrow(
    'ERR_HTTP_RESPONSE_CODE_FAILURE',
  );
  await browser.close();
  await expect.poll(app.stderr).toContain('DNS rebinding');
});

test('the socket wants address, origin, path, protocol and session, all of them', async ({ app }) => {
  const { port, origin } = app;
  const session = await openSession(app, app.token);
  const protocols = offer(session);
  expect(await tryToOpen(port, { protocols, origin })).toBe('open');
  const refused = {
    'no origin': { protocols },
    'opaque origin': { protocols, origin: 'null' },
    'foreign origin': { protocols, origin: 'https://evil.example' },
    'another port': { protocols, origin: `http://127.0.0.1:${port + 1}` },
    'https of our own': { protocols, origin: origin.replace('http:', 'https:') },
    'foreign host': { protocols, origin, headers: { host: `evil.example:${port}` } },
    'no session': { protocols: [PIPE_PROTOCOL], origin },
    'guessed session': { protocols: offer('A'.repeat(43)), origin },
    'empty session': { protocols: offer('x').with(1, 'session.x'), origin },
    'no protocol': { protocols: protocols.slice(1), origin },
    'another path': { protocols, origin, path: '/other' },
    'path with query': { protocols, origin, path: '/socket?x' },
    'token as session': { protocols: offer(app.token), origin },
  };
  for (const [what, handshake] of Object.entries(refused))
    expect(await tryToOpen(port, handshake), what).toBe('403');
});

test('the session is given to our own page only', async ({ app }) => {
  const authorization = `Bearer ${app.token}`;
  const good = { origin: app.origin, 'sec-fetch-site': 'same-origin', authorization };
  const attempts: readonly (readonly [string, Record<string, string>, string?])[] = [
    ['by GET', good, 'GET'],
    ['without origin', { 'sec-fetch-site': 'same-origin', authorization }],
    ['from a foreign origin', { ...good, origin: 'https://evil.example' }],
    ['from a sandboxed frame', { ...good, origin: 'null' }],
    ['from another site', { ...good, 'sec-fetch-site': 'cross-site' }],
    ['from another port', { ...good, 'sec-fetch-site': 'same-site' }],
    ['with a wrong token', { ...good, authorization: `Bearer ${'A'.repeat(43)}` }],
    ['without a token', { origin: app.origin, 'sec-fetch-site': 'same-origin' }],
    ['by another scheme', { ...good, authorization: `Basic ${app.token}` }],
  ];
  for (const [what, headers, method = 'POST'] of attempts) {
    expect((await ask(app.port, '/session', headers, method)).status, what).toBe(403);
  }
  expect((await exchange(app, app.token)).status).toBe(200);
});

test('the bundle is served to our own page, and to a window that opens it', async ({ app }) => {
  const status = async (path: string, headers: Record<string, string>): Promise<number> =>
    (await ask(app.port, path, headers)).status;
  expect(await status('/window.js', { 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await status('/', navigation)).toBe(200);
  for (const site of ['cross-site', 'same-site', 'none', '']) {
    expect(await status('/window.js', { 'sec-fetch-site': site }), site).toBe(403);
    expect(await status('/', { 'sec-fetch-site': site }), site).toBe(403);
  }
  expect(await status('/window.js', {})).toBe(403);
  expect(await status('/window.js', navigation)).toBe(403);
  expect(await status('/', { ...navigation, 'sec-fetch-dest': 'iframe' })).toBe(403);
  expect(await status('/', { ...navigation, 'sec-fetch-mode': 'no-cors' })).toBe(403);
});

test('a hostile web page cannot read, post, frame, load or connect, even with the token', async ({
  page,
  app,
}) => {
  const evil = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><body>evil</body>');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}`);
  const got = await page.evaluate(attackFromAnotherSite, {
    origin: app.origin,
    token: app.token,
    protocol: PIPE_PROTOCOL,
  });
  evil.close();
  expect(got).toMatchObject({
    read: 'blocked TypeError',
    steal: 'blocked TypeError',
    image: 'blocked Error',
    script: 'blocked Error',
    style: 'blocked Error',
    socket: 'blocked Error',
    frame: 'ok opaque',
    opener: 'ok severed',
  });
  for (const blind of [got.readBlind, got.postBlind]) expect(blind).toMatch(/^(?:blocked|ok opaque)/);
  // The token, which the page even knew, is still unused.
  expect((await exchange(app, app.token)).status).toBe(200);
});

/** Runs in the hostile page. */
const attackFromAnotherSite = async ({
  origin,
  token,
  protocol,
}: {
  origin: string;
  token: string;
  protocol: string;
}) => {
  const attempt = async (act: () => Promise<unknown>): Promise<string> =>
    act().then(
      (value) => `ok ${String(value)}`,
      (error: unknown) => `blocked ${(error as Error).name}`,
    );
  const loaded = (element: HTMLElement): Promise<string> =>
    new Promise((resolve, reject) => {
      element.onload = () => resolve('loaded');
      element.onerror = () => reject(new Error('failed'));
      document.head.append(element);
    });
  const make = <K extends 'img' | 'script' | 'link' | 'iframe'>(
    tag: K,
    values: Partial<HTMLElementTagNameMap[K]>,
  ): HTMLElementTagNameMap[K] => Object.assign(document.createElement(tag), values);
  const authorization = `Bearer ${token}`;
  return {
    read: await attempt(async () => (await fetch(`${origin}/`)).text()),
    readBlind: await attempt(async () => (await fetch(`${origin}/`, { mode: 'no-cors' })).type),
    steal: await attempt(() => fetch(`${origin}/session`, { method: 'POST', headers: { authorization } })),
    postBlind: await attempt(
      async () => (await fetch(`${origin}/session`, { method: 'POST', mode: 'no-cors', body: 'x' })).type,
    ),
    image: await attempt(() => loaded(make('img', { src: `${origin}/` }))),
    script: await attempt(() => loaded(make('script', { src: `${origin}/window.js` }))),
    style: await attempt(() => loaded(make('link', { rel: 'stylesheet', href: `${origin}/window.css` }))),
    socket: await attempt(
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(`${origin.replace('http', 'ws')}/socket`, [
            protocol,
            `session.${token}`,
          ]);
          socket.onopen = () => resolve('open');
          socket.onerror = () => reject(new Error('refused'));
        }),
    ),
    frame: await attempt(
      () =>
        new Promise((resolve) => {
          const frame = make('iframe', { src: `${origin}/` });
          frame.onload = () => resolve(frame.contentDocument === null ? 'opaque' : 'readable');
          document.body.append(frame);
        }),
    ),
    opener: await attempt(async () => {
      const opened = window.open(`${origin}/#launch=x`);
      for (let tries = 0; tries < 100; tries++) {
        if (opened?.closed !== false) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return opened?.closed === true ? 'severed' : 'connected';
    }),
  };
};

test('another user of the machine is refused even with the right token', async ({ app }) => {
  test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'only root can act as another user');
  const script = `
    process.setgid(65534); process.setuid(65534);
    const headers = { origin: '${app.origin}', 'sec-fetch-site': 'same-origin', authorization: 'Bearer ${app.token}' };
    require('node:http').request({ host: '127.0.0.1', port: ${app.port}, path: '/session', method: 'POST', headers }, (answer) => {
      answer.resume();
      process.stdout.write(process.getuid() + ' ' + answer.statusCode);
    }).end();`;
  const stranger = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  expect(stranger.stdout).toBe('65534 403');
  await expect.poll(app.stderr).toContain('another user (uid 65534)');
  expect((await exchange(app, app.token)).status).toBe(200);
});

test('garbage is survived', async ({ app }) => {
  const session = await openSession(app, app.token);
  expect(await closeCodeAfter(app, session, '{')).toBe(1007);
  expect(await closeCodeAfter(app, session, Buffer.from([1, 2]))).toBe(1003);
  expect(await closeCodeAfter(app, session, 'x'.repeat(5 << 20))).toBe(1009);
  const read = ['Sec-Fetch-Site: same-origin', 'Connection: close'].join('\r\n');
  for (const path of [
    '/../../../package.json',
    '/..%2f..%2fpackage.json',
    '//etc/passwd',
    '/assets/../../support/launch.ts',
    '/%00',
    '/%',
    '/window.js/..%5c..%5c..%5cpackage.json',
  ]) {
    const answer = await sendRaw(
      app.port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${app.port}\r\n${read}\r\n\r\n`,
    );
    expect(answer, path).toMatch(/^HTTP\/1\.1 404/);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    expect(
      (await ask(app.port, '/window.js', { 'sec-fetch-site': 'same-origin' }, method)).status,
      method,
    ).toBe(405);
  }
  await sendRaw(app.port, `CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1:${app.port}\r\n\r\n`);
  await sendRaw(app.port, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: -1\r\n\r\n');
  expect(await tryToOpen(app.port, { protocols: offer(session), origin: app.origin })).toBe('open');
});
