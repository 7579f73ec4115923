/** Messages that could not be decrypted: what their sender is told, and what comes in their place. */
import { describe, expect, test } from 'vitest';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import { JULIET, last, pair, ROMEO, type Messenger } from '#tests/support/omemo-messenger.ts';
import { settled } from '#tests/support/omemo-world.ts';

describe('a message that could not be read', () => {
  /** Both have written and read; then Juliet has lost the session, and the next message of Romeo with it. */
  const lose = async () => {
    const { romeo, juliet } = await pair();
    const tell = async (from: Messenger, to: Messenger, text: string): Promise<void> => {
      from.queue(to.client.jid, text);
      await from.run();
      to.receive(from.client.jid, last(from));
      await settled();
    };
    await tell(romeo, juliet, 'hello');
    await tell(juliet, romeo, 'hello, too');
    for (const one of [romeo, juliet]) one.takeAnswers();
    juliet.forgetSession(romeo);
    await tell(romeo, juliet, 'lost');
    const [row] = juliet.rows(ROMEO).slice(-1);
    const [own] = romeo.rows(JULIET).slice(-1);
    if (row === undefined || own === undefined) throw new Error('no rows');
    expect(row.failure).toBe('not-decryptable');
    return { romeo, juliet, row, own, tell };
  };

  /** What Juliet's application has answered reaches Romeo. */
  const answer = (romeo: Messenger, juliet: Messenger): readonly Element[] => {
    const answers = juliet.takeAnswers();
    for (const one of answers) romeo.receive(JULIET, one);
    return answers;
  };

  test('is shown to its sender as that, and what they send again is read in its place', async () => {
    const { romeo, juliet, row, own, tell } = await lose();
    expect(answer(romeo, juliet)).toHaveLength(2);
    const { messages } = romeo.client.store;
    expect(messages.require(own.id)).toMatchObject({
      ...{ state: 'failed', failure: 'decryption-failed', failureText: undefined },
    });
    await tell(romeo, juliet, 'written meanwhile');
    messages.requeue(own.id, 9);
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    expect(
      juliet
        .rows(ROMEO)
        .map(({ id, body, failure }) => [id, body, failure])
        .slice(-2),
    ).toEqual([
      [row.id, 'lost', undefined],
      [expect.anything(), 'written meanwhile', undefined],
    ]);
    const { ledger } = juliet.client.store.omemo;
    expect(ledger.unreadable(row.id)).toBeUndefined();
    expect(ledger.sender(row.id)?.deviceId).toBe(romeo.client.deviceId);
    expect(juliet.client.store.messages.require(row.id).rev).toBeGreaterThan(row.rev);
    // Once more is once too often.
    juliet.receive(ROMEO, last(romeo));
    expect(juliet.rows(ROMEO).filter(({ body }) => body === 'lost')).toHaveLength(1);
  });

  test('and is sent again while we are away comes by the archive to the same row', async () => {
    const { romeo, juliet, row, own } = await lose();
    // The archive has the first one, too.
    juliet.receiveArchived(ROMEO, last(romeo), 'a1', 500);
    expect(juliet.client.store.messages.require(row.id)).toMatchObject({ archiveId: 'a1' });
    answer(romeo, juliet);
    romeo.client.store.messages.requeue(own.id, 9);
    await romeo.run();
    juliet.receiveArchived(ROMEO, last(romeo), 'a2', 900);
    expect(juliet.client.store.messages.require(row.id)).toMatchObject({
      ...{ body: 'lost', failure: undefined, archiveId: 'a1', protection: 'omemo' },
    });
    juliet.receiveArchived(ROMEO, last(romeo), 'a2', 900);
    expect(juliet.rows(ROMEO).filter(({ body }) => body === 'lost')).toHaveLength(1);
  });

  test('stays what it is where what is sent again cannot be read either', async () => {
    const { romeo, juliet, row, own } = await lose();
    answer(romeo, juliet);
    romeo.client.store.messages.requeue(own.id, 9);
    await romeo.run();
    juliet.forgetSession(romeo);
    juliet.receive(ROMEO, last(romeo));
    const [kept] = juliet.rows(ROMEO).slice(-1);
    expect(kept).toMatchObject({ id: row.id, failure: 'not-decryptable' });
    expect(juliet.rows(ROMEO).filter(({ failure }) => failure !== undefined)).toHaveLength(1);
  });

  test('is not believed to be one where it was not encrypted, was delivered, or another device of ours says so', async () => {
    const { romeo, juliet, own } = await lose();
    const [, error] = juliet.takeAnswers();
    if (error === undefined) throw new Error('nobody was told');
    const about = (id: string): Element => {
      const copy = parseStanza(error.toString());
      copy.attrs['id'] = id;
      return copy;
    };
    const { messages } = romeo.client.store;
    const plain = romeo.queue(JULIET, 'plain', { protection: 'none' });
    const delivered = romeo.queue(JULIET, 'delivered');
    await romeo.run();
    messages.setState(delivered.id, 'delivered');
    for (const id of ['id plain', 'id delivered', 'nobody knows this']) romeo.receive(JULIET, about(id));
    expect(messages.require(plain.id)).toMatchObject({ state: 'failed', failure: 'not-acceptable' });
    expect(messages.require(delivered.id).state).toBe('delivered');
    // Somebody else in another chat, and an own device that has refused a message of Juliet with the same id.
    romeo.receive('tybalt@capulet.example', about(own.originId ?? ''));
    const refused = about(own.originId ?? '');
    refused.attrs['to'] = `${JULIET}/there`;
    romeo.receiveArchived(ROMEO, refused, 'x1', 500);
    expect(messages.require(own.id).state).toBe('acked');
  });

  test('because its device was restored is a row with that reason, and edits that come again are none', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'first');
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    const place = {
      accountId: romeo.client.accountId,
      jid: JULIET,
      deviceId: juliet.client.deviceId as DeviceId,
    };
    const { sessions } = romeo.client.store.omemo;
    const backup = Uint8Array.from(sessions.record(place) ?? []);
    const [message] = romeo.rows(JULIET);
    const payload = { stanzaId: 'e1', replaces: 'id first', body: 'edited' };
    const common = { chatId: romeo.chat(JULIET), aboutId: message?.id, createdAt: 1 };
    romeo.client.store.outbox.add({ ...common, kind: 'edit', payload });
    await romeo.run();
    const edit = last(romeo);
    juliet.receive(ROMEO, edit);
    sessions.keep(place, backup);
    romeo.queue(JULIET, 'after the backup');
    juliet.client.clock.advance(1);
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    juliet.receiveArchived(ROMEO, edit, 'e-archived', 700);
    expect(juliet.rows(ROMEO).map(({ body, failure }) => failure ?? body)).toEqual([
      'edited',
      'not-decryptable',
    ]);
    const [, lost] = juliet.rows(ROMEO);
    expect(lost && juliet.client.store.omemo.ledger.unreadable(lost.id)).toEqual({
      ...{ reason: 'key-reused', deviceId: romeo.client.deviceId },
    });
    expect(juliet.client.store.omemo.ledger.brokenDevices(juliet.client.accountId)).toHaveLength(1);
  });

  test('is no row where it was opened before anybody remembered that, and its ids say so', async () => {
    const { romeo, juliet } = await pair();
    const { accountId, store } = juliet.client;
    const ids = { stanzaId: 'a-long-and-unique-name', originId: 'a-long-and-unique-name' };
    romeo.queue(JULIET, 'deleted', ids);
    romeo.queue(JULIET, 'its id is long enough');
    await romeo.run();
    const [deleted, named] = romeo.wire.slice(-2);
    if (deleted === undefined || named === undefined) throw new Error('nothing was sent');
    // As clients do that give no origin-ids, and servers that give no ids.
    const nameless = parseStanza(named.toString().replace(/<origin-id[^>]*>/, ''));
    juliet.receiveArchived(ROMEO, deleted, 'd1', 500);
    juliet.receive(ROMEO, nameless);
    await settled();
    juliet.takeAnswers();
    store.omemo.sessions.forgetOpened(accountId, Number.MAX_SAFE_INTEGER);
    const [row] = juliet.rows(ROMEO);
    if (row === undefined) throw new Error('no row');
    store.deletions.deleteMessage(row.id);
    for (const message of [deleted, nameless]) juliet.receive(ROMEO, message);
    await settled();
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['its id is long enough']);
    expect(juliet.takeAnswers()).toEqual([]);
  });
});
