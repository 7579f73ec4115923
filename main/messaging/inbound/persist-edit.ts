import { bareJid } from '#shared/jid.ts';
import type { Change } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import { readOriginId } from '#main/xmpp/features/stanza-ids.ts';
import { changesOf, remember } from './persist-reference.ts';
import { storeText, type TextContent } from './persist-text.ts';
import type { PersistDependencies } from './persist.ts';
import { chatOf } from './standing.ts';
import type { Envelope } from './unwrap.ts';

/**
 * Replaces the text of a message of the same author (XEP-0308 section 4). Where there is none, the new text is
 * a message of its own: it must not vanish, and nobody else's message may change. Nor may an edit in the clear
 * change what was encrypted: the server could have written it.
 */
export const persistEdit = (
  deps: PersistDependencies,
  envelope: Envelope,
  content: TextContent,
  replaces: string,
): readonly Change[] => {
  const { store, clock } = deps;
  const now = clock.now();
  const chat = chatOf(deps, envelope);
  const senderJid = bareJid(envelope.from);
  const target = store.references.find(chat.id, replaces, senderJid);
  // What the user has deleted here must not return with another text.
  if (target === undefined && store.deletions.remembersReference(chat.id, replaces, envelope.sortAt))
    return [];
  if (target === undefined || target.protection !== content.protection) {
    const standIn = storeText(deps, envelope, chat, content);
    if (standIn === undefined || target !== undefined) return standIn?.changes ?? [];
    // Archives are also read back to front: should its message come, this is a version of it.
    const payload = { standIn: standIn.messageId };
    remember(deps, envelope, chat, { refId: replaces, kind: 'edit', payload });
    return standIn.changes;
  }
  const { kind } = store.edits.apply({
    messageId: target.id,
    senderJid,
    body: content.body,
    at: Math.min(envelope.delayedAt ?? now, now),
    sortAt: envelope.sortAt,
    stanzaId: stanzaIdAttribute(envelope.message),
    originId: readOriginId(envelope.message),
    archiveId: envelope.archiveId,
  });
  return kind === 'applied' || kind === 'outdated' ? changesOf(chat, target.id) : [];
};
