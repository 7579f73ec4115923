import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mimeTypes, responseHeaders, type PolicyHost } from '#shared/security-policy.ts';

/** Serves bytes to the window; Electron gives it to `protocol.handle`, the loopback host to `node:http`. */
export type Assets = (request: Request) => Promise<Response>;

export interface AssetsOptions {
  /** The built window, `dist/renderer`; may be inside app.asar. */
  readonly rendererDir: string;
  readonly host: PolicyHost;
}

/**
 * Serves the built window. Only the path of the request counts: who may ask is the host's business.
 * Every answer carries the security headers, errors included, and no answer says why a file is not there.
 */
export const createAssets =
  ({ rendererDir, host }: AssetsOptions): Assets =>
  async (request) => {
    const headers = responseHeaders(host);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { ...headers, allow: 'GET, HEAD' } });
    }
    const found = await readAsset(rendererDir, new URL(request.url).pathname);
    if (found === undefined) return new Response(null, { status: 404, headers });
    return new Response(request.method === 'HEAD' ? null : found.body, {
      status: 200,
      headers: { ...headers, 'content-type': found.type, 'content-length': String(found.body.byteLength) },
    });
  };

/**
 * Reads one file below `root`. `URL` has removed `..` only where it was written plainly, so the path is
 * resolved again after decoding and must still be below the root.
 */
const readAsset = async (
  root: string,
  pathname: string,
): Promise<{ readonly body: Buffer<ArrayBuffer>; readonly type: string } | undefined> => {
  const decoded = decode(pathname);
  if (decoded === undefined || /[\0\\:]/.test(decoded)) return undefined;
  const file = path.resolve(root, `.${decoded === '/' ? '/index.html' : decoded}`);
  const below = path.relative(root, file);
  if (below === '' || below.startsWith('..') || path.isAbsolute(below)) return undefined;
  const type = mimeTypes[path.extname(file)];
  if (type === undefined) return undefined;
  try {
    return { body: await readFile(file), type };
  } catch {
    return undefined;
  }
};

const decode = (pathname: string): string | undefined => {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
};
