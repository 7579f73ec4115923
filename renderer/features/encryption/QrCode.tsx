import { useEffect, useState, type ReactNode } from 'react';
import { classes } from '../../ui/classes.ts';
import styles from './Code.module.css';

const cx = classes(styles);

/** Rows of a code, true for dark. */
export type Modules = readonly (readonly boolean[])[];

/** ISO/IEC 18004 section 9.1: the border that cameras need, in modules. */
const QUIET_ZONE = 4;
/** Above this a code becomes too fine for cameras; it gives up some of its protection against stains instead. */
const LONG_TEXT = 400;

/** The code of a text, with its border; it is loaded when the first one is drawn. */
export const encodeText = async (text: string): Promise<Modules> => {
  const { encodeQR } = await import('qr');
  return encodeQR(text, 'raw', { ecc: text.length > LONG_TEXT ? 'low' : 'medium', border: QUIET_ZONE });
};

/** Undefined until it is made. */
export const useModules = (text: string | undefined): Modules | undefined => {
  const [made, setMade] = useState<{ readonly text: string; readonly modules: Modules }>();
  useEffect(() => {
    let isGone = false;
    if (text !== undefined)
      void encodeText(text).then((modules) => {
        if (!isGone) setMade({ text, modules });
      });
    return () => {
      isGone = true;
    };
  }, [text]);
  return made?.text === text ? made?.modules : undefined;
};

/** Dark on white in every theme: many cameras read no other. */
export const QrCode = ({ modules, label }: { modules: Modules; label: string }): ReactNode => {
  const side = modules.length;
  const dark = modules.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return (
    <svg
      className={cx('code')}
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      shapeRendering="crispEdges"
    >
      <rect width={side} height={side} fill="#fff" />
      <path d={dark.join('')} fill="#000" />
    </svg>
  );
};
