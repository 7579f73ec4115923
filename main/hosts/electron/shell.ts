import type * as Electron from 'electron';
import type { SecretStore, Shell } from '#main/hosts/shell.ts';
import { externalUrl } from '#shared/security-policy.ts';

export interface ElectronShellOptions {
  readonly electron: Pick<
    typeof Electron,
    'app' | 'BrowserWindow' | 'nativeImage' | 'powerMonitor' | 'shell'
  >;
  readonly profileDir: string;
  readonly secrets: SecretStore;
}

/** What Electron can do for the application. To be made after `ready`: power events do not exist earlier. */
export const createElectronShell = ({ electron, profileDir, secrets }: ElectronShellOptions): Shell => ({
  host: 'electron',
  profileDir,
  secrets,
  openExternal: async (text) => {
    const url = externalUrl(text);
    if (url === undefined) throw new Error('this link must not be opened');
    await electron.shell.openExternal(url);
  },
  setBadge: (unread) => {
    electron.app.setBadgeCount(unread);
    if (process.platform === 'win32') setOverlay(electron, unread);
  },
  idleSeconds: () => electron.powerMonitor.getSystemIdleTime(),
  onPower: (listener) => {
    const { powerMonitor } = electron;
    const onSuspend = (): void => listener('suspend');
    const onResume = (): void => listener('wake');
    powerMonitor.on('suspend', onSuspend);
    powerMonitor.on('resume', onResume);
    return () => {
      powerMonitor.off('suspend', onSuspend);
      powerMonitor.off('resume', onResume);
    };
  },
});

/** Windows has no badge; a dot over the taskbar's icon stands for it. The description is for screen readers. */
const setOverlay = (
  { BrowserWindow, nativeImage }: ElectronShellOptions['electron'],
  unread: number,
): void => {
  const dot =
    unread === 0
      ? null
      : nativeImage.createFromBitmap(drawDot(OVERLAY_SIZE), { width: OVERLAY_SIZE, height: OVERLAY_SIZE });
  for (const window of BrowserWindow.getAllWindows())
    window.setOverlayIcon(dot, unread === 0 ? '' : String(unread));
};

const OVERLAY_SIZE = 16;
/** The accent colour as Chromium's bitmaps have it: blue, green, red, opacity. */
const ACCENT = [0x6a, 0x6f, 0x0f, 0xff] as const;

/** A filled circle on nothing. */
const drawDot = (size: number): Buffer => {
  const pixels = Buffer.alloc(size * size * ACCENT.length);
  const centre = (size - 1) / 2;
  for (let at = 0; at < size * size; at++) {
    const isInside = Math.hypot((at % size) - centre, Math.floor(at / size) - centre) <= size / 2 - 1;
    if (isInside) pixels.set(ACCENT, at * ACCENT.length);
  }
  return pixels;
};
