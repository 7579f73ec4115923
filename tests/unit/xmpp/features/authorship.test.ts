import { describe, expect, it } from 'vitest';
import { isSameAuthor } from '#main/xmpp/features/authorship.ts';
import { parseJid, type Jid } from '#shared/jid.ts';

const jid = (text: string): Jid => {
  const parsed = parseJid(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
};

describe('who may correct, retract and update', () => {
  it.each([
    ['direct', 'juliet@capulet.lit/phone', 'Juliet@capulet.lit/balcony', true],
    ['direct', 'juliet@capulet.lit', 'juliet@capulet.lit/balcony', true],
    ['direct', 'juliet@capulet.lit', 'tybalt@capulet.lit', false],
    ['occupant', 'room@chat.example/juliet', 'room@chat.example/juliet', true],
    ['occupant', 'room@chat.example/juliet', 'room@chat.example/Juliet', false],
    ['occupant', 'room@chat.example/juliet', 'room@chat.example/tybalt', false],
    ['occupant', 'room@chat.example', 'room@chat.example', false],
  ] as const)('%s: %s is the author of what %s wrote: %s', (kind, one, other, same) => {
    expect(isSameAuthor(jid(one), jid(other), kind)).toBe(same);
  });
});
