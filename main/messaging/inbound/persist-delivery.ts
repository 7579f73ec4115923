import { bareJid } from '#shared/jid.ts';
import type { Change } from '#main/util/changes.ts';
import type { DisplayedState } from '#main/xmpp/features/displayed-sync.ts';
import type { Marker } from '#main/xmpp/features/markers.ts';
import { changesOf, existingChat, remember } from './persist-reference.ts';
import type { PersistDependencies } from './persist.ts';
import type { Envelope } from './unwrap.ts';

/** A message of ours has arrived; only its recipient can say so, and he is whose chat this is (XEP-0184). */
export const persistReceipt = (
  deps: PersistDependencies,
  envelope: Envelope,
  refId: string,
): readonly Change[] => {
  const chat = existingChat(deps, envelope);
  if (chat === undefined || envelope.direction === 'out') return [];
  const marked = deps.store.delivery.markDelivered(chat.id, bareJid(envelope.own), refId);
  if (marked === undefined) remember(deps, envelope, chat, { refId, kind: 'receipt', payload: {} });
  return marked === undefined || marked === 'known' ? [] : changesOf(chat, marked.id);
};

/** The other side has seen our messages, or another device of ours those of the other side (XEP-0333). */
export const persistMarker = (
  deps: PersistDependencies,
  envelope: Envelope,
  marker: Marker,
): readonly Change[] => {
  if (envelope.direction === 'out') return persistOwnMarker(deps, envelope, marker);
  if (marker.kind === 'received') return persistReceipt(deps, envelope, marker.id);
  const chat = existingChat(deps, envelope);
  if (chat === undefined) return [];
  const read = deps.store.delivery.markReadUpTo(chat.id, bareJid(envelope.own), marker.id);
  if (read === undefined) remember(deps, envelope, chat, { refId: marker.id, kind: 'marker', payload: {} });
  return changesOf(chat, ...(read ?? []).map(({ id }) => id));
};

const persistOwnMarker = (
  deps: PersistDependencies,
  envelope: Envelope,
  marker: Marker,
): readonly Change[] => {
  const { store } = deps;
  const chat = marker.kind === 'received' ? undefined : existingChat(deps, envelope);
  const seen = chat && store.references.find(chat.id, marker.id, envelope.peer);
  if (chat === undefined || seen === undefined || !store.chats.setReadUpTo(chat.id, seen.id)) return [];
  return [{ kind: 'chat', chatId: chat.id }];
};

/**
 * Up to where our other devices have read (XEP-0490). Only from the stream itself: nobody can have kept a
 * notification of our own account for us.
 */
export const persistDisplayed = (
  { store }: PersistDependencies,
  envelope: Envelope,
  states: readonly DisplayedState[],
): readonly Change[] => {
  if (envelope.source !== 'live') return [];
  return states.flatMap((state) => {
    const chat = store.chats.find(envelope.accountId, state.chat);
    if (chat === undefined || !store.chats.setReadUpToArchiveId(chat.id, state.stanzaId)) return [];
    return [{ kind: 'chat', chatId: chat.id } as const];
  });
};
