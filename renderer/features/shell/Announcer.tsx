import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { App } from '../../state/app.ts';
import { useApp } from '../../app-context.tsx';
import { isolate, type Translate } from '../../i18n/translate.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { displayName } from '../../ui/names.ts';

/** Tells screen readers politely what arrives: in the open chat the text, elsewhere only from whom. */
export const Announcer = (): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const [text, setText] = useState('');
  useEffect(() => watchArrivals(app, t, setText), [app, t]);
  return (
    <div role="status">
      <Hidden>{text}</Hidden>
    </div>
  );
};

const MAX_SPOKEN = 300;

const watchArrivals = (app: App, t: Translate, say: (text: string) => void): (() => void) => {
  const nameOf = (name: string, jid: string): string => isolate(displayName(name, jid));

  const offTimeline = app.timeline.store.subscribe((now, before) => {
    const newest = now.window.rows.at(-1);
    const last = before.window.rows.at(-1);
    const grown =
      now.generation === before.generation && before.status === 'ready' && !before.window.hasNewer;
    if (!grown || now.window.hasNewer || newest === undefined || newest.id === last?.id) return;
    const chat = app.chats.getState().chats.get(newest.chatId);
    if (newest.direction !== 'in' || chat === undefined) return;
    say(t('timeline.arrived', { name: nameOf(chat.name, chat.jid), text: newest.body.slice(0, MAX_SPOKEN) }));
  });

  const offChats = app.chats.subscribe(({ chats }, before) => {
    for (const chat of chats.values()) {
      const known = before.chats.get(chat.id);
      // Of strangers nothing is announced.
      if (chat.standing !== 'open' || known === chat || chat.unread <= (known?.unread ?? 0)) continue;
      if (chat.id === app.ui.getState().chatId || before.chats.size === 0) continue;
      say(t('timeline.arrivedElsewhere', { name: nameOf(chat.name, chat.jid) }));
    }
  });

  return () => {
    offTimeline();
    offChats();
  };
};
