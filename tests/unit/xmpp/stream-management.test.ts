import { describe, expect, test } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import {
  acceptBind,
  acceptSession,
  acked,
  ackedUpTo,
  BIND,
  expectPing,
  loginPlain,
  result,
  said,
  SM,
  SM_REQUEST,
  type StubScript,
} from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

/** XEP-0198 on a server that says exactly what the test wants. */

const account = useStubAccount();

const ENABLED = "<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>";
const A = (h: number): string => `<a xmlns='urn:xmpp:sm:3' h='${h}'/>`;
const ping = (): Element => xml('iq', { type: 'get' }, xml('ping', { xmlns: 'urn:xmpp:ping' }));
/** A promise with its handle, for a script and a test to meet. */
const gate = (): PromiseWithResolvers<void> => Promise.withResolvers<void>();

describe('stream management', () => {
  test('counts what came with <enabled/> in one piece, no more and no less', async () => {
    const counted = gate();
    const { open } = await account({}, async (peer) => {
      // Before: handled, but not counted (XEP-0198 section 4).
      await loginPlain(peer, BIND + SM);
      await acceptBind(peer);
      await peer.expect(/<enable [^>]*>/);
      peer.send(said('before') + ENABLED + said('after 1') + said('after 2') + SM_REQUEST);
      await ackedUpTo(peer, 2);
      counted.resolve();
    });
    const { bodies, stream } = await open();
    await counted.promise;
    expect(bodies).toEqual(['before', 'after 1', 'after 2']);
    expect(stream.resumeState()).toMatchObject({ inbound: 2 });
  });

  test('counts answers to iq, presence and what is dropped as well', async () => {
    const counted = gate();
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      for (let i = 0; i < 3; i += 1) peer.send(result(await expectPing(peer)));
      peer.send("<presence from='bob@stub.test/x'/>" + result('made-up') + said('x', '@/') + said('last'));
      peer.send("<unknown xmlns='urn:example'/><message xmlns='jabber:server'/>");
      await peer.expect(/<iq[^>]*type="get"[^>]*><ping/);
      peer.send(SM_REQUEST);
      await ackedUpTo(peer, 7);
      counted.resolve();
    });
    const { stream, bodies } = await open();
    for (let i = 0; i < 3; i += 1) await stream.request(ping());
    await until('the last', () => bodies.length === 1);
    void stream.request(ping());
    await counted.promise;
    expect(stream.resumeState()?.inbound).toBe(7);
  });

  test('tells of a stanza only when it is handled, and then unasked', async () => {
    const [storing, stored, told] = [gate(), gate(), gate()];
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('1') + said('slow'));
      peer.send(result(await expectPing(peer)) + said('4'));
      await storing.promise;
      peer.send(SM_REQUEST);
      expect(await acked(peer)).toBe(1);
      stored.resolve();
      await ackedUpTo(peer, 4);
      told.resolve();
    });
    const { stream } = await open({
      handle: (stanza) => {
        if (stanza.getChildText('body') !== 'slow') return undefined;
        // The answer that came behind overtakes, and still does not count before this.
        return stream.request(ping()).then(() => {
          storing.resolve();
          return stored.promise;
        });
      },
    });
    await told.promise;
    expect(stream.resumeState()).toMatchObject({ inbound: 4 });
  });

  test('asks once for several stanzas, and resolves them by the count', async () => {
    const clock = new ManualClock();
    const settled: string[] = [];
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.expect(/<r xmlns[^>]*>/);
      peer.send(A(2));
      await peer.expect(/<r xmlns[^>]*>/);
      peer.send(A(3));
    });
    const { stream } = await open({ clock });
    for (const name of ['a', 'b', 'c'])
      void stream.send(xml('message', { id: name })).then(() => settled.push(name));
    await until('the stanzas', () => stub.received.includes('"c"'));
    expect(stub.received).not.toContain('<r ');
    clock.advance(50);
    await until('two', () => settled.length === 2);
    expect(settled).toEqual(['a', 'b']);
    expect(stream.resumeState()).toMatchObject({ outbound: 2, unacked: ['<message id="c"/>'] });
    clock.advance(1_000);
    await until('the third', () => settled.length === 3);
    expect(stream.resumeState()).toMatchObject({ outbound: 3, unacked: [] });
  });

  test('asks at once after many', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.expect(/<r xmlns[^>]*>/);
      peer.send(A(25));
    });
    const { stream } = await open({ clock: new ManualClock() });
    await Promise.all(Array.from({ length: 25 }, () => stream.send(xml('presence'))));
  });

  test.each([
    ['more than was sent', A(2), "h='2' send-count='1'"],
    ['a number that is none', "<a xmlns='urn:xmpp:sm:3' h='-1'/>", ''],
    ['nothing', "<a xmlns='urn:xmpp:sm:3'/>", ''],
  ])('an acknowledgement of %s ends the stream', async (_name, answer, details) => {
    let last = '';
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.expect(/<presence\/>/);
      peer.send(answer);
      [last] = await peer.expect(/<stream:error>.*<\/stream:error><\/stream:stream>/);
    });
    const { stream, ended } = await open();
    const sent = expect(stream.send(xml('presence'))).rejects.toMatchObject({ code: 'protocol-error' });
    expect(await ended).toMatchObject({
      code: 'protocol-error',
      condition: 'undefined-condition',
      advice: 'retry-later',
    });
    await sent;
    await until('the last words', () => last !== '');
    expect(last).toContain(details);
    expect(stream.resumeState()).toBeUndefined();
  });

  test('notes what it is about to tell, before it does', async () => {
    const noted: number[] = [];
    let wasNoted = false;
    const { openBare } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('1') + said('2') + SM_REQUEST);
      await ackedUpTo(peer, 2);
      wasNoted = noted.at(-1) === 2;
    });
    const stream = await openBare();
    stream.onAcknowledging((inbound) => noted.push(inbound));
    stream.onStanza(() => undefined);
    await until('the acknowledgement', () => wasNoted);
  });

  test('tells nothing that could not be noted, and ends so that it comes again', async () => {
    const { openBare, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('1') + SM_REQUEST);
      await peer.untilGone();
    });
    const stream = await openBare();
    const ended = new Promise((resolve) => stream.onEnd(resolve));
    stream.onAcknowledging(() => {
      throw new AppError('disk-full', 'the disk is full');
    });
    // What is sent answers the question first, and goes the same way.
    const sent = Promise.withResolvers<void>();
    stream.onStanza(async () => {
      await Promise.resolve();
      await stream.send(xml('presence')).then(sent.resolve, sent.reject);
    });
    await expect(sent.promise).rejects.toMatchObject({ code: 'disk-full' });
    expect(await ended).toMatchObject({ code: 'disk-full', advice: 'retry-later' });
    expect(stub.received).not.toMatch(/<a |<presence/);
    expect(stream.resumeState()).toBeDefined();
  });

  test('whose server does not resume gives nothing to resume', async () => {
    const { open } = await account({}, (peer) =>
      acceptSession(peer, "<enabled xmlns='urn:xmpp:sm:3' id='x'/>"),
    );
    const { stream } = await open();
    expect(stream.resumeState()).toBeUndefined();
  });
});

describe('a resumption', () => {
  const state = {
    id: 'old',
    jid: 'alice@stub.test/before',
    inbound: 7,
    outbound: 10,
    unacked: ['<message id="m1"/>', '<message id="m2"/>', '<presence/>'],
    offers: { rosterVersioning: false, clientState: false, maxBytes: 262_144 },
  };
  const answering =
    (answer: string, then?: StubScript): StubScript =>
    async (peer) => {
      await loginPlain(peer, BIND + SM);
      const [asked] = await peer.expect(/<resume [^>]*>/);
      expect(asked).toContain('previd="old"');
      expect(asked).toContain('h="7"');
      peer.send(answer);
      await then?.(peer);
    };
  const bindAnew: StubScript = async (peer) => {
    await acceptBind(peer);
    await peer.expect(/<enable [^>]*>/);
    peer.send(ENABLED);
  };
  const failed = (h: string): string =>
    `<failed xmlns='urn:xmpp:sm:3'${h}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;

  test('goes on with the counts of both sides; what the server lacks is its owner’s to send', async () => {
    const { open, stub } = await account(
      {},
      answering(
        "<resumed xmlns='urn:xmpp:sm:3' previd='old' h='12'/>" + said('meanwhile') + SM_REQUEST,
        async (peer) => {
          await acked(peer);
          await peer.expect(/<presence\/>/);
          await peer.expect(/<r [^>]*>/);
          peer.send(A(13) + SM_REQUEST);
          await ackedUpTo(peer, 8);
        },
      ),
    );
    const { stream, bodies } = await open({ resume: state });
    expect(stream).toMatchObject({
      resumed: true,
      jid: 'alice@stub.test/before',
      unhandled: ['<presence/>'],
    });
    await until('the message', () => bodies.length === 1);
    expect(stub.received).not.toContain('<presence/>');
    await Promise.all(stream.unhandled.map((text) => stream.send(parseStanza(text))));
    expect(stream.resumeState()).toEqual({
      id: 'old',
      jid: stream.jid,
      inbound: 8,
      outbound: 13,
      unacked: [],
      offers: { rosterVersioning: false, clientState: false, maxBytes: 262_144 },
    });
  });

  test('that fails ends in a new session', async () => {
    const { open, stub } = await account({}, answering(failed(''), bindAnew));
    const { stream } = await open({ resume: state });
    expect(stream).toMatchObject({ resumed: false, jid: 'alice@stub.test/stub', unhandled: [] });
    expect(stream.resumeState()).toMatchObject({ id: 'sm1', inbound: 0, outbound: 0, unacked: [] });
    expect(stub.received).not.toMatch(/m1|m2/);
  });

  test('that fails with a count says what has arrived all the same', async () => {
    const { open } = await account({}, answering(failed(" h='11'"), bindAnew));
    const { stream } = await open({ resume: state });
    expect(stream).toMatchObject({ resumed: false, earlierHandled: 11, unhandled: [], sentCount: 0 });
  });

  test.each([
    ['more than was sent', 14],
    ['less than was acknowledged before', 9],
  ])('that fails with a count of %s says nothing of what has arrived', async (_name, h) => {
    const { open } = await account({}, answering(failed(` h='${h}'`), bindAnew));
    const { stream } = await open({ resume: state });
    expect(stream).toMatchObject({ resumed: false, earlierHandled: undefined });
  });

  test('counts beyond 2^32 (XEP-0198 section 4)', async () => {
    const { open } = await account({}, async (peer) => {
      await loginPlain(peer, BIND + SM);
      await peer.expect(/<resume [^>]*h="4294967295"[^>]*>/);
      peer.send("<resumed xmlns='urn:xmpp:sm:3' previd='old' h='4294967295'/>" + said('one more'));
      await peer.expect(/<r [^>]*>/);
      peer.send(A(1));
    });
    const { stream, bodies } = await open({
      resume: { ...state, inbound: 2 ** 32 - 1, outbound: 2 ** 32 - 2 },
    });
    expect(stream.unhandled).toEqual(['<message id="m2"/>', '<presence/>']);
    await Promise.all(stream.unhandled.map((text) => stream.send(parseStanza(text))));
    await until('the message', () => bodies.length === 1);
    expect(stream.resumeState()).toMatchObject({ inbound: 0, outbound: 1, unacked: [] });
  });

  test('after a restart: the server has more than what is known of, and how much of what is', async () => {
    const { open } = await account({}, answering("<resumed xmlns='urn:xmpp:sm:3' previd='old' h='20'/>"));
    const { stream } = await open({ resume: { ...state, unacked: undefined } });
    expect(stream).toMatchObject({ resumed: true, unhandled: [], earlierHandled: 20, sentCount: 20 });
    expect(stream.resumeState()).toMatchObject({ outbound: 20, unacked: [] });
  });

  test.each([
    ['more than was sent', 14, state],
    ['less than was acknowledged before', 9, state],
    ['less than was known to be acknowledged, after a restart', 9, { ...state, unacked: undefined }],
  ])('with a count of %s is given up: nothing counts as arrived', async (_name, h, resume) => {
    const { fail, stub } = await account(
      {},
      answering(`<resumed xmlns='urn:xmpp:sm:3' previd='old' h='${h}'/>`, async (peer) => peer.untilGone()),
    );
    expect(await fail({ resume })).toMatchObject({
      code: 'protocol-error',
      step: 'bind',
      advice: 'retry-now',
    });
    // Said goodbye to: what the server holds for this session goes the way of other messages to nobody.
    expect(stub.received).toContain('</stream:stream>');
  });

  test.each([
    ['of another stream', "<resumed xmlns='urn:xmpp:sm:3' previd='other' h='12'/>"],
    ['without a count', "<resumed xmlns='urn:xmpp:sm:3' previd='old'/>"],
    ['that is something else', said('surprise')],
  ])('with an answer %s ends the attempt', async (_name, answer) => {
    const { fail } = await account({}, answering(answer));
    expect(await fail({ resume: state })).toMatchObject({
      code: 'protocol-error',
      step: 'bind',
      advice: 'retry-now',
    });
  });

  test('of another account is not asked for', async () => {
    const { open, stub } = await account({}, async (peer) => acceptSession(peer));
    const { stream } = await open({ resume: { ...state, jid: 'eve@stub.test/x' } });
    expect(stream.resumed).toBe(false);
    expect(stub.received).not.toContain('<resume');
  });
});
