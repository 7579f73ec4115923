import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { SaslError } from '#main/xmpp/sasl/mechanism.ts';
import { bestTokenMechanism, createTokenExchange } from '#main/xmpp/sasl/token.ts';

const exporter = Buffer.alloc(32, 7);
const bindings = { 'tls-exporter': exporter, 'tls-server-end-point': Buffer.alloc(32, 8) };
const mac = (text: string, binding: Uint8Array): Buffer =>
  createHmac('sha256', 'the token').update(text).update(binding).digest();

describe('the choice of a mechanism for a token', () => {
  const all = ['HT-SHA-256-NONE', 'HT-SHA-256-ENDP', 'HT-SHA-256-EXPR', 'HT-SHA-256-UNIQ'];
  test.each([
    ['the one that is bound closest', all, bindings, 'HT-SHA-256-EXPR'],
    [
      'what the connection has',
      all,
      { 'tls-server-end-point': bindings['tls-server-end-point'] },
      'HT-SHA-256-ENDP',
    ],
    ['one that is not bound, where nothing is', all, {}, 'HT-SHA-256-NONE'],
    ['none that we do not know', ['HT-SHA-512-EXPR', 'HT-SHA-256-UNIQ'], bindings, undefined],
    ['none where none is offered', [], bindings, undefined],
  ])('%s', (_name, offered, has, expected) => {
    expect(bestTokenMechanism(offered, has)).toBe(expected);
  });
});

describe('a login with a token', () => {
  const exchange = createTokenExchange('HT-SHA-256-EXPR', 'the token', 'alice', bindings);

  test('proves the token without showing it, for this connection alone', () => {
    const initial = Buffer.from(exchange?.initial ?? []);
    expect(initial).toEqual(Buffer.concat([Buffer.from('alice\0'), mac('Initiator', exporter)]));
    expect(initial.toString('latin1')).not.toContain('the token');
    const other = createTokenExchange('HT-SHA-256-EXPR', 'the token', 'alice', {
      'tls-exporter': Buffer.alloc(32, 9),
    });
    expect(Buffer.from(other?.initial ?? [])).not.toEqual(initial);
  });

  test('believes a server that knows the token', () => {
    expect(() => exchange?.succeeded(mac('Responder', exporter))).not.toThrow();
  });

  test.each([
    ['says nothing', undefined],
    ['says nothing at length', new Uint8Array()],
    ['gives back what it heard', mac('Initiator', exporter)],
    ['is on another connection', mac('Responder', Buffer.alloc(32, 9))],
    ['says too much', Buffer.concat([mac('Responder', exporter), Buffer.alloc(1)])],
  ])('does not believe one that %s', (_name, answer) => {
    expect(() => exchange?.succeeded(answer)).toThrow(
      expect.objectContaining({ code: 'server-not-genuine' }) as SaslError,
    );
  });

  test('answers no challenge', async () => {
    await expect(exchange?.challenge(new Uint8Array())).rejects.toBeInstanceOf(SaslError);
  });

  test('is not possible on a connection that has not what the token is bound to', () => {
    expect(createTokenExchange('HT-SHA-256-EXPR', 't', 'alice', {})).toBeUndefined();
    expect(createTokenExchange('HT-SHA-1-NONE', 't', 'alice', bindings)).toBeUndefined();
  });
});
