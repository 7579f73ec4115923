import type { ChatId } from '#shared/ids.ts';
import type { App } from '../../state/app.ts';
import { visibleChats } from '../../state/chats.ts';
import { focusSearch, leaveSearch, searchChat, searchEverywhere } from '../search/enter-search.ts';
import { wordsOf } from '../search/query.ts';

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
  if (command && !altKey && !shiftKey && key.toLowerCase() === 'k') return did(focusSearch(app));
  if (command && !altKey && key.toLowerCase() === 'f')
    return did(shiftKey ? searchEverywhere(app) : searchChat(app, openChatId(app)));
  if (command && !altKey && !shiftKey && key.toLowerCase() === 'n') return openNewChat(app);
  if (altKey && !command && (key === 'ArrowUp' || key === 'ArrowDown'))
    return step(app, key === 'ArrowUp' ? -1 : 1);
  if (event.ctrlKey && !altKey && key === 'Tab') return step(app, shiftKey ? -1 : 1);
  if (key === 'F6') return cycleRegions(shiftKey ? -1 : 1);
  if (key === 'Escape') return leave(app);
  return false;
};

/** For an act that always means something. */
const did = (_: void): true => true;

/** The chat that is seen; from elsewhere, everything is searched. */
const openChatId = (app: App): ChatId | undefined => {
  const { view, chatId } = app.ui.getState();
  return view === 'chats' ? chatId : undefined;
};

const openNewChat = (app: App): boolean => {
  app.openDialog({ kind: 'new-chat' });
  return true;
};

/** The next chat of the list as it is shown; stops at the ends. */
const step = (app: App, by: 1 | -1): boolean => {
  const { chatId, query, unreadOnly, requestsOnly } = app.ui.getState();
  const ids = visibleChats(app.chats.getState(), {
    query: wordsOf(query),
    unreadOnly,
    requestsOnly,
    keep: chatId,
  });
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

/** Escape: ends the search, then closes what is open. */
const leave = (app: App): boolean => {
  const { view, chatId, contact } = app.ui.getState();
  if (leaveSearch(app)) return true;
  if (view === 'settings') app.show('chats');
  else if (view === 'contacts' && contact !== undefined) app.ui.setState({ contact: undefined });
  else if (view === 'contacts') app.show('chats');
  else if (chatId !== undefined) {
    app.closeChat();
    focusList();
  } else return false;
  return true;
};

/** The row of the list that Tab reaches. The list may only now be drawn anew, and rows that are far away later. */
const focusList = (frames = 5): void => {
  const row = document.querySelector<HTMLElement>('[data-region="list"] [tabindex="0"][data-row]');
  row?.focus();
  if (document.activeElement !== row && frames > 0) requestAnimationFrame(() => focusList(frames - 1));
};
