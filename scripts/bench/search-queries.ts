/** What is searched in the million messages, and for what: as unequal as people's questions are. */
import type { FillOptions } from '#tests/support/fill-store.ts';
import { hanAt, wordAt } from '#tests/support/fill-store.ts';

export const OWN = 'owner@example.org';
const VOCABULARY = 60_000;
const CHATS = 50;
const PARTS = 10;
const PER_PART = 100_000;
const START = Date.UTC(2024, 0, 1);
const MONTH = 30 * 86_400_000;

/** Ten seasons, each with fifty chats of its own; one season is Chinese. */
export const FILLED: { readonly messages: number; readonly parts: readonly FillOptions[] } = {
  messages: PARTS * PER_PART,
  parts: Array.from({ length: PARTS }, (_, part) => ({
    chats: CHATS,
    messages: PER_PART,
    firstContact: part * CHATS,
    startAt: START + part * MONTH,
    ...(part === 5 ? { script: 'han' as const } : { vocabulary: VOCABULARY }),
  })),
};

export interface Query {
  readonly kind: string;
  readonly query: string;
  readonly from?: string;
  /** Bare JID of the chat to search in. */
  readonly chat?: string;
  readonly before?: number;
  readonly after?: number;
}

const EACH = 10;

const contact = (number: number): string => `contact-${number % (CHATS * PARTS)}@example.net`;

type Make = (seed: number) => Omit<Query, 'kind'>;

/** A blank behind the last word: it is whole, not the beginning of one. */
const kinds: Readonly<Record<string, Make>> = {
  common: (seed) => ({ query: `${wordAt(seed % 30)} ` }),
  usual: (seed) => ({ query: `${wordAt(200 + seed * 7)} ` }),
  rare: (seed) => ({ query: `${wordAt(30_000 + seed * 101)} ` }),
  nowhere: (seed) => ({ query: `zz${wordAt(seed)}zz ` }),
  beginning: (seed) => ({ query: wordAt(2_000 + seed * 13).slice(0, 4) }),
  'two letters': (seed) => ({ query: wordAt(seed % 30).slice(0, 2) }),
  'two words': (seed) => ({ query: `${wordAt(seed % 200)} ${wordAt(300 + seed * 3)} ` }),
  'two common words': (seed) => ({ query: `${wordAt(seed % 20)} ${wordAt((seed + 7) % 20)} ` }),
  phrase: (seed) => ({ query: `"${wordAt(seed % 40)} ${wordAt((seed * 3 + 1) % 40)}"` }),
  from: (seed) => ({ query: `${wordAt(seed % 100)} `, from: contact(seed * 17) }),
  'from me': (seed) => ({ query: `${wordAt(40 + (seed % 900))} `, from: OWN }),
  'from me, rare': (seed) => ({ query: `${wordAt(20_000 + seed * 97)} `, from: OWN }),
  in: (seed) => ({ query: `${wordAt(seed % 100)} `, chat: contact(seed * 31) }),
  'in, nothing else': (seed) => ({ query: '', chat: contact(seed * 29) }),
  'before a day': (seed) => ({
    query: `${wordAt(seed % 500)} `,
    before: START + ((seed % 9) + 0.02) * MONTH,
  }),
  'between two days': (seed) => ({
    query: `${wordAt(seed % 500)} `,
    after: START + (seed % 9) * MONTH,
    before: START + (seed % 9) * MONTH + 86_400_000 / 4,
  }),
  'one Chinese character': (seed) => ({ query: hanAt(seed % 300) }),
  'two Chinese characters': (seed) => ({ query: hanAt(seed % 60) + hanAt((seed * 7) % 200) }),
};

/** Every kind some times; no two runs ask the same where the language has enough words for it. */
export const queries = (run: number): readonly Query[] =>
  Array.from({ length: EACH }, (_, index) => run * EACH + index).flatMap((seed) =>
    Object.entries(kinds).map(([kind, make]) => ({ kind, ...make(seed) })),
  );
