const SIZE = 8;
const FONT = `${SIZE}px 'Apple Color Emoji', 'Noto Color Emoji', 'Segoe UI Emoji', sans-serif`;

/**
 * A test for whether this system has a picture of an emoji: a picture brings its own colours, the box for an
 * unknown character takes the colour of the text; and what falls apart into several pictures is wider than one.
 * Where there is nothing to draw on, everything counts as drawn.
 */
export const createCanDraw = (): ((emoji: string) => boolean) => {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) return () => true;
  context.font = FONT;
  context.textBaseline = 'top';
  const pixels = (emoji: string, colour: string): string => {
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = colour;
    context.fillText(emoji, 0, 0);
    return context.getImageData(0, 0, SIZE, SIZE).data.join();
  };
  const blank = pixels('', '#f00');
  return (emoji) => {
    const red = pixels(emoji, '#f00');
    return context.measureText(emoji).width < SIZE * 2 && red !== blank && red === pixels(emoji, '#00f');
  };
};
