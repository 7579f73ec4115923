import type { ChatId } from '#shared/ids.ts';
import type { App } from '../../state/app.ts';
import type { LanguageTag } from '../../i18n/translate.ts';
import { displayName } from '../../ui/names.ts';
import { operatorWord } from './operators.ts';
import { nameFor, wordsOf } from './query.ts';

type SearchingApp = Pick<App, 'ui' | 'chats'>;

/** The box of the view that is shown, with its text selected; from the settings, that of the chats. */
export const focusSearch = (
  { ui }: Pick<App, 'ui'>,
  mark = (box: HTMLInputElement): void => box.select(),
): void => {
  const { view, searching } = ui.getState();
  const focused = document.activeElement;
  const isElsewhere = focused instanceof HTMLElement && focused.closest('[data-region="list"]') === null;
  ui.setState({
    ...(view === 'settings' ? { view: 'chats' } : {}),
    ...(isElsewhere && !searching ? { searchedFrom: focused } : {}),
    searching: true,
  });
  const enter = (): void => {
    const box = document.querySelector<HTMLInputElement>('[data-search]');
    if (box === null || document.activeElement === box) return;
    box.focus();
    mark(box);
  };
  // The box may only now be drawn, and a menu that led here gives the focus back once more.
  requestAnimationFrame(() => {
    const box = document.querySelector<HTMLInputElement>('[data-search]');
    if (box !== null && document.activeElement === box) mark(box);
    enter();
    requestAnimationFrame(() => requestAnimationFrame(enter));
  });
};

/** Searches everything: what was looked for in one chat is looked for in all. */
export const searchEverywhere = (app: SearchingApp): void => {
  app.ui.setState(({ query }) => ({ view: 'chats', requestsOnly: false, query: wordsOf(query) }));
  focusSearch(app);
};

/** Searches one chat; without one, everything. */
export const searchChat = (app: SearchingApp, chatId: ChatId | undefined): void => {
  const all = [...app.chats.getState().chats.values()].map(({ id, name, jid }) => ({
    ...{ id, jid },
    name: displayName(name, jid),
  }));
  const chat = all.find(({ id }) => id === chatId);
  if (chat === undefined) {
    searchEverywhere(app);
    return;
  }
  const name = nameFor(chat, all);
  // As the window itself is marked.
  const language = (document.documentElement.lang || 'en') as LanguageTag;
  const operator = `${operatorWord(language, 'in')}:${/\s/u.test(name) ? `"${name}"` : name} `;
  app.ui.setState(({ query }) => ({
    view: 'chats',
    requestsOnly: false,
    query: query.startsWith(operator) ? query : operator,
  }));
  // The chat stays, the words are written anew.
  focusSearch(app, (box) => box.setSelectionRange(operator.length, box.value.length));
};

/**
 * Ends the search: empties it, and gives the focus back to where it was before.
 * @returns whether there was anything to end
 */
export const leaveSearch = ({ ui }: Pick<App, 'ui'>): boolean => {
  const { query, searching, searchedFrom } = ui.getState();
  const list = document.querySelector('[data-region="list"]');
  const isInside = list?.contains(document.activeElement) === true;
  if (query === '' && !(searching && isInside)) return false;
  ui.setState({ query: '', searching: false, searchedFrom: undefined });
  // Whoever reads what was found reads on.
  if (!isInside) return true;
  requestAnimationFrame(() => {
    const row = document.querySelector<HTMLElement>('[data-region="list"] [data-row][tabindex="0"]');
    const back = [searchedFrom, document.getElementById('composer'), row];
    back.find((element) => element?.isConnected === true && element.getClientRects().length > 0)?.focus();
  });
  return true;
};
