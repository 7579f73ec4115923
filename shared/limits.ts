/** Limits that both ends know. Kept apart from the schemas, so that the window bundles no validator. */

/** Characters of one message; with markup well below the 256 KiB that servers accept. */
export const MAX_BODY_LENGTH = 50_000;
