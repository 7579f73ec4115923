/**
 * How large a picture is, by its header alone: a file of some kilobytes can unpack to gigabytes, and the browser's
 * decoder begins before anybody can ask how large the result will be.
 */

export interface PictureSize {
  readonly type: 'image/png' | 'image/jpeg' | 'image/webp';
  readonly width: number;
  readonly height: number;
}

/** @returns undefined where it is no PNG, JPEG or WebP, or ends before it says its size */
export const pictureSize = (bytes: Uint8Array): PictureSize | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = pngSize(view) ?? jpegSize(view) ?? webpSize(view);
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
};

const ascii = (view: DataView, at: number, length: number): string =>
  at + length > view.byteLength
    ? ''
    : String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));

/** PNG, third edition, sections 5.2 and 11.2.1. */
const pngSize = (view: DataView): PictureSize | undefined =>
  view.byteLength >= 24 && ascii(view, 0, 16) === '\x89PNG\r\n\x1a\n\0\0\0\rIHDR'
    ? { type: 'image/png', width: view.getUint32(16), height: view.getUint32(20) }
    : undefined;

/** ITU-T T.81 annex B: segments of 0xFF, a marker and a length, until the one that begins a frame. */
const jpegSize = (view: DataView): PictureSize | undefined => {
  if (ascii(view, 0, 2) !== '\xff\xd8') return undefined;
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // Section B.1.1.2: any number of fill bytes before a marker.
    if (marker === 0xff) at += 1;
    else if (isFrame(marker))
      return { type: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    else at += 2 + view.getUint16(at + 2);
  }
  return undefined;
};

/** SOF0 to SOF15, among which are three other markers. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** RFC 9649 sections 2.5 to 2.7. */
const webpSize = (view: DataView): PictureSize | undefined => {
  if (ascii(view, 0, 4) !== 'RIFF' || ascii(view, 8, 4) !== 'WEBP' || view.byteLength < 30) return undefined;
  const type = 'image/webp';
  switch (ascii(view, 12, 4)) {
    case 'VP8 ':
      return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { type, width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
    default:
      return undefined;
  }
};

const uint24 = (view: DataView, at: number): number =>
  view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
