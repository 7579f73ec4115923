import { pictureSize } from './picture-size.ts';

/** What is in a picture: the text of a code, or why there is none. */
export type PictureReading =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'no-code' | 'no-picture' | 'too-large' };

/** A screenshot of a large screen has about 5, a photo of a good camera about 10. */
const MAX_BYTES = 20 * 2 ** 20;
/** Four bytes each while it is looked at. */
const MAX_PIXELS = 40_000_000;
const MAX_SIDE = 16_384;
/** Sides to which a picture is reduced, one after the other: noise of a photo goes, small codes of a screenshot stay. */
const LOOKED_AT = [2048, 1024, 512] as const;
/** For each look, in milliseconds; nothing else happens in the window meanwhile. */
const TIME_LIMIT = 700;

/** Pixels in RGBA. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/**
 * Reads a QR code from a picture that anybody may have made. Nothing leaves the window for it; its type is what it
 * begins with, not what it is called.
 */
export const readCode = async (picture: Blob): Promise<PictureReading> => {
  if (picture.size > MAX_BYTES) return { kind: 'too-large' };
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const size = pictureSize(bytes);
  if (size === undefined) return { kind: 'no-picture' };
  const { type, width, height } = size;
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) return { kind: 'too-large' };
  const bitmap = await createImageBitmap(new Blob([bytes], { type })).catch(() => undefined);
  if (bitmap === undefined) return { kind: 'no-picture' };
  try {
    // A header that lies about its size deserves no second look.
    if (bitmap.width * bitmap.height > MAX_PIXELS) return { kind: 'too-large' };
    for (const side of sidesOf(bitmap)) {
      const text = await decodePixels(pixelsOf(bitmap, side));
      if (text !== undefined) return { kind: 'text', text };
    }
    return { kind: 'no-code' };
  } finally {
    bitmap.close();
  }
};

/** The text of the first code in the pixels. */
export const decodePixels = async ({ width, height, data }: Pixels): Promise<string | undefined> => {
  const { decodeQR } = await import('qr/decode.js');
  try {
    return decodeQR({ width, height, data }, { format: 'RGBA', timeLimit: TIME_LIMIT });
  } catch {
    // So it says that there is none, or none that is whole.
    return undefined;
  }
};

const sidesOf = ({ width, height }: ImageBitmap): readonly number[] => {
  const largest = Math.max(width, height);
  return [Math.min(largest, LOOKED_AT[0]), ...LOOKED_AT.slice(1).filter((side) => side < largest)];
};

const pixelsOf = (bitmap: ImageBitmap, side: number): Pixels => {
  const scale = side / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((length) =>
    Math.max(1, Math.round(length * scale)),
  ) as [number, number];
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('the window cannot draw');
  // What is transparent was seen on paper, not on black.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
};
