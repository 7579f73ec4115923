import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Database } from '#main/store/database.ts';
import type { Store } from '#main/store/store.ts';

export interface FillOptions {
  readonly chats: number;
  /** Of all chats together, dealt out evenly. */
  readonly messages: number;
  /** Unread messages at the end of each chat; every message before has been read. Default 2. */
  readonly unread?: number;
  /** The account to fill; by default one is added. */
  readonly accountId?: AccountId;
  /** Contacts are numbered from here. Default 0; a second filling of an account must not meet the first. */
  readonly firstContact?: number;
  /** When the first message was written. Default: 1 January 2024. */
  readonly startAt?: number;
  /**
   * Size of the vocabulary: made-up words, as unequally common as those of a language. By default the texts
   * are made of some twenty real words, for looking at.
   */
  readonly vocabulary?: number | undefined;
  /** `han`: texts without spaces, of so many characters, or of 2,000. */
  readonly script?: 'latin' | 'han' | undefined;
}

export interface FilledStore {
  readonly accountId: AccountId;
  readonly chatIds: readonly ChatId[];
}

const words =
  'train coffee tomorrow meeting evening garden bicycle letter harbour window music lunch weather ticket the a to and of in for on'.split(
    ' ',
  );

const syllables =
  'ka re mo ti su ne la vo pi da fu gi he jo ly ba ce mu ro sha tre win ter ing er st un be ver'.split(' ');

/** The word of a made-up language that is the `index`-th most common one, counted from 0; those are short. */
export const wordAt = (index: number): string => {
  let rest = index;
  let word = '';
  do {
    word += syllables[rest % syllables.length];
    rest = Math.floor(rest / syllables.length);
  } while (rest > 0);
  return word;
};

/** Always the same numbers for the same seed; each below the limit that is asked for. */
const dice = (seed: number): ((below: number) => number) => {
  let state = (seed + 1) * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e37_79b9) >>> 0;
    return state % below;
  };
};

/** Zipf's law: equally many of each order of magnitude of rank. */
const rank = (next: (below: number) => number, count: number): number =>
  Math.floor(count ** (next(1_000_000) / 1_000_000)) - 1;

const HAN = 0x4e00;
/** As `wordAt`, a Chinese character. */
export const hanAt = (index: number): string => String.fromCodePoint(HAN + index);

/** Always the same text for the same number: 3 to 22 words, or as many pairs of characters. */
const sentence = (
  seed: number,
  { vocabulary, script }: Pick<FillOptions, 'vocabulary' | 'script'>,
): string => {
  const next = dice(seed);
  const length = 3 + next(20);
  if (script === 'han')
    return Array.from({ length: 2 * length }, () => hanAt(rank(next, vocabulary ?? 2_000))).join('');
  const word = (): string =>
    vocabulary === undefined ? (words[next(words.length)] ?? '') : wordAt(rank(next, vocabulary));
  return Array.from({ length }, word).join(' ');
};

/**
 * Fills a store with conversations, one transaction for each: 500 chats and 200,000 messages take half a
 * minute. For the bench and for tests about size; contents are the same each time.
 */
export const fillStore = (database: Database, store: Store, options: FillOptions): FilledStore => {
  const startAt = options.startAt ?? Date.UTC(2024, 0, 1);
  const perChat = Math.floor(options.messages / options.chats);
  const jid = `filled-${store.accounts.list().length}@example.org`;
  const accountId = options.accountId ?? store.accounts.add({ jid, directTls: false, createdAt: startAt }).id;
  const own = store.accounts.require(accountId).jid;
  const chatIds = Array.from({ length: options.chats }, (_, chat) =>
    database.transaction(() => {
      const contact = `contact-${(options.firstContact ?? 0) + chat}@example.net`;
      const { id } = store.chats.findOrCreate(accountId, contact, startAt);
      const first = insertMessages(database, store, {
        id,
        own,
        contact,
        count: perChat,
        startAt: startAt + chat,
        vocabulary: options.vocabulary,
        script: options.script,
      });
      markRead(database, id, first + perChat - 1 - (options.unread ?? 2));
      return id;
    }),
  );
  return { accountId, chatIds };
};

const MINUTE = 60_000;

interface ChatFill {
  readonly id: ChatId;
  readonly own: string;
  readonly contact: string;
  readonly count: number;
  readonly startAt: number;
  readonly vocabulary: FillOptions['vocabulary'];
  readonly script: FillOptions['script'];
}

/** Bound by name once for each row; the repositories would read every row back. @returns the first id */
const insertMessages = (database: Database, store: Store, fill: ChatFill): number => {
  let first = 0;
  for (let index = 0; index < fill.count; index += 1) {
    // The last rows come in, so that there is something unread.
    const incoming = index % 3 !== 0 || index > fill.count - 10;
    const at = fill.startAt + index * MINUTE;
    const id = database.insert(
      `INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, protection,
         stanza_id, origin_id, archive_id, rev)
       VALUES ($chatId, $direction, $sender, $body, $at, $at, $state, 'none', $stanzaId, $stanzaId, $archiveId, $rev)`,
      {
        chatId: fill.id,
        direction: incoming ? 'in' : 'out',
        sender: incoming ? fill.contact : fill.own,
        body: sentence(fill.id * 100_003 + index, fill),
        at,
        state: incoming ? 'received' : 'acked',
        stanzaId: `stanza-${fill.id}-${index}`,
        archiveId: `archive-${fill.id}-${index}`,
        rev: store.revisions.next(),
      },
    );
    if (index === 0) first = id;
  }
  store.chats.touch(fill.id, fill.startAt + (fill.count - 1) * MINUTE);
  return first;
};

const markRead = (database: Database, chatId: ChatId, upTo: number): void => {
  database.run(
    `UPDATE chats SET (read_sort_at, read_id) = (SELECT sort_at, id FROM messages WHERE id = $upTo AND chat_id = $chatId)
     WHERE id = $chatId AND EXISTS (SELECT 1 FROM messages WHERE id = $upTo AND chat_id = $chatId)`,
    { chatId, upTo },
  );
};
