import { describe, expect, it } from 'vitest';
import { reasonIn, start, type StartParts } from '#scripts/start.ts';

/** Records what would have been run and said. */
const parts = (
  overrides: Partial<StartParts> = {},
): StartParts & { readonly ran: string[][]; readonly said: string[] } => {
  const ran: string[][] = [];
  const said: string[] = [];
  return {
    findElectron: () => undefined,
    fetchElectron: () => Promise.resolve('its download server cannot be reached'),
    run: (file, args) => {
      ran.push([file, ...args]);
      return Promise.resolve({ code: 0, output: '' });
    },
    say: (line) => said.push(line),
    ran,
    said,
    ...overrides,
  };
};

describe('npm start', () => {
  it('opens Electron where its binary is, with the link it was given, and says nothing', async () => {
    const world = parts({ findElectron: () => '/opt/electron' });
    expect(await start({}, ['xmpp:a@b'], world)).toBe(0);
    expect(world.ran).toEqual([['/opt/electron', expect.any(String), 'xmpp:a@b']]);
    expect(world.said).toEqual([]);
  });

  it('fetches the binary first, within the time that is allowed', async () => {
    let binary: string | undefined;
    const limits: number[] = [];
    const world = parts({
      findElectron: () => binary,
      fetchElectron: (seconds) => {
        limits.push(seconds);
        binary = '/opt/electron';
        return Promise.resolve(undefined);
      },
    });
    await start({ CHATSECURE_ELECTRON_FETCH_SECONDS: '5' }, [], world);
    expect(limits).toEqual([5]);
    expect(world.ran[0]?.[0]).toBe('/opt/electron');
  });

  it('says in one line why it opens a browser instead', async () => {
    const world = parts();
    await start({}, ['--print-launch-url'], world);
    expect(world.said).toHaveLength(1);
    expect(world.said[0]).toContain('its download server cannot be reached');
    expect(world.ran[0]?.slice(-2)).toEqual([
      expect.stringMatching(/dist.main.web\.js$/),
      '--print-launch-url',
    ]);
  });

  it.each(['0', 'no'])('does not try to fetch with %s seconds', async (seconds) => {
    const world = parts({ fetchElectron: () => Promise.reject(new Error('fetched')) });
    expect(await start({ CHATSECURE_ELECTRON_FETCH_SECONDS: seconds }, [], world)).toBe(0);
  });

  it('does not look for Electron when the loopback host is asked for', async () => {
    const world = parts({ findElectron: () => '/opt/electron' });
    await start({ CHATSECURE_HOST: 'loopback' }, [], world);
    expect(world.ran[0]?.[0]).toBe(process.execPath);
  });

  it('fails where only Electron will do and there is none', async () => {
    const world = parts();
    expect(await start({ CHATSECURE_HOST: 'electron' }, [], world)).toBe(1);
    expect(world.ran).toEqual([]);
    expect(world.said[0]).toContain('CHATSECURE_HOST=auto');
  });

  it('refuses a host that does not exist', async () => {
    const world = parts();
    expect(await start({ CHATSECURE_HOST: 'chrome' }, [], world)).toBe(2);
    expect(world.said[0]).toContain('auto, electron or loopback');
  });

  it('passes on how the app ended', async () => {
    expect(await start({}, [], parts({ run: () => Promise.resolve({ code: 7, output: '' }) }))).toBe(7);
  });
});

describe('the reason of a failed download', () => {
  it.each([
    ['TypeError: fetch failed\n', 'its download server cannot be reached'],
    [
      'RequestError: x\n    at y\n  Error: getaddrinfo ENOTFOUND github.com\n',
      'Error: getaddrinfo ENOTFOUND github.com',
    ],
    ['Error: Response code 404\n    at z', 'Error: Response code 404'],
    ['', 'the installer failed'],
  ])('%j', (text, reason) => expect(reasonIn(text)).toBe(reason));
});
