import { describe, expect, it } from 'vitest';
import { PresenceBook } from '#main/accounts/presence-book.ts';
import { readPresence, type Presence } from '#main/xmpp/features/presence.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import type { AccountId } from '#shared/ids.ts';

const account = 'a' as AccountId;
const BOB = 'bob@localhost';

const presence = (resource: string, type = ''): Extract<Presence, { kind: 'available' | 'unavailable' }> => {
  const read = readPresence(parseStanza(`<presence from='${BOB}/${resource}' ${type}/>`));
  if (read?.kind !== 'available' && read?.kind !== 'unavailable') throw new Error('this is no presence');
  return read;
};

describe('the presence book', () => {
  it('knows since when nobody has touched any of the devices', () => {
    let rev = 0;
    const book = new PresenceBook(() => (rev += 1));
    const idleSince = (): number | undefined => book.summary(account, BOB).idleSince;
    book.note(account, presence('phone'), 1_000);
    expect(idleSince()).toBe(1_000);
    expect(book.note(account, presence('laptop'), 3_000)).toBe(true);
    expect(idleSince()).toBe(3_000);
    expect(book.note(account, presence('laptop'))).toBe(true);
    expect(idleSince()).toBeUndefined();
    expect(book.note(account, presence('laptop'), 5_000)).toBe(true);
    expect(book.note(account, presence('laptop'), 5_000)).toBe(false);
    book.note(account, presence('laptop', "type='unavailable'"));
    expect(idleSince()).toBe(1_000);
    book.clear(account);
    expect(book.summary(account, BOB)).toMatchObject({ availability: 'offline', idleSince: undefined });
  });
});
