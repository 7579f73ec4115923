import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView } from '#shared/views.ts';
import type { App } from '../../state/app.ts';
import { useApp } from '../../app-context.tsx';
import { isolate, type Translate } from '../../i18n/translate.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { displayName } from '../../ui/names.ts';
import { isUndecryptable } from '../timeline/kinds.ts';

/** A text that is replaced before its turn is never spoken, and the same text again is no change: each stays a while. */
const KEPT = 8;

/** Tells screen readers politely what arrives: in the open chat the text, elsewhere only from whom; and new devices. */
export const Announcer = (): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const count = useRef(0);
  const [spoken, setSpoken] = useState<readonly { id: number; text: string }[]>([]);
  useEffect(() => {
    const say = (text: string): void => {
      count.current += 1;
      const id = count.current;
      setSpoken((before) => [...before, { id, text }].slice(-KEPT));
    };
    return watchArrivals(app, t, say);
  }, [app, t]);
  return (
    <div role="log">
      {spoken.map(({ id, text }) => (
        <Hidden key={id}>{text}</Hidden>
      ))}
    </div>
  );
};

const MAX_SPOKEN = 300;

const watchArrivals = (app: App, t: Translate, say: (text: string) => void): (() => void) => {
  const nameOf = (name: string, jid: string): string => isolate(displayName(name, jid));

  const offTimeline = app.timeline.store.subscribe((now, before) => {
    const grown =
      now.generation === before.generation && before.status === 'ready' && !before.window.hasNewer;
    const newest = now.window.rows.at(-1);
    if (!grown || now.window.hasNewer || newest === undefined) return;
    const chat = app.chats.getState().chats.get(newest.chatId);
    if (chat === undefined) return;
    const name = nameOf(chat.name, chat.jid);
    for (const message of addedAtEnd(now.window.rows, before.window.rows)) {
      if (message.direction !== 'in') continue;
      // What stands in place of a text that cannot be read is not of the author.
      const text = isUndecryptable(message)
        ? t('message.undecryptableTitle')
        : message.body.slice(0, MAX_SPOKEN).toWellFormed();
      say(t('timeline.arrived', { name, text }));
    }
  });

  const offChats = app.chats.subscribe(({ chats }, before) => {
    for (const chat of chats.values()) {
      const known = before.chats.get(chat.id);
      // Of strangers nothing is announced.
      if (chat.standing !== 'open' || known === chat || before.chats.size === 0) continue;
      const name = nameOf(chat.name, chat.jid);
      if (chat.deviceWaits === true && known?.deviceWaits !== true) say(`${name}: ${t('chats.deviceWaits')}`);
      if (chat.unread <= (known?.unread ?? 0) || chat.id === app.ui.getState().chatId) continue;
      say(t('timeline.arrivedElsewhere', { name }));
    }
  });

  return () => {
    offTimeline();
    offChats();
  };
};

const addedAtEnd = (rows: readonly MessageView[], before: readonly MessageView[]): readonly MessageView[] => {
  if (rows.at(-1)?.id === before.at(-1)?.id) return [];
  const known = new Set(before.map(({ id }) => id));
  return rows.slice(rows.findLastIndex(({ id }) => known.has(id)) + 1).slice(-KEPT);
};
