import type { Element } from '#main/xmpp/stanza.ts';
import type { Protection } from '#shared/views.ts';

/** The text of an archived message, whoever had to open it. */
export interface ArchivedText {
  /** Empty where it has none. */
  readonly text: string;
  /** How it travelled. */
  readonly protection: Protection;
}

/** A message as the archive tells it, with all that was said about it afterwards. */
export interface ToldMessage {
  /** The start of its text, which no edit changes. */
  readonly key: string;
  /** Bare JID. */
  readonly sender: string;
  /** Its texts, the first one first. */
  readonly versions: string[];
  /** How each of them travelled. */
  readonly protections: Protection[];
  /** `id` of the message that it answers, which may come later: one that waits for its time, say. */
  readonly answers: string | undefined;
  retracted: boolean;
  /** All that a person has ever reacted with, by their bare JID; the last one counts. */
  readonly reactions: Map<string, string[]>;
  delivered: boolean;
  read: boolean;
}

/** The key of a text: edits add what stands behind the comma. */
export const keyOf = (text: string): string => text.split(',')[0] ?? '';

const NS = {
  replace: 'urn:xmpp:message-correct:0',
  retract: 'urn:xmpp:message-retract:1',
  reactions: 'urn:xmpp:reactions:0',
  reply: 'urn:xmpp:reply:0',
  receipts: 'urn:xmpp:receipts',
  markers: 'urn:xmpp:chat-markers:0',
} as const;

const elements = {
  replace: 'replace',
  retract: 'retract',
  reactions: 'reactions',
  receipts: 'received',
  markers: 'displayed',
} as const;

/**
 * Somebody's archive as a story: what each message is in the end. Written anew here, with nothing of the
 * application's own reading, which it judges. A stanza that was repeated stands twice in the archive under one
 * id: its first place counts.
 */
export class Story {
  /** In the order of the archive. */
  readonly messages: ToldMessage[] = [];
  readonly #byId = new Map<string, ToldMessage>();
  readonly #edits = new Set<string>();

  /** @param message the next one of the archive, with its text */
  tell(message: Element, content: ArchivedText): void {
    const sender = (message.attrs['from'] ?? '').split('/')[0] ?? '';
    const about = (['replace', 'retract', 'reactions', 'receipts', 'markers'] as const).find(
      (kind) => message.getChild(elements[kind], NS[kind]) !== undefined,
    );
    if (about === undefined) this.#tellText(message, sender, content);
    else {
      const child = message.getChild(elements[about], NS[about]);
      const target = this.#byId.get(child?.attrs['id'] ?? '');
      if (target !== undefined) this.#tellAbout(about, message, { ...content, sender }, target);
    }
  }

  /** The message that another one answers. */
  answeredBy({ answers }: ToldMessage): ToldMessage | undefined {
    return answers === undefined ? undefined : this.#byId.get(answers);
  }

  #tellText(message: Element, sender: string, { text: whole, protection }: ArchivedText): void {
    const id = message.attrs['id'] ?? '';
    const text = ownText(whole);
    if (text === '' || this.#byId.has(id)) return;
    const told: ToldMessage = {
      key: keyOf(text),
      sender,
      versions: [text],
      protections: [protection],
      answers: message.getChild('reply', NS.reply)?.attrs['id'],
      retracted: false,
      reactions: new Map(),
      delivered: false,
      read: false,
    };
    this.#byId.set(id, told);
    this.messages.push(told);
  }

  #tellAbout(
    about: keyof typeof elements,
    message: Element,
    { sender, text, protection }: ArchivedText & { readonly sender: string },
    target: ToldMessage,
  ): void {
    const isAuthor = target.sender === sender;
    switch (about) {
      case 'replace': {
        const id = message.attrs['id'] ?? '';
        if (!isAuthor || target.retracted || this.#edits.has(id)) return;
        this.#edits.add(id);
        target.versions.push(ownText(text));
        target.protections.push(protection);
        return;
      }
      case 'retract':
        target.retracted ||= isAuthor;
        return;
      case 'reactions': {
        const emojis = message.getChild('reactions', NS.reactions)?.getChildren('reaction') ?? [];
        const said = emojis.map((one) => one.text()).join(' ');
        target.reactions.set(sender, [...(target.reactions.get(sender) ?? []), said]);
        return;
      }
      case 'receipts':
        target.delivered ||= !isAuthor;
        return;
      case 'markers':
        if (!isAuthor) this.#markRead(target);
    }
  }

  /** Whoever has seen a message has seen those before it (XEP-0333 section 2). */
  #markRead(upTo: ToldMessage): void {
    const end = this.messages.indexOf(upTo);
    for (let index = end; index >= 0; index--) {
      const told = this.messages[index];
      if (told?.sender !== upTo.sender) continue;
      if (told.read) return;
      told.read = true;
    }
  }
}

/** Without the quotation in front of a reply. */
const ownText = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('>'))
    .join('\n');
