/** RFC 4616: the password itself. Only ever used inside TLS, and only where nothing better is offered. */
import { SaslError, type SaslExchange } from './mechanism.ts';

export const createPlain = (username: string, password: string): SaslExchange => ({
  mechanism: 'PLAIN',
  initial: Buffer.from(`\0${username}\0${password}`, 'utf8'),
  challenge: () => Promise.reject(new SaslError('auth-unsupported', 'PLAIN knows no challenge')),
  succeeded: () => undefined,
});
