/**
 * Searches in a million messages through the whole application, from the call to the answer. The profile is made
 * once and kept for as long as the schema and the rules of the index stay the same.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createBackend } from '#main/backend.ts';
import { Keyring } from '#main/crypto/keyring.ts';
import type { SecretStore } from '#main/hosts/shell.ts';
import { openDatabase } from '#main/store/database.ts';
import { migrations } from '#main/store/migrations/index.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { SEARCH_VERSION } from '#main/store/search-text.ts';
import { openStore } from '#main/store/store.ts';
import { systemClock } from '#main/util/clock.ts';
import type { ClientApi } from '#shared/api/contract.ts';
import { fillStore } from '#tests/support/fill-store.ts';
import { quietLog } from '#tests/support/test-store.ts';
import { until } from '#tests/support/until.ts';
import { serve } from '../child.ts';
import { FILLED, OWN, queries } from '../search-queries.ts';
import { attachWindow } from '../window.ts';

export type SearchQuestion =
  /** Makes the profile, unless it is there. */
  | { readonly kind: 'fill'; readonly folder: string }
  /** Opens it and asks every query once, with words that no other run has. */
  | { readonly kind: 'search'; readonly folder: string; readonly run: number };

export interface SearchAnswer {
  /** One for each query. */
  readonly timings: readonly SearchTiming[];
  /** Milliseconds, for `fill`; 0 where it was there. */
  readonly filledMs: number;
  readonly residentMiB: number;
}

export interface SearchTiming {
  readonly kind: string;
  /** From the call until there are 30 hits, or no more of them; in several calls where hits are rare. */
  readonly ms: number;
  readonly hits: number;
  /** The longest single call, for which main is busy. */
  readonly longestCall: number;
}

/** A keychain in a file: this profile holds nothing but made-up words. */
const fileSecrets = (file: string): SecretStore => {
  const all = (): Record<string, string> =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  return {
    get: (name) => Promise.resolve(all()[name]),
    set: (name, value) => Promise.resolve(writeFileSync(file, JSON.stringify({ ...all(), [name]: value }))),
    delete: (name) => Promise.resolve(writeFileSync(file, JSON.stringify({ ...all(), [name]: undefined }))),
  };
};

const profileOf = (folder: string): { readonly profile: string; readonly secrets: SecretStore } => ({
  profile: path.join(folder, 'profile'),
  secrets: fileSecrets(path.join(folder, 'secrets.json')),
});

/** Where the profile of this version of the program is kept. */
const versionOf = (folder: string): string =>
  path.join(folder, `search-${migrations.at(-1)?.version}-${SEARCH_VERSION}-${FILLED.messages}`);

const fill = async (folder: string): Promise<number> => {
  const finished = versionOf(folder);
  if (existsSync(finished)) return 0;
  const started = performance.now();
  const unfinished = `${finished}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const { profile, secrets } = profileOf(unfinished);
  const claim = claimProfile(profile);
  const { keyMarker, database: databasePath } = profilePaths(profile);
  const opened = await new Keyring({ markerPath: keyMarker, databasePath, secrets }).open();
  if (opened.state !== 'ready') throw new Error(`no key: ${opened.state}`);
  const database = openDatabase(databasePath, opened.key);
  const store = openStore(database);
  const { id: accountId } = store.accounts.add({ jid: OWN, directTls: false, createdAt: 1 });
  store.accounts.setEnabled(accountId, false);
  for (const part of FILLED.parts) fillStore(database, store, { ...part, accountId });
  database.close();
  claim.dispose();
  renameSync(unfinished, finished);
  return performance.now() - started;
};

const WANTED = 30;

const searchAll = async (api: ClientApi, run: number): Promise<readonly SearchTiming[]> => {
  const snapshot = await api.app.snapshot({});
  const chatOf = new Map(snapshot.ready ? snapshot.chats.map(({ jid, id }) => [jid, id]) : []);
  const timings: SearchTiming[] = [];
  for (const { kind, chat, ...query } of queries(run)) {
    const chatId = chat === undefined ? undefined : chatOf.get(chat);
    const request = { ...query, limit: WANTED, ...(chatId === undefined ? {} : { chatId }) };
    const started = performance.now();
    let [hits, longestCall, cursor] = [0, 0, undefined as string | undefined];
    do {
      const called = performance.now();
      const page = await api.messages.search({ ...request, ...(cursor === undefined ? {} : { cursor }) });
      longestCall = Math.max(longestCall, performance.now() - called);
      hits += page.hits.length;
      cursor = page.cursor;
    } while (cursor !== undefined && hits < WANTED);
    timings.push({ kind, ms: performance.now() - started, hits, longestCall });
  }
  return timings;
};

const search = async (folder: string, run: number): Promise<readonly SearchTiming[]> => {
  const { profile, secrets } = profileOf(versionOf(folder));
  const backend = createBackend({
    shell: {
      host: 'loopback',
      profileDir: profile,
      secrets,
      openExternal: () => Promise.resolve(),
      setBadge: () => undefined,
      onPower: () => () => undefined,
    },
    log: quietLog,
    clock: systemClock,
    version: '0.0.0-bench',
    openStream: () => Promise.reject(new Error('nobody logs in here')),
  });
  await backend.start();
  const window = await attachWindow(backend);
  await until('the profile to be open', async () => (await window.api.app.snapshot({})).ready);
  const timings = await searchAll(window.api, run);
  window.close();
  await backend.stop();
  return timings;
};

serve<SearchQuestion, SearchAnswer>(async (question) => {
  const filledMs = question.kind === 'fill' ? await fill(question.folder) : 0;
  const timings = question.kind === 'search' ? await search(question.folder, question.run) : [];
  return { timings, filledMs, residentMiB: process.memoryUsage().rss / 2 ** 20 };
});
