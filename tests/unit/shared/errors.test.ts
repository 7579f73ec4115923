import { describe, expect, it } from 'vitest';
import { AppError, errorCodes, toErrorData } from '#shared/errors.ts';

describe('errors that cross the pipe', () => {
  it('keep code, message and detail', () => {
    const error = new AppError('auth-failed', 'SASL said no', {
      detail: { step: 'auth' },
      cause: new Error('inner'),
    });
    expect(toErrorData(error)).toEqual({
      code: 'auth-failed',
      message: 'SASL said no',
      detail: { step: 'auth' },
    });
    expect(error.cause).toEqual(new Error('inner'));
  });

  it('have no empty detail, so that they survive JSON unchanged', () => {
    const data = toErrorData(new AppError('offline', 'no network'));
    expect(data).toStrictEqual({ code: 'offline', message: 'no network' });
    expect(JSON.parse(JSON.stringify(data))).toStrictEqual(data);
    expect(structuredClone(data)).toStrictEqual(data);
  });

  it.each([
    new Error('SQLITE_ERROR: no such table /home/ann/secret.db'),
    new TypeError('password "hunter2" is not a function'),
    'text that was thrown',
    undefined,
    { code: 'auth-failed', message: 'made to look like one of ours' },
  ])('leave the text of what nobody expected behind: %s', (error) => {
    expect(toErrorData(error)).toStrictEqual({ code: 'internal', message: 'internal error' });
  });

  it('have codes that are words, each once', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    for (const code of errorCodes) expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });
});
