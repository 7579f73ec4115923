import type { input, output, ZodType } from 'zod';
import type { Pipe } from '../pipe.ts';
import { accounts } from './accounts.ts';
import { app } from './app.ts';
import { chats } from './chats.ts';
import { contacts } from './contacts.ts';
import { encryption } from './encryption.ts';
import { messages } from './messages.ts';
import type { OutputOf } from './method.ts';
import { settings } from './settings.ts';

/** Everything the window may ask of main. The renderer imports this as a type only. */
export const contract = { app, accounts, chats, contacts, encryption, messages, settings };

export type Contract = typeof contract;
export type Domain = keyof Contract;

/** What a handler in main receives (parsed) and answers. `caller` tells windows apart, where that matters. */
export type Handlers = {
  readonly [D in Domain]: {
    readonly [M in keyof Contract[D]]: (
      input: output<SchemaOf<Contract[D][M]>>,
      caller: Pipe,
    ) => OutputOf<Contract[D][M]> | Promise<OutputOf<Contract[D][M]>>;
  };
};

/** What the renderer calls. Fields with a default may be left out. */
export type ClientApi = {
  readonly [D in Domain]: {
    readonly [M in keyof Contract[D]]: (
      input: input<SchemaOf<Contract[D][M]>>,
    ) => Promise<OutputOf<Contract[D][M]>>;
  };
};

type SchemaOf<M> = M extends { readonly input: infer Schema extends ZodType } ? Schema : never;
