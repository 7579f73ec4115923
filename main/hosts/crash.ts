import type { EventEmitter } from 'node:events';
import type { Logger } from '#main/log/logger.ts';

/**
 * What nobody caught. A rejection that nobody waits for is written down and harms nobody; after an exception
 * nobody knows what state the program is in, so it ends (everything that counts is in the database).
 * Without these, Node prints the message of the error, which may hold contents, where the log would not.
 */
export const watchForCrashes = (program: EventEmitter, log: Logger, end: () => void): void => {
  program.on('unhandledRejection', (reason: unknown) => log.error('a rejection was not handled', {}, reason));
  program.on('uncaughtException', (error: unknown) => {
    log.error('an exception was not caught', {}, error);
    end();
  });
};
