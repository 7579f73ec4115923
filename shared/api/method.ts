import type { ZodType } from 'zod';

declare const answer: unique symbol;

/** One method of the contract: a schema that main checks, and the type of the answer. */
export interface Method<Schema extends ZodType, Out> {
  readonly input: Schema;
  /** Exists in the types only. */
  readonly [answer]?: (value: Out) => Out;
}

/** Declares a method: `method(schema)<Answer>()`. */
export const method =
  <Schema extends ZodType>(input: Schema) =>
  <Out>(): Method<Schema, Out> => ({ input });

export type OutputOf<M> = M extends Method<ZodType, infer Out> ? Out : never;
