/**
 * Draws the icons of the packages from resources/icons/icon.svg. Run by hand after a change of the drawing;
 * the results are committed, because packaging must not need a browser.
 *
 *   node scripts/icons.ts
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { findBrowser } from '#main/hosts/web/browser.ts';

const folder = path.resolve(import.meta.dirname, '../resources/icons');
const linuxSizes = [16, 32, 48, 64, 128, 256, 512] as const;
const windowsSizes = [16, 24, 32, 48, 64, 128, 256] as const;
/** Type codes of an icns file and the pixels of their PNG. */
const macTypes = {
  icp4: 16,
  icp5: 32,
  ic11: 32,
  ic12: 64,
  ic07: 128,
  ic13: 256,
  ic08: 256,
  ic14: 512,
  ic09: 512,
  ic10: 1024,
} as const;
/** Apple's template leaves a tenth of the canvas free on each side. */
const MAC_MARGIN = 0.1;

/** Draws the SVG on a transparent square and answers the PNG. */
const draw = async (page: Page, svg: string, size: number, margin = 0): Promise<Buffer> => {
  const inner = Math.round(size * (1 - 2 * margin));
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>body{margin:0;display:grid;place-content:center;height:100vh}img{width:${inner}px;height:${inner}px}</style>
     <img src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`,
  );
  await page.locator('img').evaluate((image) => (image as HTMLImageElement).decode());
  return page.screenshot({ omitBackground: true, clip: { x: 0, y: 0, width: size, height: size } });
};

/** ICO with PNG images: a header of 6 bytes, 16 for each image, then the images. */
const icoFile = (images: readonly (readonly [size: number, png: Buffer])[]): Buffer => {
  const header = Buffer.alloc(6 + 16 * images.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(images.length, 4);
  let offset = header.length;
  images.forEach(([size, png], index) => {
    const at = 6 + 16 * index;
    // 0 stands for 256.
    header.writeUInt8(size % 256, at);
    header.writeUInt8(size % 256, at + 1);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(png.length, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += png.length;
  });
  return Buffer.concat([header, ...images.map(([, png]) => png)]);
};

/** ICNS: `icns` and the length of the file, then type, length and PNG of each image. */
const icnsFile = (images: readonly (readonly [type: string, png: Buffer])[]): Buffer => {
  const chunk = (type: string, content: Buffer): Buffer => {
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(content.length + 8, 4);
    return Buffer.concat([head, content]);
  };
  return chunk('icns', Buffer.concat(images.map(([type, png]) => chunk(type, png))));
};

const executablePath = findBrowser(process.env);
if (executablePath === undefined)
  throw new Error('No Chromium was found. Install it, or name it in CHATSECURE_CHROMIUM.');
const browser = await chromium.launch({
  executablePath,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  const page = await browser.newPage();
  const svg = await readFile(path.join(folder, 'icon.svg'), 'utf8');
  await mkdir(path.join(folder, 'linux'), { recursive: true });
  for (const size of linuxSizes)
    await writeFile(path.join(folder, 'linux', `${size}x${size}.png`), await draw(page, svg, size));
  const windows: [number, Buffer][] = [];
  for (const size of windowsSizes) windows.push([size, await draw(page, svg, size)]);
  await writeFile(path.join(folder, 'icon.ico'), icoFile(windows));
  const mac: [string, Buffer][] = [];
  for (const [type, size] of Object.entries(macTypes))
    mac.push([type, await draw(page, svg, size, MAC_MARGIN)]);
  await writeFile(path.join(folder, 'icon.icns'), icnsFile(mac));
} finally {
  await browser.close();
}
