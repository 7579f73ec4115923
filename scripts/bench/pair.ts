/** Two clients that write to each other over the private server: what every kind of pair can be asked. */

export interface Side {
  /** Bare JID. */
  readonly jid: string;
  readonly password: string;
}

/** What a pair in a process of its own is asked. */
export type PairQuestion =
  | {
      readonly kind: 'log-in';
      readonly sender: Side;
      readonly receiver: Side;
      /** Of the server on 127.0.0.1. */
      readonly port: number;
      /** For profiles, where there are any. */
      readonly folder: string;
    }
  | { readonly kind: 'latency'; readonly count: number; readonly pauseMs: number; readonly name: string }
  | { readonly kind: 'burst'; readonly count: number; readonly name: string };

export interface PairAnswer {
  /** Milliseconds: one for each message of a `latency`, one for a `burst`. */
  readonly values: readonly number[];
}

/** Two clients, logged in. The `name` of a measure must be new each time: it makes the texts unique. */
export interface Pair {
  /** One message after the other, each when the last has arrived and `pauseMs` have passed. */
  latencies(count: number, pauseMs: number, name: string): Promise<readonly number[]>;
  /** All at once. @returns milliseconds until the last has arrived */
  burst(count: number, name: string): Promise<number>;
}

/** Answers the questions of a process of its own. */
export const answerFor = (
  logIn: (order: Extract<PairQuestion, { kind: 'log-in' }>) => Promise<Pair>,
): ((question: PairQuestion) => Promise<PairAnswer>) => {
  let pair: Pair | undefined;
  return async (question) => {
    if (question.kind === 'log-in') {
      pair = await logIn(question);
      return { values: [] };
    }
    if (pair === undefined) throw new Error('the pair has not logged in');
    const { count, name } = question;
    return {
      values:
        question.kind === 'burst'
          ? [await pair.burst(count, name)]
          : await pair.latencies(count, question.pauseMs, name),
    };
  };
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
