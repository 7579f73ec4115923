// @ts-check

/** Ends a command before it began. The message is all that the user reads: what happened and what to do next. */
export class Stop extends Error {}
