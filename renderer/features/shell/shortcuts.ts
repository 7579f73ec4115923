import type { App } from '../../state/app.ts';
import { visibleChats } from '../../state/chats.ts';

/** The keys of the whole window. Lists, dialogs and the composer have their own on top. */
export const watchShortcuts = (app: App): (() => void) => {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    if (act(app, event)) event.preventDefault();
  };
  document.addEventListener('keydown', onKeyDown);
  return () => document.removeEventListener('keydown', onKeyDown);
};

const isMac = (): boolean => navigator.platform.startsWith('Mac');

/** @returns whether the key meant something */
const act = (app: App, event: KeyboardEvent): boolean => {
  const { key, altKey, shiftKey } = event;
  const command = isMac() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  // A dialog keeps the window's keys away; Escape is its own.
  if (app.ui.getState().dialog !== undefined) return false;
  if (command && !altKey && !shiftKey && key.toLowerCase() === 'k') return focusSearch(app);
  if (command && !altKey && !shiftKey && key.toLowerCase() === 'n') return openNewChat(app);
  if (altKey && !command && (key === 'ArrowUp' || key === 'ArrowDown'))
    return step(app, key === 'ArrowUp' ? -1 : 1);
  if (event.ctrlKey && !altKey && key === 'Tab') return step(app, shiftKey ? -1 : 1);
  if (key === 'F6') return cycleRegions(shiftKey ? -1 : 1);
  if (key === 'Escape') return leave(app);
  return false;
};

const focusSearch = (app: App): boolean => {
  if (app.ui.getState().view === 'settings') app.show('chats');
  // The box may only now be drawn.
  requestAnimationFrame(() => {
    const box = document.querySelector<HTMLInputElement>('[data-search]');
    box?.focus();
    box?.select();
  });
  return true;
};

const openNewChat = (app: App): boolean => {
  app.openDialog({ kind: 'new-chat' });
  return true;
};

/** The next chat of the list as it is shown; stops at the ends. */
const step = (app: App, by: 1 | -1): boolean => {
  const { chatId, query, unreadOnly, requestsOnly } = app.ui.getState();
  const ids = visibleChats(app.chats.getState(), { query, unreadOnly, requestsOnly, keep: chatId });
  const at = chatId === undefined ? -1 : ids.indexOf(chatId);
  const next = at < 0 ? (by > 0 ? ids[0] : ids.at(-1)) : ids[at + by];
  if (next !== undefined) app.openChat(next);
  return true;
};

/** F6: rail, list, messages, composer. Each region takes the focus where it makes most sense. */
const cycleRegions = (by: 1 | -1): boolean => {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter(
    (region) => region.offsetParent !== null || region.getClientRects().length > 0,
  );
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(at + by + regions.length) % regions.length];
  if (next === undefined) return false;
  const inside =
    next.querySelector<HTMLElement>('[data-region-focus], [data-row][tabindex="0"]') ??
    next.querySelector<HTMLElement>(
      '[tabindex="0"], button:not(:disabled), input, textarea, select, a[href]',
    );
  (inside ?? next).focus();
  return true;
};

/** Escape: empties the search, then closes what is open. */
const leave = (app: App): boolean => {
  const { view, query, chatId, contact } = app.ui.getState();
  if (query !== '') {
    app.ui.setState({ query: '' });
    return true;
  }
  if (view === 'settings') app.show('chats');
  else if (view === 'contacts' && contact !== undefined) app.ui.setState({ contact: undefined });
  else if (view === 'contacts') app.show('chats');
  else if (chatId !== undefined) {
    app.closeChat();
    document.querySelector<HTMLElement>('[data-region="list"] [tabindex="0"][data-row]')?.focus();
  } else return false;
  return true;
};
