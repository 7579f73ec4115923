/** The security policy as Chromium applies it, not as a string. */
import { expect, test } from './support/host-test.ts';

test('the page can neither run foreign code nor talk to anybody', async ({ page, app }) => {
  const outside: string[] = [];
  page.on('response', (response) => {
    if (!response.url().startsWith(app.origin)) outside.push(response.url());
  });
  await page.goto(app.launchUrl);
  await expect(page.locator('#state')).toHaveText('connected loopback');
  const got = await page.evaluate(attackFromInside);
  expect(got).toMatchObject({
    evaluate: 'blocked EvalError',
    construct: 'blocked EvalError',
    inlineScript: 'blocked TypeError',
    markup: 'blocked TypeError',
    trustedPolicy: 'blocked TypeError',
    scriptLink: 'ok undefined',
    styleAttribute: 'ok rgb(10, 20, 30)',
    styleProperty: 'ok rgb(4, 5, 6)',
    fetch: 'blocked TypeError',
    socket: 'blocked Error',
    image: 'blocked Error',
    dataImage: 'blocked Error',
    worker: 'blocked TypeError',
    dataFont: 'blocked NetworkError',
    notes: 'ok no',
    isolated: 'ok true',
  });
  expect(got.serviceWorker).toMatch(/^blocked/);
  expect(got.webRtc).toMatch(/ 0 candidates$/);
  expect(got.violations).toEqual(
    expect.arrayContaining([
      'connect-src',
      'font-src',
      'form-action',
      'frame-src',
      'img-src',
      'require-trusted-types-for',
      'script-src-elem',
      'style-src-attr',
      'trusted-types',
    ]),
  );
  expect(outside).toEqual([]);
});

test('devices and places stay closed even to a user who would grant them', async ({ page, context, app }) => {
  await context.grantPermissions([
    'camera',
    'microphone',
    'geolocation',
    'clipboard-read',
    'midi',
    'midi-sysex',
  ]);
  await context.setGeolocation({ latitude: 1, longitude: 2 });
  await page.goto(app.launchUrl);
  await expect(page.locator('#state')).toHaveText('connected loopback');
  const got = await page.evaluate(async () => {
    const attempt = (act: () => Promise<unknown>): Promise<string> =>
      act().then(
        () => 'granted',
        (error: unknown) => (error as Error).name,
      );
    return {
      place: await new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('granted'),
          ({ code }) => resolve(code),
        ),
      ),
      microphone: await attempt(() => navigator.mediaDevices.getUserMedia({ audio: true })),
      camera: await attempt(() => navigator.mediaDevices.getUserMedia({ video: true })),
      screen: await attempt(() => navigator.mediaDevices.getDisplayMedia()),
      clipboard: await attempt(() => navigator.clipboard.readText()),
      midi: await attempt(() => navigator.requestMIDIAccess({ sysex: true })),
    };
  });
  expect(got).toMatchObject({
    place: 1,
    microphone: 'NotAllowedError',
    camera: 'NotAllowedError',
    clipboard: 'NotAllowedError',
  });
  expect(got.screen).toMatch(/NotAllowedError|InvalidStateError/);
  expect(got.midi).toMatch(/NotAllowedError|SecurityError/);
});

/** Runs in the page. */
const attackFromInside = async () => {
  // What a debugger evaluates is exempt from the policy's eval rule until its first await.
  await new Promise((resolve) => setTimeout(resolve));
  const violations = new Set<string>();
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
    violations.add(effectiveDirective),
  );
  const world = globalThis as unknown as {
    pwned?: number;
    trustedTypes: { createPolicy(name: string, rules: object): { name: string } };
  };
  const attempt = async (act: () => unknown): Promise<string> => {
    try {
      return `ok ${String(await act())}`;
    } catch (error) {
      return `blocked ${(error as Error).name}`;
    }
  };
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const image = (src: string) => () =>
    new Promise((resolve, reject) => {
      document.body.append(
        Object.assign(new Image(), {
          src,
          onload: () => resolve('loaded'),
          onerror: () => reject(new Error('failed')),
        }),
      );
    });
  const result = {
    // eslint-disable-next-line no-eval -- the policy must refuse it
    evaluate: await attempt(() => (0, eval)('1')),
    // eslint-disable-next-line no-new-func, typescript/no-implied-eval -- the policy must refuse it
    construct: await attempt(() => new Function('return 1')()),
    inlineScript: await attempt(() =>
      document.body.append(Object.assign(document.createElement('script'), { textContent: 'pwned = 1' })),
    ),
    markup: await attempt(
      () => (document.createElement('div').innerHTML = '<img src=x onerror="pwned = 2">'),
    ),
    trustedPolicy: await attempt(() => world.trustedTypes.createPolicy('x', {}).name),
    scriptLink: await attempt(async () => {
      const link = Object.assign(document.createElement('a'), { href: 'javascript:pwned = 3' });
      document.body.append(link);
      link.click();
      await pause(50);
      return world.pwned;
    }),
    styleAttribute: await attempt(() => {
      document.body.setAttribute('style', 'color: rgb(1, 2, 3)');
      return getComputedStyle(document.body).color;
    }),
    // Allowed on purpose: virtual lists place their rows through the CSSOM.
    styleProperty: await attempt(() => {
      document.body.style.color = 'rgb(4, 5, 6)';
      return getComputedStyle(document.body).color;
    }),
    fetch: await attempt(() => fetch('https://example.org/')),
    beacon: await attempt(() => navigator.sendBeacon('https://example.org/', 'x')),
    socket: await attempt(
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket('ws://127.0.0.1:9/');
          socket.onopen = () => resolve('open');
          socket.onerror = () => reject(new Error('failed'));
        }),
    ),
    image: await attempt(image('https://example.org/a.png')),
    dataImage: await attempt(image('data:image/gif;base64,R0lGODlhAQABAAAAACw=')),
    dataFont: await attempt(() => new FontFace('x', 'url(data:font/woff2;base64,AAAA)').load()),
    frame: await attempt(() =>
      document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://example.org/' })),
    ),
    worker: await attempt(() => new Worker(URL.createObjectURL(new Blob(['1'])))),
    serviceWorker: await attempt(() => navigator.serviceWorker.register('/window.js')),
    form: await attempt(() => {
      const form = Object.assign(document.createElement('form'), {
        action: 'https://example.org/',
        method: 'post',
      });
      document.body.append(form);
      form.submit();
    }),
    webRtc: await attempt(async () => {
      const connection = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:3478' }] });
      connection.createDataChannel('x');
      await connection.setLocalDescription();
      await pause(1500);
      return `${connection.iceGatheringState} ${connection.localDescription?.sdp.match(/a=candidate/g)?.length ?? 0} candidates`;
    }),
    notes: await attempt(() => (world.pwned === undefined ? 'no' : 'pwned')),
    isolated: await attempt(() => crossOriginIsolated),
  };
  await pause(100);
  return { ...result, violations: [...violations].toSorted() };
};
