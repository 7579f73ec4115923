/** The whole window over a memory pipe: the real client, the real contract, a scripted application behind it. */
import { act, cleanup, render, screen, type RenderResult } from '@testing-library/react';
import { App } from '#renderer/App.tsx';
import { createLink, type Link } from '#renderer/api/link.ts';
import { createTranslator, type LanguageTag } from '#renderer/i18n/translate.ts';
import { createApp, type App as Application } from '#renderer/state/app.ts';
import { FakeBackend, type FakeData } from '#tests/e2e/support/fake-backend.ts';
import { memoryPipes } from '#tests/support/memory-pipe.ts';

export interface TestWindow {
  readonly app: Application;
  readonly backend: FakeBackend;
  readonly view: RenderResult;
  readonly link: Link;
  /** Cuts the pipe, as a host does that goes away; the link opens a new one by itself. */
  disconnect(): void;
}

type Overrides = ConstructorParameters<typeof FakeBackend>[1];

interface Options {
  readonly overrides?: Overrides;
  readonly language?: LanguageTag;
}

const opened: (() => void)[] = [];

/** Link, client and stores without any component. */
export const openApp = (data: FakeData = {}, overrides: Overrides = {}): Omit<TestWindow, 'view'> => {
  const backend = new FakeBackend(data, overrides);
  let close = (): void => undefined;
  const link = createLink(() => {
    const [near, far] = memoryPipes();
    close = near.close;
    backend.server.attach(far);
    return Promise.resolve(near);
  });
  const app = createApp(link);
  opened.push(() => {
    link.close();
    backend.server.dispose();
  });
  return { app, backend, link, disconnect: () => close() };
};

/** Draws the window and waits until it knows what it is. */
export const openWindow = async (data: FakeData = {}, options: Options = {}): Promise<TestWindow> => {
  giveElementsSizes();
  const base = openApp(
    { ...data, settings: { language: options.language ?? 'en', ...data.settings } },
    options.overrides,
  );
  const translator = createTranslator(options.language ?? 'en');
  const view = render(<App app={base.app} translator={translator} />);
  await settle();
  return { ...base, view };
};

/** To be called after each test: nothing of a window stays. */
export const closeWindows = (): void => {
  cleanup();
  for (const close of opened.splice(0)) close();
  document.documentElement.removeAttribute('data-theme');
};

/** Lets frames travel and React draw. */
export const settle = async (): Promise<void> => {
  await act(async () => {
    for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  });
};

/** Opens a chat by a click on its row. */
export const openChat = async (name: string | RegExp): Promise<void> => {
  const row = (await screen.findAllByRole('button', { name })).find((button) => 'row' in button.dataset);
  if (row === undefined) throw new Error('there is no such row');
  act(() => row.click());
  await settle();
};

/** happy-dom lays nothing out; virtual lists need to know that there is room, and how far they can scroll. */
const giveElementsSizes = (): void => {
  const define = (name: string, measure: (element: HTMLElement) => number): void => {
    Object.defineProperty(HTMLElement.prototype, name, {
      configurable: true,
      get(this: HTMLElement) {
        return measure(this);
      },
    });
  };
  const height = (element: HTMLElement): number => (element.dataset['index'] === undefined ? 600 : 52);
  define('offsetHeight', height);
  define('clientHeight', height);
  define('offsetWidth', () => 800);
  define('clientWidth', () => 800);
  define('scrollHeight', ({ firstElementChild: inner }) =>
    Math.max(600, inner instanceof HTMLElement ? Number.parseFloat(inner.style.blockSize) || 0 : 0),
  );
};
