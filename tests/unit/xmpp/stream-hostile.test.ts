import { getEventListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Stream } from '#main/xmpp/port.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import { acceptPlainSession, acceptSession, said, SM_REQUEST } from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

/** What a server, or somebody through it, may send to a session that is open. */

const account = useStubAccount();
const NS_STREAMS = 'urn:ietf:params:xml:ns:xmpp-streams';

describe('XML that ends the stream with an error of its name, and nothing else', () => {
  test.each([
    ['a foreign entity', said('&bogus;'), 'restricted-xml', 'protocol-error'],
    ['a forbidden character reference', said('&#1;'), 'not-well-formed', 'protocol-error'],
    ['a reference to no character', said('&#x110000;'), 'not-well-formed', 'protocol-error'],
    ['a raw control character', said('\u0001'), 'not-well-formed', 'protocol-error'],
    ['a comment', '<!-- x -->', 'restricted-xml', 'protocol-error'],
    ['a processing instruction', said('<?x y?>'), 'restricted-xml', 'protocol-error'],
    [
      'a DTD that would grow',
      '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
      'restricted-xml',
      'protocol-error',
    ],
    ['tags that cross', '<message><body></message></body>', 'not-well-formed', 'protocol-error'],
    ['an end too many', '</message>', 'not-well-formed', 'protocol-error'],
    [
      'a stanza without end',
      `<message><body>${'x'.repeat(4_300_000)}`,
      'policy-violation',
      'policy-violation',
    ],
    ['a stanza that is too deep', '<message>'.repeat(200), 'policy-violation', 'policy-violation'],
    [
      'a stanza of too many elements',
      `<message>${'<a/>'.repeat(100_001)}</message>`,
      'policy-violation',
      'policy-violation',
    ],
  ])('%s', async (_name, text, condition, code) => {
    let last = '';
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(text);
      [last] = await peer.expect(/<stream:error>.*<\/stream:error><\/stream:stream>/);
    });
    const { ended, heard, stream } = await open();
    expect(await ended).toMatchObject({ code, condition, step: 'session', advice: 'retry-later' });
    await until('the last words', () => last !== '' && stub.open === 0);
    expect(last).toContain(`<${condition} xmlns='${NS_STREAMS}'/>`);
    expect(heard).toEqual([]);
    expect(stream.resumeState()).toBeUndefined();
  });

  test('bytes that are no UTF-8', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(Buffer.from([...Buffer.from('<message><body>'), 0xff, 0xfe]));
      await peer.expect(/<stream:error>/);
    });
    expect(await (await open()).ended).toMatchObject({ code: 'protocol-error' });
  });
});

describe('what arrives whole', () => {
  const cyrillic = 'Широкая электрификация южных губерний 🌾 '.repeat(1_500).slice(0, 60_000);

  test('120 kB of Cyrillic, each byte alone ("ключ🔑" over two packets)', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptPlainSession(peer);
      await peer.trickle(said('ключ🔑'));
      await peer.trickle(said(cyrillic), 61);
    });
    const { bodies } = await open();
    await until('both', () => bodies.length === 2);
    expect(bodies[0]).toBe('ключ🔑');
    expect(bodies[1]).toBe(cyrillic);
  });

  test('a roster of thousands, in small pieces (xmpp.js: quadratic)', async () => {
    const items = Array.from(
      { length: 20_000 },
      (_, index) => `<item jid='contact-${index}@stub.test' name='Contact ${index}' subscription='both'/>`,
    ).join('');
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      const [, id] = await peer.expect(/<iq[^>]*id="([^"]+)"/);
      await peer.trickle(
        `<iq type='result' id='${id}'><query xmlns='jabber:iq:roster'>${items}</query></iq>`,
        1_400,
      );
    });
    const { stream } = await open();
    const answer = await stream.request(
      xml('iq', { type: 'get' }, xml('query', { xmlns: 'jabber:iq:roster' })),
    );
    expect(answer.getChild('query')?.getChildElements()).toHaveLength(20_000);
  });

  test('CDATA, predefined entities and character references', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('a<![CDATA[<b>&amp;]]> &lt;c&gt; &#x1F511;&#10;d'));
    });
    const { bodies } = await open();
    await until('the message', () => bodies.length === 1);
    expect(bodies).toEqual(['a<b>&amp; <c> 🔑\nd']);
  });
});

describe('what is passed over without harm', () => {
  test('stanzas from addresses that are none', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      for (const from of ['@/', '', 'a@', '/x', 'a@b@c', 'x'.repeat(4_000), 'a b@c'])
        peer.send(said('forged', from));
      peer.send(
        "<iq type='set' id='1' from='@/'><query xmlns='jabber:iq:roster'><item jid='eve@stub.test'/></query></iq>",
      );
      peer.send(said('honest'));
    });
    const { bodies, heard } = await open();
    await until('the honest one', () => bodies.length > 0);
    expect(bodies).toEqual(['honest']);
    expect(heard).toHaveLength(1);
  });

  test('elements of other namespaces and of no use', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(
        "<features xmlns='urn:example'/><message xmlns='jabber:server' from='eve@stub.test'><body>x</body></message>",
      );
      peer.send(
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/><resumed xmlns='urn:xmpp:sm:3'/><iq type='huh' id='1'/>",
      );
      peer.send("<error xmlns='urn:example'><conflict/></error>");
      peer.send(said('fine'));
    });
    const { heard, bodies } = await open();
    await until('the fine one', () => bodies.length === 1);
    expect(heard).toHaveLength(1);
  });
});

describe('stream errors of a session', () => {
  test.each([
    ['conflict', 'conflict', 'needs-user'],
    ['see-other-host', 'service-unavailable', 'retry-later'],
    ['system-shutdown', 'server-shutdown', 'retry-later'],
    ['policy-violation', 'policy-violation', 'retry-later'],
    ['not-authorized', 'auth-failed', 'needs-user'],
    ['resource-constraint', 'service-unavailable', 'retry-later'],
    ['connection-timeout', 'connection-lost', 'retry-now'],
    ['reset', 'connection-lost', 'retry-now'],
    ['not-well-formed', 'protocol-error', 'retry-later'],
  ])('%s is %s, and what follows it is not believed', async (condition, code, advice) => {
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(
        `<stream:error><${condition} xmlns='${NS_STREAMS}'>evil.test:5222</${condition}><text xmlns='${NS_STREAMS}'>bye</text></stream:error>${SM_REQUEST}${said('afterwards')}</stream:stream>`,
      );
      await peer.expect(/<\/stream:stream>/);
    });
    const { ended, stream, heard } = await open();
    expect(await ended).toMatchObject({ code, advice, condition, step: 'session' });
    expect(stream.resumeState()).toBeUndefined();
    expect(heard).toEqual([]);
    expect(stub.received).not.toContain('<a ');
    expect(stub.connections).toBe(1);
  });

  test('a goodbye without a reason is answered', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send('</stream:stream>');
      await peer.expect(/<\/stream:stream>/);
    });
    const { ended, stream } = await open();
    expect(await ended).toMatchObject({ code: 'connection-lost', advice: 'retry-now' });
    expect(stream.resumeState()).toBeUndefined();
  });
});

describe('what leaves', () => {
  test.each([
    ['NUL', xml('message', {}, xml('body', {}, 'a\0b'))],
    ['a lone surrogate', xml('message', {}, xml('body', {}, 'a\udc00b'))],
    ['a control character in an attribute', xml('message', { id: 'a\u001fb' })],
    ['a name with markup', xml('message', {}, xml('body><iq', {}))],
    ['an attribute name with markup', xml('message', { 'to="x" from': 'y' })],
    ['a non-character', xml('message', {}, xml('body', {}, '\uffff'))],
  ])('not: %s', async (_name, stanza) => {
    const { open, stub } = await account({}, acceptPlainSession);
    const { stream } = await open();
    await expect(stream.send(stanza)).rejects.toMatchObject({
      name: 'UnsendableStanza',
      reason: 'characters',
    });
    await stream.send(xml('presence'));
    await until('the next stanza', () => stub.received.includes('<presence/>'));
    expect(stub.received).not.toContain('<message');
  });

  test('as it was written: markup in texts, emoji, quotes', async () => {
    const { open, stub } = await account({}, acceptPlainSession);
    const { stream } = await open();
    await stream.send(xml('message', { id: `"'<&>` }, xml('body', {}, `</body> & "quotes" 🔑 ]]>`)));
    await until('the message', () => stub.received.includes('</message>'));
    expect(stub.received).toContain(
      '<message id="&quot;&apos;&lt;&amp;&gt;"><body>&lt;/body&gt; &amp; "quotes" 🔑 ]]&gt;</body></message>',
    );
  });
});

describe('an end', () => {
  test('that the server does not answer comes all the same', async () => {
    const clock = new ManualClock();
    const { open, stub } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.expect(/<\/stream:stream>/);
      await peer.untilGone();
    });
    const { stream, ended } = await open({ clock });
    const closed = stream.close();
    await until('the goodbye', () => stub.received.includes('</stream:stream>'));
    clock.advance(2_000);
    await closed;
    expect(await ended).toBeUndefined();
    expect(clock.pending).toBe(0);
    await until('the connection to end', () => stub.open === 0);
  });

  test('leaves no timer, no listener and no socket, whoever brought it about', async () => {
    const ends: readonly ((stream: Stream) => unknown)[] = [
      (stream) => stream.close(),
      (stream) => stream.abort('gone'),
      (stream) => stream.send(xml('message', { id: 'end me' })).catch(() => undefined),
    ];
    for (const end of ends) {
      const clock = new ManualClock();
      const abort = new AbortController();
      let socket: Duplex | undefined;
      let before = 0;
      const { open } = await account({}, async (peer) => {
        await acceptSession(peer);
        const words = await peer.expect(/<\/stream:stream>|end me/).catch(() => undefined);
        if (words?.[0] === 'end me') peer.cut();
        else peer.send('</stream:stream>');
      });
      const { stream, ended } = await open({
        clock,
        signal: abort.signal,
        dialed: (given) => {
          socket = given;
          before = given.listenerCount('close');
        },
      });
      void stream.request(xml('iq', { type: 'get' })).catch(() => undefined);
      stream.probe(8_000);
      end(stream);
      await ended;
      expect(clock.pending).toBe(0);
      expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
      expect(socket?.closed).toBe(true);
      expect(socket?.listenerCount('data')).toBe(0);
      expect(socket?.listenerCount('close')).toBe(before);
    }
  });

  test('comes once, however often it is asked for', async () => {
    const { open } = await account({}, async (peer) => {
      await acceptSession(peer);
      await peer.expect(/<\/stream:stream>/);
      peer.send('</stream:stream>');
    });
    const { stream } = await open();
    let ends = 0;
    stream.onEnd(() => (ends += 1));
    await Promise.all([stream.close(), stream.close()]);
    stream.abort('again');
    stream.probe(1);
    await stream.close();
    expect(ends).toBe(1);
  });

  test('that came before anybody listened is still told', async () => {
    const { openBare } = await account({}, async (peer) => {
      await acceptSession(peer);
      peer.send(said('last words'));
      peer.end();
    });
    const stream = await openBare();
    await expect(stream.request(xml('iq', { type: 'get' }))).rejects.toMatchObject({
      code: 'connection-lost',
    });
    expect(await new Promise((resolve) => stream.onEnd(resolve))).toMatchObject({ code: 'connection-lost' });
    // Not handled, so not counted: it comes again with the resumption.
    expect(stream.resumeState()).toMatchObject({ inbound: 0 });
  });
});
