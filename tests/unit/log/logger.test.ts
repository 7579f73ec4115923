import { describe, expect, it } from 'vitest';
import { createLogger, type Logger, type LogLevel } from '#main/log/logger.ts';

const capture = (
  level: LogLevel = 'debug',
  salt = 'salt',
): { readonly log: Logger; readonly lines: readonly string[] } => {
  const lines: string[] = [];
  return { log: createLogger((line) => lines.push(line), level, salt), lines };
};

/** Without the time stamp. */
const texts = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(/^\S+ /, ''));

describe('the logger', () => {
  it('writes time, level, names, message and fields in one line', () => {
    const { log, lines } = capture();
    log
      .child('account')
      .child('stream')
      .info('open', { resumed: true, unacked: 3, code: undefined, host: 'example.org' });
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info \[account\.stream\] open /);
    expect(texts(lines)).toEqual(['info [account.stream] open resumed=true unacked=3 host=example.org']);
  });

  it('leaves out what is below its level, in children too', () => {
    const { log, lines } = capture('warn');
    for (const one of [log, log.child('x')]) {
      one.debug('a');
      one.info('b');
      one.warn('c');
      one.error('d');
    }
    expect(texts(lines)).toEqual(['warn c', 'error d', 'warn [x] c', 'error [x] d']);
  });

  it('redacts message and fields, and a field does not swallow the next one', () => {
    const { log, lines } = capture();
    log.info('from romeo@montague.example', {
      jid: 'romeo@montague.example/or chard',
      password: 'tiger',
      step: 'auth',
    });
    expect(texts(lines)[0]).toMatch(/^info from (jid:[0-9a-f]{8}) jid=\1 password=\[…\] step=auth$/);
  });

  it('keeps the name, code, condition and places of an error, and not its message', () => {
    const { log, lines } = capture();
    const error = Object.assign(new TypeError('cannot decrypt "meet me at nine"'), {
      code: 'EACCES',
      condition: 'not-authorized',
    });
    log.error('failed', {}, error);
    expect(lines[0]).not.toContain('meet me');
    expect(texts(lines)[0]).toMatch(
      /^error failed error=TypeError code=EACCES condition=not-authorized .*logger\.test\.ts:\d+:\d+/,
    );
    expect(lines[0]).not.toMatch(/[\\/]/);
  });

  it('is not fooled by a message that looks like a stack', () => {
    const { log, lines } = capture();
    log.error('failed', {}, new Error('x\n    at meet me (nine o clock:1:2)\n    at secret:3:4'));
    expect(lines[0]).not.toMatch(/meet|nine|secret/);
    const changed = new Error('x\n    at meet me (nine:1:2)');
    changed.message = 'another';
    log.error('failed', {}, changed);
    expect(lines[1]).not.toMatch(/meet|nine/);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
  });

  it('writes nothing of what was thrown and is no Error', () => {
    const { log, lines } = capture();
    for (const thrown of ['meet me', { message: 'meet me' }, null, 7]) log.warn('failed', {}, thrown);
    expect(texts(lines)).toEqual(Array.from({ length: 4 }, () => 'warn failed error=(not an Error)'));
  });

  it('names an error by its class even where the name is not to be trusted', () => {
    const { log, lines } = capture();
    const error = new Error('x');
    error.name = 'romeo@montague.example';
    log.warn('failed', {}, error);
    expect(lines[0]).not.toContain('montague');
  });
});
