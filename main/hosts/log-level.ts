import type { LogLevel } from '#main/log/logger.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Reads CHATSECURE_LOG; anything else than a level means `warn`. */
export const logLevel = (text: string | undefined): LogLevel =>
  levels.find((level) => level === text) ?? 'warn';
