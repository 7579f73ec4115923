import { initial } from './0001-initial.ts';
import { messagePipeline } from './0002-message-pipeline.ts';
import { searchAndDeletion } from './0003-search-and-deletion.ts';
import { accountRemoval } from './0004-account-removal.ts';
import { searchBeginnings } from './0005-search-beginnings.ts';
import { resumption } from './0006-resumption.ts';
import { omemo } from './0007-omemo.ts';
import { unreadCounts } from './0008-unread.ts';
import { reactionIds } from './0009-reaction-ids.ts';
import { protection } from './0010-protection.ts';
import { deviceLists } from './0011-device-lists.ts';
import { loginBindings } from './0012-login-bindings.ts';
import { keyOwners } from './0013-key-owners.ts';
import { healing } from './0014-healing.ts';

/** One step of the schema. The number is `PRAGMA user_version` after it. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** All steps, ascending without gaps. */
export const migrations: readonly Migration[] = [
  initial,
  messagePipeline,
  searchAndDeletion,
  accountRemoval,
  searchBeginnings,
  resumption,
  omemo,
  unreadCounts,
  reactionIds,
  protection,
  deviceLists,
  loginBindings,
  keyOwners,
  healing,
];
