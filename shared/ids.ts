/**
 * Branded identifiers. The brand exists only in the types: at run time an id is the plain
 * string or number that the store made, so it crosses the pipe unchanged.
 */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Random UUID, made when the account is added. */
export type AccountId = Branded<string, 'AccountId'>;
/** Row id of a conversation. */
export type ChatId = Branded<number, 'ChatId'>;
/** Row id of a message; not its place in the timeline (that is `MessageView.sortAt`, then the id). */
export type MessageId = Branded<number, 'MessageId'>;
/** Number of an OMEMO device, 1 to 2^31 - 1, unique for its account (XEP-0384 section 4.1). */
export type DeviceId = Branded<number, 'DeviceId'>;
