import type { AccountId } from '#shared/ids.ts';
import type { EncryptionScheme } from '#main/crypto/scheme.ts';
import type { Jid } from '#shared/jid.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { TypingBook } from '../typing-book.ts';
import { decrypt, isEncrypted } from './decrypt.ts';
import { interpret, type Meaning } from './interpret.ts';
import { persist, type PersistDependencies } from './persist.ts';
import { unwrap, type Envelope, type Unwrapped } from './unwrap.ts';

export interface InboundDependencies extends PersistDependencies {
  readonly changes: Changes;
  readonly typing: TypingBook;
  /** Tells the account's outbox that there may be something to send. */
  readonly poke: (accountId: AccountId) => void;
  /** Opens what is encrypted; without it such messages are rows that say so. */
  readonly scheme?: EncryptionScheme | undefined;
}

/**
 * The path of every incoming message: unwrap, decrypt, interpret, deduplicate, persist in one transaction, announce.
 * One message at a time for each account. Returns when the message is stored; throws AppError where it
 * could not be, and then it must not be acknowledged.
 */
export const createInbound = (deps: InboundDependencies) => {
  /**
   * @param confirm everything before it is here: the archive is asked only for what comes after
   * @returns the message, where it says something or the archive has it
   */
  const handle = (
    accountId: AccountId,
    own: Jid,
    stanza: Element,
    confirm = false,
  ): Pick<Envelope, 'peer' | 'from' | 'archiveId'> | undefined => {
    const unwrapped = unwrap(accountId, own, stanza);
    if (unwrapped.kind === 'refused')
      deps.log.warn('a wrapped message was refused', { reason: unwrapped.reason });
    if (unwrapped.kind !== 'message') return undefined;
    const { envelope } = unwrapped;
    const plain = isEncrypted(deps, envelope) ? undefined : interpret(envelope.message, envelope.own);
    if (plain?.length === 0 && (!confirm || envelope.archiveId === undefined)) return undefined;
    const { changes, meanings } = deps.store.transaction(() => {
      const opened = decrypt(deps, envelope);
      const read = plain ?? interpret(opened.message, opened.own);
      const written = read.flatMap((meaning) => persist(deps, opened, meaning));
      if (confirm) confirmLive(envelope);
      return { changes: written, meanings: read };
    });
    deps.changes.announce(...changes);
    for (const meaning of meanings) noteTyping(deps, envelope, meaning);
    // A receipt waits in the outbox.
    if (meanings.some((meaning) => meaning.kind === 'text')) deps.poke(accountId);
    return envelope;
  };

  /**
   * Stores a page of the archive in one transaction.
   * @param place called inside of it: the places of the messages, in the same order
   * @returns how many rows are new or have changed, and what `place` gave as the end
   */
  const handleArchived = <End>(
    page: readonly Unwrapped[],
    place: () => { readonly places: readonly number[]; readonly end: End },
  ): { readonly added: number; readonly end: End } => {
    const { changes, end } = deps.store.transaction(() => {
      const { places, end: reached } = place();
      const written = page.flatMap((one, index) => {
        if (one.kind === 'refused') deps.log.warn('an archived message was refused', { reason: one.reason });
        if (one.kind !== 'message') return [];
        const envelope = decrypt(deps, { ...one.envelope, sortAt: places[index] });
        return interpret(envelope.message, envelope.own).flatMap((meaning) =>
          persist(deps, envelope, meaning),
        );
      });
      return { changes: written, end: reached };
    });
    deps.changes.announce(...changes);
    return { added: changes.filter(({ kind }) => kind === 'message').length, end };
  };

  const confirmLive = ({ accountId, peer, archiveId }: Envelope): void => {
    const { archive, chats, messages } = deps.store;
    const chat = archiveId === undefined ? undefined : chats.find(accountId, peer);
    if (archiveId === undefined) return;
    const row = chat && messages.findByArchiveId(chat.id, archiveId);
    // A message without a row (a receipt, say) has its place in the archive too.
    archive.confirm(accountId, {
      id: archiveId,
      sortAt: row?.sortAt ?? archive.placeLive(accountId, deps.clock.now()),
    });
  };

  return { handle, handleArchived };
};

export type Inbound = ReturnType<typeof createInbound>;

const noteTyping = (
  { store, typing }: Pick<InboundDependencies, 'store' | 'typing'>,
  envelope: Envelope,
  meaning: Meaning,
): void => {
  const chat = store.chats.find(envelope.accountId, envelope.peer);
  // What another device of ours sent says nothing about the other side, and strangers get no attention for it.
  // A chat state alone makes no chat: the list could be filled with it.
  if (chat?.standing !== 'open' || envelope.direction === 'out') return;
  if (meaning.kind === 'text' || meaning.kind === 'unreadable') typing.set(chat.id, false);
  // Old news from the server's store says nothing about now.
  else if (meaning.kind === 'chat-state') {
    typing.set(chat.id, meaning.state === 'composing' && envelope.delayedAt === undefined);
  }
};
