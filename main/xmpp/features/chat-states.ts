/** XEP-0085: Chat State Notifications, version 2.1 — https://xmpp.org/extensions/xep-0085.html */
import type { Feature } from '../feature.ts';
import { NS, xml, type Element } from '../stanza.ts';

export const chatStates = ['active', 'composing', 'paused', 'inactive', 'gone'] as const;
export type ChatState = (typeof chatStates)[number];

/** The chat state of a message, if it has one. */
export const readChatState = (message: Element): ChatState | undefined => {
  const names = message
    .getChildElements()
    .flatMap((element) => (element.getNS() === NS.chatStates ? [element.getName()] : []));
  return chatStates.find((state) => names.includes(state));
};

export const chatState = (state: ChatState): Element => xml(state, { xmlns: NS.chatStates });

export const chatStateNotifications: Feature = { id: 'XEP-0085', discoVars: [NS.chatStates] };
