import { useEffect, useRef, useState, type ReactNode } from 'react';
import styles from './TipLayer.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

interface Tip {
  readonly text: string;
  readonly anchor: DOMRect;
}

const SHOW_AFTER_MS = 450;

const tipOf = (target: EventTarget | null): HTMLElement | undefined =>
  (target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null) ?? undefined;

/**
 * One tooltip for the whole window: whatever has `data-tip` shows it under the pointer or the keyboard focus.
 * Screen readers do not hear it, because every such element also says it by its name or a hidden text.
 */
export const TipLayer = (): ReactNode => {
  const [tip, setTip] = useState<Tip>();
  useEffect(() => watchTips(setTip), []);
  return tip === undefined ? undefined : <Bubble key={tip.text} {...tip} />;
};

/** Escape and any press take the tooltip away (WCAG 1.4.13). */
const watchTips = (show: (tip: Tip | undefined) => void): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let shown: HTMLElement | undefined;
  const hide = (): void => {
    clearTimeout(timer);
    shown = undefined;
    show(undefined);
  };
  const offer = (event: Event, wait: number): void => {
    const element = tipOf(event.target);
    if (element === shown) return;
    hide();
    shown = element;
    if (element === undefined) return;
    timer = setTimeout(() => {
      const text = element.dataset['tip'];
      if (text !== undefined && element.isConnected) show({ text, anchor: element.getBoundingClientRect() });
    }, wait);
  };
  const off = new AbortController();
  const listen = (type: string, act: (event: Event) => void): void =>
    document.addEventListener(type, act, { signal: off.signal, capture: true, passive: true });
  listen('pointerover', (event) => offer(event, SHOW_AFTER_MS));
  listen('focusin', (event) => {
    if (event.target instanceof Element && event.target.matches(':focus-visible')) offer(event, 0);
  });
  for (const type of ['focusout', 'pointerdown', 'scroll', 'keydown']) listen(type, hide);
  return () => {
    off.abort();
    clearTimeout(timer);
  };
};

const MARGIN = 8;

const Bubble = ({ text, anchor }: Tip): ReactNode => {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const { width, height } = element.getBoundingClientRect();
    const below = anchor.bottom + 6 + height < window.innerHeight;
    const x = Math.min(
      Math.max(MARGIN, anchor.left + anchor.width / 2 - width / 2),
      window.innerWidth - width - MARGIN,
    );
    element.style.translate = `${x}px ${below ? anchor.bottom + 6 : anchor.top - height - 6}px`;
    element.style.visibility = 'visible';
  }, [anchor]);
  return (
    <div ref={ref} className={cx('tip')} aria-hidden="true" dir="auto">
      {text}
    </div>
  );
};
