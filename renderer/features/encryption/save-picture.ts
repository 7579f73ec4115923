import type { Modules } from './QrCode.tsx';

/** Pixels of one module: large enough to be printed. */
const SCALE = 12;

/** The code as a picture, given to the system's own way of saving files. */
export const savePicture = async (modules: Modules, name: string): Promise<void> => {
  const canvas = new OffscreenCanvas(modules.length * SCALE, modules.length * SCALE);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('the window cannot draw');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#000';
  for (const [y, row] of modules.entries())
    for (const [x, isDark] of row.entries()) if (isDark) context.fillRect(x * SCALE, y * SCALE, SCALE, SCALE);
  const url = URL.createObjectURL(await canvas.convertToBlob({ type: 'image/png' }));
  const link = document.createElement('a');
  link.href = url;
  // What no file system takes is left out.
  link.download = `${name.replaceAll(/[^\p{L}\p{N}@._-]/gu, '_')}.png`;
  link.click();
  // The download has its own hold on the data once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};
