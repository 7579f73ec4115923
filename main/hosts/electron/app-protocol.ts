import type { CustomScheme } from 'electron';
import type { Assets } from '#main/hosts/assets.ts';
import { responseHeaders } from '#shared/security-policy.ts';
import { APP_SCHEME, isOwnUrl } from './security.ts';

/**
 * To be registered before `ready`. `standard` and `secure` make it an origin like https; there is no bypassCSP,
 * no allowServiceWorkers, no corsEnabled and no allowExtensions.
 */
export const schemes: CustomScheme[] = [
  {
    scheme: APP_SCHEME,
    privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
  },
];

/** The handler of `app://bundle`; any other host of the scheme has nothing. */
export const appProtocolHandler =
  (assets: Assets) =>
  async (request: Request): Promise<Response> =>
    isOwnUrl(request.url)
      ? assets(request)
      : new Response(null, { status: 404, headers: responseHeaders('electron') });
