import { describe, expect, it } from 'vitest';
import {
  blockingCommand,
  blockRequest,
  isBlocked,
  unblockRequest,
  type BlockPush,
} from '#main/xmpp/features/blocking.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';

const jid = (text: string): Jid => {
  const parsed = parseJid(text);
  if (parsed === undefined) throw new Error(`not an address: ${text}`);
  return parsed;
};

const pushed = (sender: string): string =>
  `<iq type='set' id='p1'${sender}><unblock xmlns='urn:xmpp:blocking'><item jid='iago@shakespeare.lit'/></unblock></iq>`;

const listen = (): {
  readonly stream: FakeStream;
  readonly pushes: readonly BlockPush[];
  readonly end: () => void;
} => {
  const stream = new FakeStream({ jid: 'romeo@example.net/home' });
  const pushes: BlockPush[] = [];
  const feature = blockingCommand((push) => void pushes.push(push));
  const session = new XmppSession(stream, [feature], {
    message: () => undefined,
    presence: () => undefined,
    seesUs: () => true,
  });
  session.open();
  return { stream, pushes, end: () => session.dispose() };
};

describe('the blocklist', () => {
  it('follows the pushes of the own account, and answers them', async () => {
    const { stream, pushes, end } = listen();
    stream.expectSend((reply) => expect(reply.attrs).toMatchObject({ type: 'result', id: 'p1' }));
    await stream.receive(pushed(''));
    expect(pushes).toEqual([{ kind: 'unblocked', jids: ['iago@shakespeare.lit'] }]);
    stream.finish();
    end();
  });

  it('is not changed by the one who is blocked, not even where he is a contact', async () => {
    const { stream, pushes, end } = listen();
    stream.expectSend((reply) => {
      expect(reply.attrs).toMatchObject({ type: 'error', to: 'iago@shakespeare.lit/x' });
      expect(reply.toString()).toContain('service-unavailable');
    });
    await stream.receive(pushed(" from='iago@shakespeare.lit/x'"));
    expect(pushes).toEqual([]);
    stream.finish();
    end();
  });

  it('never unblocks everybody because a list happened to be empty', () => {
    expect(() => unblockRequest([])).toThrow(RangeError);
    expect(() => blockRequest([])).toThrow(RangeError);
  });

  it.each([
    ['romeo@montague.net', 'romeo@montague.net/orchard', true],
    ['romeo@montague.net', 'romeo@montague.net', true],
    ['romeo@montague.net/orchard', 'romeo@montague.net/orchard', true],
    ['romeo@montague.net/orchard', 'romeo@montague.net/garden', false],
    ['montague.net', 'romeo@montague.net/orchard', true],
    ['montague.net', 'montague.net', true],
    ['montague.net/service', 'montague.net/service', true],
    ['montague.net/service', 'montague.net/other', false],
    ['montague.net/service', 'romeo@montague.net/service', false],
    ['montague.net', 'romeo@sub.montague.net', false],
    ['montague.net', 'montague.net@capulet.net', false],
  ])('with %s on it concerns %s: %s', (entry, address, blocked) => {
    expect(isBlocked(new Set([entry]), jid(address))).toBe(blocked);
  });
});
