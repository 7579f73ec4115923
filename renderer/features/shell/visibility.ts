import type { App } from '../../state/app.ts';

/**
 * Tells main whether somebody can see this window: at the start, whenever it changes, and to a host that is back.
 * @returns its own off
 */
export const tellVisibility = (app: Pick<App, 'api' | 'link'>): (() => void) => {
  const tell = (): void => {
    if (app.link.state() !== 'open') return;
    const visible = document.visibilityState === 'visible';
    // Lost with the link; the next one hears it again.
    app.api.app.setVisibility({ visible }).catch(() => undefined);
  };
  const offLink = app.link.onState(tell);
  document.addEventListener('visibilitychange', tell);
  tell();
  return () => {
    offLink();
    document.removeEventListener('visibilitychange', tell);
  };
};
