/**
 * Stops the wall clock of a program that is started with `--import` of this file, at CHATSECURE_TEST_NOW
 * (milliseconds since 1970). Timers run on: they do not ask for the time of day.
 */
const now = Number(process.env['CHATSECURE_TEST_NOW']);
if (!Number.isFinite(now)) throw new Error('CHATSECURE_TEST_NOW is no time');
Date.now = () => now;
