import { redact } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Scalars only; texts pass the redaction of the sink. Never bodies, passwords or keys. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields, error?: unknown): void;
  error(message: string, fields?: LogFields, error?: unknown): void;
  /** A logger whose lines carry a name, `account.stream`. */
  child(name: string): Logger;
}

export type LogSink = (line: string) => void;

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/**
 * Makes a logger over a sink. Every line is redacted here, not where it is written:
 * forgetting cannot leak.
 * @param salt a fresh secret per run, so that the same address is recognisable within a log but not across logs
 */
export const createLogger = (sink: LogSink, level: LogLevel, salt: string, name = ''): Logger => {
  const write = (at: LogLevel, message: string, fields: LogFields, error?: unknown): void => {
    if (order.indexOf(at) < order.indexOf(level)) return;
    const parts = Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
    if (error !== undefined) parts.push(describe(error));
    sink(redact(`${new Date().toISOString()} ${at} ${name === '' ? '' : `[${name}] `}${[message, ...parts].join(' ')}`, salt));
  };
  return {
    debug: (message, fields = {}) => write('debug', message, fields),
    info: (message, fields = {}) => write('info', message, fields),
    warn: (message, fields = {}, error) => write('warn', message, fields, error),
    error: (message, fields = {}, error) => write('error', message, fields, error),
    child: (child) => createLogger(sink, level, salt, name === '' ? child : `${name}.${child}`),
  };
};

/** The one formatter of errors: name, code and the places in our code; the message may hold contents. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return 'error=(not an Error)';
  const code = 'code' in error && typeof error.code === 'string' ? ` code=${error.code}` : '';
  const condition = 'condition' in error && typeof error.condition === 'string' ? ` condition=${error.condition}` : '';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 6);
  return `error=${error.name}${code}${condition} ${frames.map((frame) => frame.trim()).join(' < ')}`;
};
