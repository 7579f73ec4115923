import type { Chat } from '#main/store/chats.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import type { Element } from '#main/xmpp/stanza.ts';

/** What becomes of a message that is about to leave. */
export type Sealed =
  | { readonly kind: 'sealed'; readonly stanza: Element }
  /** It cannot be protected as it was meant to be; it stays here. */
  | { readonly kind: 'refused'; readonly condition: string };

/**
 * Turns a stored message into the stanza that travels. The protection was chosen when the message was
 * queued and is never lowered here: what cannot be protected as promised is refused.
 */
export const seal = (
  message: StoredMessage,
  chat: Pick<Chat, 'jid'>,
  options: { sendTyping: boolean },
): Sealed => {
  switch (message.protection) {
    case 'none':
      return {
        kind: 'sealed',
        stanza: textMessage({
          to: chat.jid,
          id: message.originId ?? message.stanzaId ?? String(message.id),
          body: message.body,
          chatState: options.sendTyping,
        }),
      };
    case 'omemo':
    case 'otr':
      return { kind: 'refused', condition: 'encryption-unavailable' };
  }
};
