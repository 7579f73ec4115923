import type * as Electron from 'electron';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import { APP_URL, webPreferences } from './security.ts';

export interface WindowOptions {
  readonly electron: Pick<typeof Electron, 'BrowserWindow' | 'Menu' | 'nativeTheme'>;
  readonly preload: string;
  readonly devTools: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The window's colours before its style sheet is there: `--bg` of the light and the dark theme. */
const background = { light: '#ffffff', dark: '#12151a' } as const;
/** A page that dies again this soon would die for ever. */
const RELOAD_PAUSE = 30_000;

/** Makes the main window; `load` shows the page in it. */
export const createWindow = (options: WindowOptions): Electron.BrowserWindow => {
  const { BrowserWindow, nativeTheme } = options.electron;
  const window = new BrowserWindow({
    width: 1120,
    height: 760,
    minWidth: 360,
    minHeight: 480,
    show: false,
    title: 'ChatSecure',
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: webPreferences(options.preload, options.devTools),
  });
  window.once('ready-to-show', () => window.show());
  reviveAfterCrash(window, options);
  offerEditMenu(window, options);
  return window;
};

/** Shows our page, and never another one. */
export const loadPage = (window: Electron.BrowserWindow): Promise<void> => window.loadURL(APP_URL);

/** Nothing is lost with the page: it asks main for everything again. */
const reviveAfterCrash = (window: Electron.BrowserWindow, { clock, log }: WindowOptions): void => {
  let last = Number.NEGATIVE_INFINITY;
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    log.error('the page is gone', { reason });
    const isRepeated = clock.now() - last < RELOAD_PAUSE;
    last = clock.now();
    if (reason !== 'clean-exit' && !isRepeated) window.webContents.reload();
  });
};

/** Electron brings no context menu; without one, people who use the mouse cannot copy. */
const offerEditMenu = (window: Electron.BrowserWindow, { electron }: WindowOptions): void => {
  window.webContents.on('context-menu', (_event, { editFlags, isEditable, selectionText }) => {
    const edit: Electron.MenuItemConstructorOptions[] = [
      { role: 'cut', enabled: editFlags.canCut, visible: isEditable },
      { role: 'copy', enabled: editFlags.canCopy },
      { role: 'paste', enabled: editFlags.canPaste, visible: isEditable },
      { role: 'selectAll', enabled: editFlags.canSelectAll, visible: isEditable },
    ];
    if (isEditable || selectionText !== '') electron.Menu.buildFromTemplate(edit).popup({ window });
  });
};
