import { useTranslation } from 'react-i18next';
import type { ContactView } from '#shared/views.ts';
import { useFormat } from '../../app-context.tsx';
import { presenceWords } from '../../ui/presence.ts';
import { useNow } from '../../ui/use-now.ts';

/** Somebody's presence in words, with the time since when nobody uses any of their devices. */
export const usePresenceWords = (contact: ContactView | undefined): string => {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(60_000);
  const presence = presenceWords(t, contact);
  const since = contact?.lastSeen;
  return since === undefined ? presence : t('presence.idle', { presence, since: format.moment(since, now) });
};
