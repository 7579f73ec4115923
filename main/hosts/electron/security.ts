import type { App, DownloadItem, Session, WebContents, WebFrameMain, WebPreferences } from 'electron';
import { externalUrl } from '#shared/security-policy.ts';

/** The hardening of the window (electronjs.org/docs/latest/tutorial/security), in one place. */

export const APP_SCHEME = 'app';
const APP_HOST = 'bundle';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;
export const APP_URL = `${APP_ORIGIN}/index.html`;
/** No `persist:` before it: the session lives in memory, and nothing of the window reaches the disk. */
export const PARTITION = 'window';

/** Every preference that bears on security is spelled out, defaults included, so that a test can hold it. */
export const webPreferences = (preload: string, devTools: boolean): WebPreferences => ({
  preload,
  partition: PARTITION,
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  plugins: false,
  navigateOnDragDrop: false,
  // Its dictionaries come from a foreign server; see also `hardenSession`.
  spellcheck: false,
  enableWebSQL: false,
  webgl: false,
  safeDialogs: true,
  disableDialogs: true,
  autoplayPolicy: 'document-user-activation-required',
  devTools,
});

/** To be called before `ready`; Electron ignores switches that come later. */
export const hardenCommandLine = (app: App): void => {
  app.enableSandbox();
  // Chromium's own network resolves nothing: main uses Node's sockets, the window uses app:// alone.
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  app.commandLine.appendSwitch('no-proxy-server');
  app.commandLine.appendSwitch('disable-http-cache');
  app.commandLine.appendSwitch('webrtc-ip-handling-policy', 'disable_non_proxied_udp');
};

/** What our own page may do: announce messages, and put a text on the clipboard when the user asks for it. */
const grantedPermissions: ReadonlySet<string> = new Set(['notifications', 'clipboard-sanitized-write']);

/** Nothing enters or leaves a session but our own bundle. Without handlers Electron grants every permission. */
export const hardenSession = async (session: Session, allowDevTools: boolean): Promise<void> => {
  session.setPermissionRequestHandler((_contents, permission, decide, details) => {
    decide(grantedPermissions.has(permission) && details.isMainFrame && isOwnUrl(details.requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, details) => {
    return grantedPermissions.has(permission) && details.isMainFrame && isOwnUrl(requestingOrigin);
  });
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, decide) => decide({}));
  // -2 refuses: there is no TLS connection that the window could rightly make.
  session.setCertificateVerifyProc((_request, decide) => decide(-2));
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    const isDevTools = allowDevTools && url.startsWith('devtools://');
    decide({ cancel: !isOwnUrl(url) && !isOwnBlob(url) && !isDevTools });
  });
  session.setSpellCheckerEnabled(false);
  session.setSpellCheckerDictionaryDownloadURL('http://127.0.0.1:9/');
  session.on('will-download', (event, item) => {
    if (!isOwnPicture(item)) event.preventDefault();
  });
  await session.setProxy({ mode: 'direct' });
};

/** Keeps every page where it is; links leave through `openExternal`, after the one rule for links. */
export const hardenContents = (contents: WebContents, openExternal: (url: string) => void): void => {
  const stay = (event: { preventDefault(): void; readonly url: string }): void => {
    if (!isOwnUrl(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    const safe = externalUrl(url);
    if (safe !== undefined) openExternal(safe);
    return { action: 'deny' };
  });
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
};

/** Frames are accepted from the main frame of our own page only. */
export const isTrustedFrame = (frame: WebFrameMain | null): boolean =>
  frame !== null &&
  frame.parent === null &&
  !frame.detached &&
  isOwnUrl(frame.url) &&
  frame.origin === APP_ORIGIN;

/** Whether an address is in our bundle: compared by its parts, since `app://bundle.evil` begins like it. */
export const isOwnUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return url !== null && url.protocol === `${APP_SCHEME}:` && url.host === APP_HOST;
};

const MAX_PICTURE_BYTES = 2 ** 20;

/** The one thing that leaves as a file: a code that the page has drawn. The system asks the user where to. */
const isOwnPicture = (item: DownloadItem): boolean =>
  isOwnBlob(item.getURL()) && item.getMimeType() === 'image/png' && item.getTotalBytes() <= MAX_PICTURE_BYTES;

const isOwnBlob = (text: string): boolean => text.startsWith(`blob:${APP_ORIGIN}/`);
