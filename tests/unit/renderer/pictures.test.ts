/** Pictures of codes, as anybody may make them: their headers, and what stands in their pixels. */
import fc from 'fast-check';
import { encodeQR } from 'qr';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pictureSize } from '#renderer/features/encryption/picture-size.ts';
import { encodeText, type Modules } from '#renderer/features/encryption/QrCode.tsx';
import { decodePixels, readCode, type Pixels } from '#renderer/features/encryption/read-code.ts';

afterEach(() => void vi.unstubAllGlobals());

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    Buffer.concat(
      parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
    ),
  );

const u32 = (value: number): readonly number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
const u16 = (value: number): readonly number[] => [value >> 8, value & 0xff];

const png = (width: number, height: number): Uint8Array<ArrayBuffer> =>
  bytes('\x89PNG\r\n\x1a\n', u32(13), 'IHDR', u32(width), u32(height), [8, 6, 0, 0, 0]);

const jpeg = (width: number, height: number): Uint8Array<ArrayBuffer> =>
  bytes(
    ...['\xff\xd8', '\xff\xe0', u16(4), [0xff, 0xc0], '\xff\xff\xdb', u16(2)],
    ...['\xff\xc2', u16(17), [8], u16(height), u16(width), [3, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  );

const webp = (kind: string, body: readonly number[]): Uint8Array<ArrayBuffer> =>
  bytes('RIFF', [0, 0, 0, 0], 'WEBP', kind, [0, 0, 0, 0], body, [0, 0, 0, 0, 0, 0, 0, 0]);

describe('the size of a picture is in its header', () => {
  it.each([
    ['PNG', png(640, 480), { type: 'image/png', width: 640, height: 480 }],
    ['JPEG behind other segments', jpeg(640, 480), { type: 'image/jpeg', width: 640, height: 480 }],
    [
      'WebP with losses',
      webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01]),
      { type: 'image/webp', width: 640, height: 480 },
    ],
    [
      'WebP without losses',
      webp('VP8L', [0x2f, 0x7f, 0xc2, 0x77, 0x00]),
      { type: 'image/webp', width: 640, height: 480 },
    ],
    [
      'WebP with more than a picture',
      webp('VP8X', [0, 0, 0, 0, 0x7f, 0x02, 0x00, 0xdf, 0x01, 0x00]),
      { type: 'image/webp', width: 640, height: 480 },
    ],
  ])('of a %s', (_, data, size) => {
    expect(pictureSize(data)).toEqual(size);
  });

  it.each([
    ['nothing', bytes()],
    ['an SVG', bytes('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['a GIF', bytes('GIF89a', [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['a PNG that ends early', png(640, 480).subarray(0, 20)],
    ['a PNG without an area', png(0, 480)],
    ['a PNG that begins with something else', bytes('\x89PNG\r\n\x1a\n', u32(13), 'tEXt', u32(1), u32(1))],
    ['a JPEG that ends early', jpeg(640, 480).subarray(0, 16)],
    [
      'a JPEG of fill bytes',
      bytes(
        '\xff\xd8',
        Array.from({ length: 4000 }, () => 0xff),
      ),
    ],
    [
      'a JPEG with segments of no length',
      bytes(
        '\xff\xd8',
        Array.from({ length: 4000 }, (_, i) => (i % 4 === 0 ? 0xff : i % 4 === 1 ? 0xe0 : 0)),
      ),
    ],
    ['a WebP of another kind', webp('VP9 ', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])('but not in that of %s', (_, data) => {
    expect(pictureSize(data)).toBeUndefined();
  });

  it('and whatever comes is no exception, and ends', () => {
    const start = fc.constantFrom(
      '',
      '\xff\xd8',
      '\xff\xd8\xff',
      '\x89PNG\r\n\x1a\n',
      'RIFF\0\0\0\0WEBPVP8 ',
      'RIFF\0\0\0\0WEBPVP8X',
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (head, tail) => {
        const size = pictureSize(bytes(head, [...tail]));
        if (size !== undefined) expect(Math.min(size.width, size.height)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a picture is refused before it is unpacked', () => {
  const refuses = async (data: BlobPart, size?: number) => {
    const unpack = vi.fn();
    vi.stubGlobal('createImageBitmap', unpack);
    const picture = new Blob([data]);
    if (size !== undefined) Object.defineProperty(picture, 'size', { value: size });
    const reading = await readCode(picture);
    expect(unpack).not.toHaveBeenCalled();
    return reading.kind;
  };

  it('where it is larger than any photo of a code', async () => {
    expect(await refuses(png(65_000, 65_000))).toBe('too-large');
    expect(await refuses(png(40_000_000, 1))).toBe('too-large');
    expect(await refuses(png(1, 20_000))).toBe('too-large');
    expect(await refuses(png(64, 64), 21 * 2 ** 20)).toBe('too-large');
  });

  it('where it is no picture of a known kind, whatever it is called', async () => {
    expect(await refuses('<svg xmlns="http://www.w3.org/2000/svg"/>')).toBe('no-picture');
    expect(await refuses('')).toBe('no-picture');
  });

  it('and afterwards, where its header has lied', async () => {
    const close = vi.fn();
    vi.stubGlobal('createImageBitmap', () => Promise.resolve({ width: 30_000, height: 30_000, close }));
    expect((await readCode(new Blob([png(64, 64)]))).kind).toBe('too-large');
    expect(close).toHaveBeenCalled();
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new Error('damaged')));
    expect((await readCode(new Blob([png(64, 64)]))).kind).toBe('no-picture');
  });
});

const LINK = `xmpp:nadia@example.org?omemo-sid-123456789=${'0a1b2c3d'.repeat(8)}`;

/** Draws modules of some pixels each. */
const draw = (modules: Modules, scale: number, [dark, light] = [0, 255]): Pixels => {
  const side = modules.length * scale;
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) {
      const isDark = modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true;
      data.fill(isDark ? dark : light, (y * side + x) * 4, (y * side + x) * 4 + 3);
    }
  return { width: side, height: side, data };
};

describe('a code in a picture', () => {
  it.each([
    ['as it is drawn here', 4, [0, 255]],
    ['small', 2, [0, 255]],
    ['pale', 4, [110, 160]],
    ['light on dark, as a screenshot of a dark theme has it', 4, [255, 20]],
  ] as const)('is read %s', async (_, scale, colours) => {
    expect(await decodePixels(draw(await encodeText(LINK), scale, [...colours]))).toBe(LINK);
  });

  it('has a border of four modules, without which cameras do not find it', async () => {
    const modules = await encodeText(LINK);
    const edge = [0, 1, 2, 3].flatMap((at) => [modules[at], modules.at(-1 - at)]);
    expect(edge.flat().some((isDark) => isDark)).toBe(false);
    expect(modules[4]?.slice(0, 5)).toEqual([false, false, false, false, true]);
  });

  it('of sixteen devices is still one', async () => {
    const pairs = Array.from({ length: 16 }, (_, i) => `omemo-sid-${2_147_483_600 + i}=${'f0'.repeat(32)}`);
    const text = `xmpp:somebody.with.a.long.name@conference.example.org?${pairs.join(';')}`;
    expect(await decodePixels(draw(await encodeText(text), 3))).toBe(text);
  });

  it('may say anything, and only text comes of it', async () => {
    for (const text of ['', 'javascript:alert(1)', 'https://example.org/', '\0\u202e💥', 'x'.repeat(2000)]) {
      if (text === '') continue;
      const modules = encodeQR(text, 'raw', { ecc: 'low', border: 4 });
      expect(await decodePixels(draw(modules, 3))).toBe(text);
    }
  });

  it('is not found where there is none, or less than one', async () => {
    const grey = new Uint8ClampedArray(300 * 300 * 4).fill(127);
    expect(await decodePixels({ width: 300, height: 300, data: grey })).toBeUndefined();
    expect(await decodePixels({ width: 1, height: 1, data: new Uint8ClampedArray(4) })).toBeUndefined();
    expect(await decodePixels({ width: 9, height: 9, data: new Uint8ClampedArray(4) })).toBeUndefined();
    const modules = await encodeText(LINK);
    const half = modules.map((row, y) => (y > modules.length / 2 ? row.map(() => false) : row));
    expect(await decodePixels(draw(half, 4))).toBeUndefined();
  });

  it('made of noise ends, without an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 2, max: 9 }), async (seed, scale) => {
        let state = seed;
        const modules = Array.from({ length: 61 }, () =>
          Array.from({ length: 61 }, () => {
            state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
            return (state & 0x10000) !== 0;
          }),
        );
        // The three corners by which a code is found, and nothing true between.
        const finder = encodeQR('x', 'raw', { border: 1 })
          .map((row) => row.slice(1))
          .slice(1);
        for (const [dx, dy] of [
          [0, 0],
          [54, 0],
          [0, 54],
        ] as const)
          for (let y = 0; y < 7; y += 1)
            for (let x = 0; x < 7; x += 1) modules[y + dy]?.splice(x + dx, 1, finder[y]?.[x] === true);
        expect(await decodePixels(draw(modules, scale))).toBeUndefined();
      }),
      { numRuns: 25 },
    );
  });
});
