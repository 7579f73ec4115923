import { bareJid } from '#shared/jid.ts';
import type { MessageId } from '#shared/ids.ts';
import type { Chat } from '#main/store/chats.ts';
import type { PendingReference, ReferenceKind } from '#main/store/references.ts';
import type { Store } from '#main/store/store.ts';
import type { Change } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import type { Reactions } from '#main/xmpp/features/reactions.ts';
import type { PersistDependencies } from './persist.ts';
import type { Envelope } from './unwrap.ts';

/** When something was said: its place in the archive's order, where there is one, else its time. */
export const saidAt = ({ clock }: Pick<PersistDependencies, 'clock'>, envelope: Envelope): number => {
  const now = clock.now();
  return envelope.sortAt ?? Math.min(envelope.delayedAt ?? now, now);
};

/**
 * When it was said in the archive's order, also of what arrives live: then it is the last so far, whatever our
 * clock says.
 */
const placeOf = (deps: Pick<PersistDependencies, 'store' | 'clock'>, envelope: Envelope): number =>
  envelope.sortAt === undefined && envelope.archiveId !== undefined
    ? deps.store.archive.placeLive(envelope.accountId, saidAt(deps, envelope))
    : saidAt(deps, envelope);

/** A reference alone makes no chat: strangers could fill the list with them. */
export const existingChat = (
  { store }: Pick<PersistDependencies, 'store'>,
  envelope: Envelope,
): Chat | undefined => store.chats.find(envelope.accountId, envelope.peer);

export const changesOf = (chat: Pick<Chat, 'id'>, ...messageIds: readonly MessageId[]): readonly Change[] =>
  messageIds.length === 0
    ? []
    : [
        ...messageIds.map((messageId) => ({ kind: 'message', messageId }) as const),
        { kind: 'chat', chatId: chat.id },
      ];

/** Keeps a reference until the message it is about arrives: archives are also read back to front. */
export const remember = (
  deps: PersistDependencies,
  envelope: Envelope,
  chat: Chat,
  reference: { readonly refId: string; readonly kind: ReferenceKind; readonly payload: PendingPayload },
): void =>
  deps.store.references.add({
    ...reference,
    chatId: chat.id,
    senderJid: bareJid(envelope.from),
    at: saidAt(deps, envelope),
    archiveId: envelope.archiveId,
  });

interface WaitingReaction {
  readonly emojis: readonly string[];
  readonly stanzaId?: string;
}

/** What is kept with a pending reference, by its kind; plain JSON. */
export type PendingPayload =
  /** An edit stands in the timeline as a message of its own meanwhile. */
  | { readonly standIn: MessageId }
  | WaitingReaction
  | { readonly marker: 'displayed' | 'received' }
  | Record<string, never>;

/** Takes a message back, where its author wants that (XEP-0424 section 5). */
export const persistRetraction = (
  deps: PersistDependencies,
  envelope: Envelope,
  refId: string,
): readonly Change[] => {
  const chat = existingChat(deps, envelope);
  if (chat === undefined) return [];
  const senderJid = bareJid(envelope.from);
  const target = deps.store.references.find(chat.id, refId, senderJid);
  if (target === undefined) {
    remember(deps, envelope, chat, { refId, kind: 'retraction', payload: {} });
    return [];
  }
  const at = Math.floor(saidAt(deps, envelope));
  return deps.store.messages.retract(target.id, at, senderJid) === undefined
    ? []
    : changesOf(chat, target.id);
};

/** Replaces somebody's reactions to a message of either side (XEP-0444 section 4). */
export const persistReactions = (
  deps: PersistDependencies,
  envelope: Envelope,
  { id, emojis }: Reactions,
): readonly Change[] => {
  const chat = existingChat(deps, envelope);
  if (chat === undefined) return [];
  const target = deps.store.references.find(chat.id, id);
  const stanzaId = stanzaIdAttribute(envelope.message);
  if (target === undefined) {
    const payload = stanzaId === undefined ? { emojis } : { emojis, stanzaId };
    remember(deps, envelope, chat, { refId: id, kind: 'reaction', payload });
    return [];
  }
  const reaction = {
    messageId: target.id,
    senderJid: bareJid(envelope.from),
    emojis,
    at: placeOf(deps, envelope),
    stanzaId,
  };
  return deps.store.reactions.set(reaction) === undefined ? [] : changesOf(chat, target.id);
};

/**
 * Applies to a message that has come what was said about it before.
 * @returns what changed besides that message
 */
export const settleReference = (
  { store }: Pick<PersistDependencies, 'store'>,
  messageId: MessageId,
  ownJid: string,
  { kind, payload, senderJid, at, chatId, refId }: PendingReference,
): readonly Change[] => {
  switch (kind) {
    case 'retraction':
      store.messages.retract(messageId, Math.floor(at), senderJid);
      return [];
    case 'reaction':
      store.reactions.set({ messageId, senderJid, at, ...(payload as WaitingReaction) });
      return [];
    case 'receipt':
      store.delivery.markDelivered(chatId, ownJid, refId);
      return [];
    case 'marker':
      store.delivery.markReadUpTo(chatId, ownJid, refId);
      return [];
    case 'edit':
      return absorb(store, messageId, (payload as { standIn: MessageId }).standIn);
  }
};

/** What stood in the timeline instead of a message that it edits becomes a version of it. */
const absorb = (store: Store, messageId: MessageId, standInId: MessageId): readonly Change[] => {
  const standIn = store.messages.get(standInId);
  // Retracted or deleted meanwhile: there is nothing left to say.
  if (standIn === undefined || standIn.retractedAt !== undefined) return [];
  // As in `persistEdit`: then they are two messages.
  if (standIn.protection !== store.messages.require(messageId).protection) return [];
  const { chatId, senderJid, body, stanzaId, originId, archiveId, sortAt } = standIn;
  const at = standIn.editedAt ?? standIn.at;
  store.edits.apply({ messageId, senderJid, body, at, sortAt, stanzaId, originId, archiveId });
  store.deletions.deleteMessage(standInId);
  return [{ kind: 'messages-removed', chatId, messageIds: [standInId] }];
};
