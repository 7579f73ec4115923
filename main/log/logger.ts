import { redact, redactValue } from './redact.ts';

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
    const parts = Object.entries(fields).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [`${key}=${typeof value === 'string' ? redactValue(key, value, salt) : value}`],
    );
    const head = `${new Date().toISOString()} ${at}${name === '' ? '' : ` [${name}]`}`;
    const cause = error === undefined ? [] : [describe(error, salt)];
    sink([head, redact(message, salt), ...parts, ...cause].join(' '));
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
const describe = (error: unknown, salt: string): string => {
  if (!(error instanceof Error)) return 'error=(not an Error)';
  const code = 'code' in error && typeof error.code === 'string' ? ` code=${error.code}` : '';
  const condition =
    'condition' in error && typeof error.condition === 'string' ? ` condition=${error.condition}` : '';
  return `error=${redact(`${error.name}${code}${condition}`, salt)} ${placesOf(error).join(' < ')}`.trimEnd();
};

const FRAME = /^\s+at (?:([\w.#<>$[\] ]+) \()?.*?([^\\/()]+:\d+:\d+)\)?$/;

/**
 * Function, file name and position of the upper frames; not the folders, which name the user. The stack
 * repeats the message, which may look like frames: without it, or not at all.
 */
const placesOf = ({ stack = '', message }: Error): readonly string[] => {
  const at = stack.indexOf(message);
  const lines = at < 0 ? [] : stack.slice(at + message.length).split('\n');
  return lines
    .map((line) => FRAME.exec(line))
    .filter((frame) => frame !== null)
    .map(([, name, place]) => (name === undefined ? `${place}` : `${name} ${place}`))
    .slice(0, 6);
};
