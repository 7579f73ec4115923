import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState, Protection, Subscription } from '#shared/views.ts';

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
}

export interface ContactRow {
  readonly account_id: AccountId;
  readonly jid: string;
  readonly name: string | null;
  readonly subscription: Subscription;
  readonly asked: number;
  readonly groups: string;
  readonly rev: number;
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
  readonly read_sort_at: number;
  readonly read_id: number;
  readonly rev: number;
}

export interface MessageRow {
  readonly id: MessageId;
  readonly chat_id: ChatId;
  readonly direction: MessageDirection;
  readonly sender_jid: string;
  readonly body: string;
  readonly at: number;
  readonly sort_at: number;
  readonly state: MessageState;
  readonly failure: string | null;
  readonly protection: Protection;
  readonly stanza_id: string | null;
  readonly origin_id: string | null;
  readonly archive_id: string | null;
  readonly thread: string | null;
  readonly rev: number;
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
  ),
  contacts: columnsOf<ContactRow>()('account_id', 'jid', 'name', 'subscription', 'asked', 'groups', 'rev'),
  contact_requests: columnsOf<ContactRequestRow>()('account_id', 'jid', 'name', 'text', 'at'),
  chats: columnsOf<ChatRow>()(
    'id',
    'account_id',
    'jid',
    'draft',
    'active_at',
    'read_sort_at',
    'read_id',
    'rev',
  ),
  messages: columnsOf<MessageRow>()(
    'id',
    'chat_id',
    'direction',
    'sender_jid',
    'body',
    'at',
    'sort_at',
    'state',
    'failure',
    'protection',
    'stanza_id',
    'origin_id',
    'archive_id',
    'thread',
    'rev',
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
  ),
} as const;
