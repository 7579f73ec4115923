/**
 * Stopwatches beside the application in its page; it knows nothing of them. `browser.ts` reads this file and
 * gives it to the browser without its types: nothing can be imported here.
 */
import type { ScrollMarks, StartMarks } from './marks.ts';

const CHAT_ROWS = '[data-region="list"] [data-row]';
const MESSAGE_ROWS = '[data-region="messages"] [data-row]';
const FEED = '[data-region="messages"] [role="feed"]';
/** At both ends of the history the list has some space of its own. */
const SPACE_PX = 24;
/** No wheel moves further in a frame; pages that come in above do. */
const JUMP_PX = 2_000;
/** Nothing that is measured takes so long; without an end a mistake in here would look like work. */
const PATIENCE_MS = 60_000;

/** What moves is an ancestor of the feed, however many of them the application puts around it. */
const scrollArea = (): HTMLElement | undefined => {
  let area = document.querySelector(FEED)?.parentElement ?? undefined;
  while (area !== undefined && !['auto', 'scroll'].includes(getComputedStyle(area).overflowY))
    area = area.parentElement ?? undefined;
  return area;
};

/** Runs when the next frame has been drawn. */
const afterPaint = (act: () => void): void => {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.addEventListener('message', () => act(), { once: true });
    channel.port1.start();
    channel.port2.postMessage(0);
  });
};

/** Whether rows stand everywhere between the upper and the lower edge of the visible messages. */
const isCovered = (): boolean => {
  const scroller = scrollArea();
  const rows = document.querySelectorAll(MESSAGE_ROWS);
  const first = rows[0];
  const last = rows[rows.length - 1];
  if (scroller === undefined || first === undefined || last === undefined) return false;
  const { scrollTop, scrollHeight, clientHeight } = scroller;
  const area = scroller.getBoundingClientRect();
  const above = scrollTop <= SPACE_PX ? SPACE_PX : 0;
  const below = scrollHeight - clientHeight - scrollTop <= SPACE_PX ? SPACE_PX : 0;
  const { top } = first.getBoundingClientRect();
  const { bottom } = last.getBoundingClientRect();
  return top <= area.top + above && bottom >= area.bottom - below;
};

let snapshotAt = Number.NaN;
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    const heard = ({ data }: MessageEvent): void => {
      if (typeof data !== 'string' || !data.includes('"ready":true')) return;
      snapshotAt = performance.now();
      this.removeEventListener('message', heard);
    };
    this.addEventListener('message', heard);
  }
};

const start = new Promise<StartMarks>((resolve) => {
  const observer = new MutationObserver(() => {
    if (document.querySelector(CHAT_ROWS) === null) return;
    observer.disconnect();
    afterPaint(() => resolve({ snapshot: snapshotAt, painted: performance.now() }));
  });
  observer.observe(document, { subtree: true, childList: true });
});

const nextOpening = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const clicked = ({ timeStamp }: Event): void => {
      const look = (): void => {
        if (isCovered()) afterPaint(() => resolve(performance.now() - timeStamp));
        else if (performance.now() - timeStamp > PATIENCE_MS)
          reject(new Error('the messages of the opened chat never filled the window'));
        else requestAnimationFrame(look);
      };
      look();
    };
    window.addEventListener('click', clicked, { capture: true, once: true });
  });

const rowWith = (text: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const look = (): void => {
      const last = [...document.querySelectorAll(MESSAGE_ROWS)].at(-1);
      if (last?.textContent.includes(text) === true)
        afterPaint(() => resolve(performance.timeOrigin + performance.now()));
      else if (performance.now() - began > PATIENCE_MS) reject(new Error(`no row ever said "${text}"`));
      else requestAnimationFrame(look);
    };
    look();
  });

const scrollMarks = async (count: number): Promise<ScrollMarks> => {
  const frames: number[] = [];
  let blank = 0;
  let distance = 0;
  let sawBlank = false;
  let top = scrollArea()?.scrollTop ?? 0;
  // Before the list hears of it: this is what the compositor has just shown at the new place.
  const scrolled = (): void => {
    const now = scrollArea()?.scrollTop ?? 0;
    if (Math.abs(now - top) < JUMP_PX) distance += Math.abs(now - top);
    top = now;
    sawBlank ||= !isCovered();
  };
  window.addEventListener('scroll', scrolled, { capture: true });
  let before = await nextFrame();
  while (frames.length < count) {
    const time = await nextFrame();
    frames.push(time - before);
    before = time;
    if (sawBlank || !isCovered()) blank += 1;
    sawBlank = false;
  }
  window.removeEventListener('scroll', scrolled, { capture: true });
  return { frames, blank, distance };
};

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

let opening: Promise<number> | undefined;
let row: Promise<number> | undefined;
let scrolling: Promise<ScrollMarks> | undefined;

window.bench = {
  start,
  awaitOpening: () => {
    opening = nextOpening();
  },
  opening: () => opening ?? Promise.reject(new Error('nobody asked for it')),
  awaitRow: (text) => {
    row = rowWith(text);
  },
  row: () => row ?? Promise.reject(new Error('nobody asked for it')),
  watchScroll: (frames) => {
    scrolling = scrollMarks(frames);
  },
  scroll: () => scrolling ?? Promise.reject(new Error('nobody asked for it')),
};
