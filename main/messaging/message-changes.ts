import { randomUUID } from 'node:crypto';
import { emojiKey } from '#shared/emoji.ts';
import { AppError } from '#shared/errors.ts';
import type { MessageId } from '#shared/ids.ts';
import type { MessageVersion } from '#main/store/edits.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { OutboxKind } from '#main/store/outbox.ts';
import { MAX_REACTIONS } from '#main/xmpp/features/reactions.ts';
import { referenceId, type MessageServiceDependencies } from './messages.ts';
import type { EditPayload, ReactionPayload, RetractionPayload } from './outbound/payloads.ts';

/**
 * What the user changes in messages that are there. Each is shown at once, and told to the others through the
 * outbox, behind the message itself.
 */
export class MessageChanges {
  readonly #deps: Pick<MessageServiceDependencies, 'store' | 'changes' | 'clock' | 'poke'>;

  constructor(deps: Pick<MessageServiceDependencies, 'store' | 'changes' | 'clock' | 'poke'>) {
    this.#deps = deps;
  }

  /**
   * Replaces the text of an own message (XEP-0308); one that has not left simply gets it.
   * @throws AppError `not-found` for what is not one's own, retracted or failed
   */
  edit(messageId: MessageId, text: string): StoredMessage {
    const { store, clock } = this.#deps;
    const message = this.#requireChangeable(messageId);
    if (message.body === text) return message;
    return this.#changed(message, () => {
      if (store.messages.changeText(messageId, text) !== undefined) return;
      const stanzaId = randomUUID();
      const replaces = required(message.stanzaId);
      const { senderJid } = message;
      store.edits.apply({ messageId, senderJid, body: text, at: clock.now(), stanzaId, originId: stanzaId });
      this.#queue(message, 'edit', { stanzaId, replaces, body: text } satisfies EditPayload);
    });
  }

  /** All versions of a message, the oldest first. @throws AppError `not-found` */
  history(messageId: MessageId): readonly MessageVersion[] {
    const { store } = this.#deps;
    return store.edits.of(store.messages.require(messageId).id);
  }

  /**
   * Takes an own message back for everybody (XEP-0424); of one that has not left nobody hears.
   * @throws AppError `not-found` for what is not one's own, retracted or failed
   */
  retract(messageId: MessageId): StoredMessage {
    const { store, clock } = this.#deps;
    const message = this.#requireChangeable(messageId);
    return this.#changed(message, () => {
      const entry = store.outbox.ofMessage(messageId);
      const hasLeft = entry === undefined || entry.stanza !== undefined;
      store.messages.retract(messageId, clock.now(), message.senderJid);
      if (!hasLeft) return;
      const retracts = required(message.stanzaId);
      this.#queue(message, 'retraction', { stanzaId: randomUUID(), retracts } satisfies RetractionPayload);
    });
  }

  /**
   * Adds or removes one emoji of the user under a message (XEP-0444). More than 20 are left out.
   * @throws AppError `not-found` for a message that was retracted, or that nobody can refer to; `denied` where
   * the message is encrypted, because a reaction could only be sent in the clear
   */
  react(messageId: MessageId, emoji: string, on: boolean): StoredMessage {
    const { store, clock } = this.#deps;
    const message = store.messages.require(messageId);
    if (message.retractedAt !== undefined) throw new AppError('not-found', 'the message was retracted');
    // It could only leave in the clear (XEP-0384 0.3 encrypts texts), and must not seem to have been sent.
    if (message.protection !== 'none') throw new AppError('denied', 'a reaction cannot be encrypted');
    const senderJid = store.accounts.require(store.chats.accountOf(message.chatId)).jid;
    const own = store.reactions.of([messageId]).find((reaction) => reaction.senderJid === senderJid);
    const others = (own?.emojis ?? []).filter((one) => emojiKey(one) !== emojiKey(emoji));
    const emojis = (on ? [...others, emoji] : others).slice(0, MAX_REACTIONS);
    if (emojis.join(' ') === (own?.emojis ?? []).join(' ')) return message;
    return this.#changed(message, () => {
      // Never older than what it replaces, should the clock have been set back.
      const at = Math.max(clock.now(), (own?.at ?? 0) + 1);
      const stanzaId = randomUUID();
      store.reactions.set({ messageId, senderJid, emojis, at, stanzaId });
      const payload: ReactionPayload = {
        stanzaId,
        about: required(referenceId(message)),
        emojis,
      };
      // Only the last word counts: one that has not left need not be said.
      const waiting = store.outbox.about(messageId).find((entry) => entry.kind === 'reaction');
      if (waiting === undefined || !store.outbox.setPayload(waiting.id, payload)) {
        this.#queue(message, 'reaction', payload);
      }
    });
  }

  #changed(message: StoredMessage, act: () => void): StoredMessage {
    const { store, changes, poke } = this.#deps;
    store.transaction(act);
    changes.announce({ kind: 'message', messageId: message.id }, { kind: 'chat', chatId: message.chatId });
    poke(store.chats.accountOf(message.chatId));
    return store.messages.require(message.id);
  }

  #queue({ chatId, id }: StoredMessage, kind: OutboxKind, payload: object): void {
    this.#deps.store.outbox.add({ chatId, aboutId: id, kind, payload, createdAt: this.#deps.clock.now() });
  }

  #requireChangeable(messageId: MessageId): StoredMessage {
    const message = this.#deps.store.messages.require(messageId);
    const isOwn = message.direction === 'out' && message.state !== 'failed';
    if (isOwn && message.retractedAt === undefined) return message;
    throw new AppError('not-found', 'there is no own message that could be changed');
  }
}

const required = (id: string | undefined): string => {
  if (id === undefined) throw new AppError('not-found', 'the message has no id by which others know it');
  return id;
};
