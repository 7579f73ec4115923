import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAssets } from '#main/hosts/assets.ts';
import { appProtocolHandler } from '#main/hosts/electron/app-protocol.ts';
import { responseHeaders } from '#shared/security-policy.ts';

let folder: string;
let handle: (request: Request) => Promise<Response>;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-assets-'));
  const root = path.join(folder, 'renderer');
  mkdirSync(path.join(root, 'assets'), { recursive: true });
  writeFileSync(path.join(root, 'index.html'), '<!doctype html>ok');
  writeFileSync(path.join(root, 'assets', 'a.js'), 'export {}');
  writeFileSync(path.join(root, 'assets', 'ä b.css'), 'body {}');
  writeFileSync(path.join(root, 'notes.txt'), 'no such type');
  writeFileSync(path.join(folder, 'secret.js'), 'secret');
  writeFileSync(`${root}-evil.js`, 'secret');
  handle = appProtocolHandler(createAssets({ rendererDir: root, host: 'electron' }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (url: string, method = 'GET'): Promise<Response> => handle(new Request(url, { method }));

describe('app://bundle', () => {
  it('serves the document, scripts and names with blanks, each with its type', async () => {
    const document = await get('app://bundle/');
    expect([document.status, document.headers.get('content-type'), await document.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<!doctype html>ok',
    ]);
    expect((await get('app://bundle/assets/a.js')).headers.get('content-type')).toBe(
      'text/javascript; charset=utf-8',
    );
    expect((await get('app://bundle/assets/%C3%A4%20b.css?x=1')).status).toBe(200);
  });

  it('answers HEAD without a body and refuses everything that is not reading', async () => {
    const head = await get('app://bundle/index.html', 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '17', '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await get('app://bundle/', method)).status).toBe(405);
  });

  it('puts the security headers on every answer', async () => {
    for (const [url, method] of [
      ['app://bundle/'],
      ['app://bundle/none.js'],
      ['app://other/'],
      ['app://bundle/', 'POST'],
    ] as const) {
      const { headers } = await get(url, method);
      for (const [name, value] of Object.entries(responseHeaders('electron')))
        expect(headers.get(name), url).toBe(value);
    }
  });

  it.each([
    'app://bundle/%2e%2e/secret.js',
    'app://bundle/..%2fsecret.js',
    'app://bundle/..%2frenderer-evil.js',
    'app://bundle/assets/%2e%2e%2f%2e%2e%2fsecret.js',
    'app://bundle/..%5csecret.js',
    'app://bundle/%00',
    'app://bundle/index.html%00.js',
    'app://bundle/%',
    'app://bundle/%ff.js',
    'app://bundle//etc/passwd',
    'app://bundle/C:%2fsecret.js',
    'app://bundle/index.html::$DATA',
    'app://bundle/assets',
    'app://bundle/assets/',
    'app://bundle/notes.txt',
    'app://other/index.html',
    'app://bundle.evil/index.html',
  ])('has nothing at %s', async (url) => {
    const answer = await get(url);
    expect([answer.status, await answer.text()]).toEqual([404, '']);
  });

  it('never leaves its folder, whatever path is asked for', async () => {
    const step = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2e',
      '%2f',
      '%5c',
      '/',
      '//',
      'assets',
      'secret.js',
      'renderer',
      'renderer-evil.js',
      '%00',
      'C:',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        expect(await (await get(`app://bundle/${steps.join('')}`)).text()).not.toContain('secret');
      }),
      { numRuns: 500 },
    );
  });
});
