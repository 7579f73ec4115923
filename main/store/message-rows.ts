import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState, Protection } from '#shared/views.ts';
import { columns, type MessageRow } from './rows.ts';

/** A message as it is kept. Times are milliseconds since 1970, UTC. */
export interface StoredMessage {
  readonly id: MessageId;
  readonly chatId: ChatId;
  readonly direction: MessageDirection;
  /** Bare JID of the author; in a room the occupant's full JID. */
  readonly senderJid: string;
  /** The present version; empty where it was retracted. */
  readonly body: string;
  readonly at: number;
  /** Place in the timeline, then the id. Milliseconds; the fraction keeps the order of the archive. */
  readonly sortAt: number;
  readonly state: MessageState;
  /** As in `MessageView`. */
  readonly failure: string | undefined;
  /** What the other side's server said about the failure, in its own words. */
  readonly failureText: string | undefined;
  readonly protection: Protection;
  /** The `id` attribute of the stanza. */
  readonly stanzaId: string | undefined;
  /** XEP-0359 `<origin-id/>`. */
  readonly originId: string | undefined;
  /** XEP-0359 `<stanza-id/>` of the entity that this chat's archive trusts: the own server, or the room. */
  readonly archiveId: string | undefined;
  /** RFC 6121 section 5.2.5. */
  readonly thread: string | undefined;
  /** When the present version was written; undefined where it is the first one. */
  readonly editedAt: number | undefined;
  /** When it was taken back (XEP-0424); nothing of its contents is kept then. */
  readonly retractedAt: number | undefined;
  readonly reply: ReplyReference | undefined;
  /** The sender asks for a receipt (XEP-0184), or we do. */
  readonly receiptWanted: boolean;
  /** The sender asks for a displayed marker (XEP-0333), or we do. */
  readonly markable: boolean;
  readonly hasFile: boolean;
  readonly rev: number;
}

/** XEP-0461: what a message answers. */
export interface ReplyReference {
  /** Id of the answered message, as the sender refers to it. */
  readonly id: string;
  /** Who wrote it, as the sender says. */
  readonly jid: string | undefined;
  /** What is shown where the answered message is not here. */
  readonly quote: string | undefined;
}

/** What every new row may have besides its text. */
export interface MessageExtras {
  readonly thread?: string | undefined;
  readonly reply?: ReplyReference | undefined;
  readonly receiptWanted?: boolean | undefined;
  readonly markable?: boolean | undefined;
  readonly hasFile?: boolean | undefined;
}

/** The failure of a message that came and could not be read, also of one that another own device sent. */
export const NOT_DECRYPTABLE = 'not-decryptable';

export interface NewIncoming extends MessageExtras {
  readonly chatId: ChatId;
  readonly senderJid: string;
  readonly body: string;
  readonly at: number;
  /**
   * Place in the timeline: of a row of the archive as `ArchiveStore.placePage` gave it. Undefined for what
   * arrives now: the end of the timeline, behind everything that the archive has given.
   */
  readonly sortAt?: number | undefined;
  readonly protection: Protection;
  /** `NOT_DECRYPTABLE`: the body is then only what the sender's client says to clients without the key. */
  readonly failure?: string | undefined;
  readonly stanzaId?: string | undefined;
  readonly originId?: string | undefined;
  readonly archiveId?: string | undefined;
}

export interface NewOutgoing extends MessageExtras {
  readonly chatId: ChatId;
  /** Bare JID of the account. */
  readonly senderJid: string;
  readonly body: string;
  readonly at: number;
  /** Undefined: the end of the timeline. */
  readonly sortAt?: number | undefined;
  readonly protection: Protection;
  readonly stanzaId: string;
  readonly originId: string;
  /** Undo-send and scheduled sending: the entry leaves at this time, milliseconds since 1970. */
  readonly notBefore?: number | undefined;
}

/** A message of the archive, or of another own device. */
export interface NewArchived extends NewIncoming {
  readonly direction: MessageDirection;
  readonly archiveId: string;
  readonly sortAt: number;
}

/** The columns that every query of a message names. */
export const messageColumns = columns.messages.join(', ');

export const toMessage = (row: MessageRow): StoredMessage => ({
  id: row.id,
  chatId: row.chat_id,
  direction: row.direction,
  senderJid: row.sender_jid,
  body: row.body,
  at: row.at,
  sortAt: row.sort_at,
  state: row.state,
  failure: row.failure ?? undefined,
  failureText: row.failure_text ?? undefined,
  protection: row.protection,
  stanzaId: row.stanza_id ?? undefined,
  originId: row.origin_id ?? undefined,
  archiveId: row.archive_id ?? undefined,
  thread: row.thread ?? undefined,
  editedAt: row.edited_at ?? undefined,
  retractedAt: row.retracted_at ?? undefined,
  reply: toReply(row),
  receiptWanted: row.receipt_wanted === 1,
  markable: row.markable === 1,
  hasFile: row.has_file === 1,
  rev: row.rev,
});

const toReply = (row: MessageRow): ReplyReference | undefined =>
  row.reply_to === null
    ? undefined
    : { id: row.reply_to, jid: row.reply_jid ?? undefined, quote: row.reply_quote ?? undefined };

export const insertMessageSql = `
  INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, failure, protection,
    stanza_id, origin_id, archive_id, thread, reply_to, reply_jid, reply_quote, receipt_wanted, markable,
    has_file, rev)
  VALUES ($chatId, $direction, $senderJid, $body, $at, $sortAt, $state, $failure, $protection,
    $stanzaId, $originId, $archiveId, $thread, $replyTo, $replyJid, $replyQuote, $receiptWanted, $markable,
    $hasFile, $rev)`;

/** The parameters of `insertMessageSql`. */
export const insertParameters = (
  message: NewIncoming & { readonly sortAt: number },
  row: { readonly direction: MessageDirection; readonly state: MessageState; readonly rev: number },
): Record<string, string | number | null> => ({
  chatId: message.chatId,
  direction: row.direction,
  senderJid: message.senderJid,
  body: message.body,
  at: message.at,
  sortAt: message.sortAt,
  state: row.state,
  failure: message.failure ?? null,
  protection: message.protection,
  stanzaId: message.stanzaId ?? null,
  originId: message.originId ?? null,
  archiveId: message.archiveId ?? null,
  thread: message.thread ?? null,
  replyTo: message.reply?.id ?? null,
  replyJid: message.reply?.jid ?? null,
  replyQuote: message.reply?.quote ?? null,
  receiptWanted: message.receiptWanted === true ? 1 : 0,
  markable: message.markable === true ? 1 : 0,
  hasFile: message.hasFile === true ? 1 : 0,
  rev: row.rev,
});
