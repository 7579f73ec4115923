import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState, Protection, Subscription } from '#shared/views.ts';

/**
 * `open`: a conversation; `request`: somebody unknown wrote, and the user has not decided; `blocked`: kept,
 * but nothing of it is shown or announced.
 */
export type ChatStanding = 'open' | 'request' | 'blocked';

/** Rows as SQLite gives them: one field for each column, null for what is not there, 0 or 1 for booleans. */

export interface AccountRow {
  readonly id: AccountId;
  readonly jid: string;
  readonly enabled: number;
  readonly host: string | null;
  readonly port: number | null;
  readonly direct_tls: number;
  readonly pinned_spki: string | null;
  readonly resource: string;
  readonly resume_state: string | null;
  readonly roster_version: string | null;
  readonly created_at: number;
  readonly rev: number;
  readonly archive_last_id: string | null;
  readonly archive_last_at: number | null;
  readonly removed: number;
  readonly user_agent: string;
}

export interface ContactRow {
  readonly account_id: AccountId;
  readonly jid: string;
  readonly name: string | null;
  readonly subscription: Subscription;
  readonly asked: number;
  readonly groups: string;
  readonly rev: number;
  readonly presence: string | null;
}

export interface ContactRequestRow {
  readonly account_id: AccountId;
  readonly jid: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
}

export interface ChatRow {
  readonly id: ChatId;
  readonly account_id: AccountId;
  readonly jid: string;
  readonly draft: string;
  readonly active_at: number;
  readonly read_id: number;
  readonly rev: number;
  readonly read_sort_at: number;
  readonly read_awaited_id: string | null;
  readonly read_published_id: string | null;
  readonly standing: ChatStanding;
  readonly retention_days: number | null;
  readonly pinned: number;
  readonly muted_until: number | null;
  readonly history_start: number;
  readonly unread: number;
}

export interface MessageRow {
  readonly id: MessageId;
  readonly chat_id: ChatId;
  readonly direction: MessageDirection;
  readonly sender_jid: string;
  readonly body: string;
  readonly at: number;
  readonly state: MessageState;
  readonly failure: string | null;
  readonly protection: Protection;
  readonly stanza_id: string | null;
  readonly origin_id: string | null;
  readonly archive_id: string | null;
  readonly thread: string | null;
  readonly rev: number;
  readonly sort_at: number;
  readonly failure_text: string | null;
  readonly edited_at: number | null;
  readonly retracted_at: number | null;
  readonly reply_to: string | null;
  readonly reply_jid: string | null;
  readonly reply_quote: string | null;
  readonly receipt_wanted: number;
  readonly markable: number;
  readonly has_file: number;
}

export interface MessageEditRow {
  readonly message_id: MessageId;
  readonly position: number;
  readonly at: number;
  readonly sort_at: number;
  readonly body: string;
  readonly stanza_id: string | null;
  readonly origin_id: string | null;
  readonly archive_id: string | null;
}

export interface PendingReferenceRow {
  readonly id: number;
  readonly chat_id: ChatId;
  readonly sender_jid: string;
  readonly ref_id: string;
  readonly kind: string;
  readonly payload: string;
  readonly at: number;
  readonly archive_id: string | null;
}

export interface ArchiveGapRow {
  readonly id: number;
  readonly account_id: AccountId;
  readonly chat_jid: string | null;
  readonly after_id: string | null;
  readonly after_at: number | null;
  readonly before_id: string | null;
  readonly before_at: number | null;
  readonly created_at: number;
}

export interface OutboxRow {
  readonly id: number;
  readonly account_id: AccountId;
  readonly chat_id: ChatId;
  readonly message_id: MessageId | null;
  readonly kind: string;
  readonly created_at: number;
  readonly attempts: number;
  readonly stanza: string | null;
  readonly payload: string | null;
  readonly not_before: number | null;
  readonly about_id: MessageId | null;
  readonly stream_position: number | null;
}

/** A list of columns that fails to compile when it lacks one of the row's fields. */
const columnsOf =
  <Row>() =>
  <const Names extends readonly (keyof Row & string)[]>(
    ...names: Exclude<keyof Row, Names[number]> extends never ? Names : never
  ): readonly string[] =>
    names;

/** The columns that every query of a table names; the tests compare them with the schema. */
export const columns = {
  accounts: columnsOf<AccountRow>()(
    'id',
    'jid',
    'enabled',
    'host',
    'port',
    'direct_tls',
    'pinned_spki',
    'resource',
    'resume_state',
    'roster_version',
    'created_at',
    'rev',
    'archive_last_id',
    'archive_last_at',
    'removed',
    'user_agent',
  ),
  contacts: columnsOf<ContactRow>()(
    'account_id',
    'jid',
    'name',
    'subscription',
    'asked',
    'groups',
    'rev',
    'presence',
  ),
  contact_requests: columnsOf<ContactRequestRow>()('account_id', 'jid', 'name', 'text', 'at'),
  chats: columnsOf<ChatRow>()(
    'id',
    'account_id',
    'jid',
    'draft',
    'active_at',
    'read_id',
    'rev',
    'read_sort_at',
    'read_awaited_id',
    'read_published_id',
    'standing',
    'retention_days',
    'pinned',
    'muted_until',
    'history_start',
    'unread',
  ),
  messages: columnsOf<MessageRow>()(
    'id',
    'chat_id',
    'direction',
    'sender_jid',
    'body',
    'at',
    'state',
    'failure',
    'protection',
    'stanza_id',
    'origin_id',
    'archive_id',
    'thread',
    'rev',
    'sort_at',
    'failure_text',
    'edited_at',
    'retracted_at',
    'reply_to',
    'reply_jid',
    'reply_quote',
    'receipt_wanted',
    'markable',
    'has_file',
  ),
  message_edits: columnsOf<MessageEditRow>()(
    'message_id',
    'position',
    'at',
    'sort_at',
    'body',
    'stanza_id',
    'origin_id',
    'archive_id',
  ),
  pending_references: columnsOf<PendingReferenceRow>()(
    'id',
    'chat_id',
    'sender_jid',
    'ref_id',
    'kind',
    'payload',
    'at',
    'archive_id',
  ),
  archive_gaps: columnsOf<ArchiveGapRow>()(
    'id',
    'account_id',
    'chat_jid',
    'after_id',
    'after_at',
    'before_id',
    'before_at',
    'created_at',
  ),
  outbox: columnsOf<OutboxRow>()(
    'id',
    'account_id',
    'chat_id',
    'message_id',
    'kind',
    'created_at',
    'attempts',
    'stanza',
    'payload',
    'not_before',
    'about_id',
    'stream_position',
  ),
} as const;
