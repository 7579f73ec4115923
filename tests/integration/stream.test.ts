import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ResumeState } from '#main/xmpp/port.ts';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { startFaultProxy, type FaultProxy } from '#tests/support/fault-proxy.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { openWith, type OpenOptions, type Opened } from '#tests/support/streams.ts';
import { until } from '#tests/support/until.ts';

/** What happens to a stream that is open: against the real server, through a network that fails on demand. */

let server: XmppServer;
let proxy: FaultProxy;
/** New for each test: what one leaves on the server is not for the next. */
let aliceJid: string;
let bobJid: string;
let tests = 0;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  tests += 1;
  aliceJid = `alice-${tests}@localhost`;
  bobJid = `bob-${tests}@localhost`;
  await Promise.all([aliceJid, bobJid].map((jid) => server.addUser(jid, 'secret')));
  proxy = await startFaultProxy(server.port);
});
afterEach(() => proxy.stop());

/** Through the network that fails. */
const alice = (options: OpenOptions = {}): Promise<Opened> =>
  openWith({ jid: aliceJid, password: 'secret', port: proxy.port, ca: server.ca, ...options });
/** Through one that does not. */
const bob = (): Promise<Opened> =>
  openWith({ jid: bobJid, password: 'secret', port: server.port, ca: server.ca });

const message = (to: string, body: string, id = `id-${body.slice(0, 20)}`): Element =>
  xml('message', { to, id, type: 'chat' }, xml('body', {}, body));
const roster = (): Element => xml('iq', { type: 'get' }, xml('query', { xmlns: 'jabber:iq:roster' }));

/** As an account does: what was open is closed by the network, and its state is all that stays. */
const cutOff = async (opened: Opened): Promise<ResumeState> => {
  proxy.cutClient();
  expect(await opened.ended).toMatchObject({ code: 'connection-lost', step: 'session', advice: 'retry-now' });
  const state = opened.stream.resumeState();
  if (state === undefined) throw new Error('there is nothing to resume');
  return state;
};

describe('a stream whose connection breaks', () => {
  test('is resumed: nothing is lost and nothing comes twice, whatever was asked before', async () => {
    const [first, peer] = [await alice(), await bob()];
    await first.stream.send(xml('presence'));
    for (let i = 0; i < 5; i += 1) await first.stream.request(roster());
    for (let i = 0; i < 5; i += 1) await peer.stream.send(message(`${aliceJid}/test`, `before ${i}`));
    await until('what was sent before', () => first.bodies.length === 5);
    const state = await cutOff(first);
    for (let i = 0; i < 3; i += 1) await peer.stream.send(message(`${aliceJid}/test`, `during ${i}`));

    const second = await alice({ resume: state });
    expect(second.stream).toMatchObject({ resumed: true, jid: `${aliceJid}/test`, unhandled: [] });
    await peer.stream.send(message(`${aliceJid}/test`, 'after'));
    await until('the last message', () => second.bodies.includes('after'));
    expect(second.bodies).toEqual(['during 0', 'during 1', 'during 2', 'after']);
    await second.stream.request(roster());
  });

  test('is resumed by another process, from what was stored', async () => {
    const [first, peer] = [await alice(), await bob()];
    await first.stream.send(xml('presence'));
    const stored = JSON.stringify(await cutOff(first));
    await peer.stream.send(message(`${aliceJid}/test`, 'meanwhile'));
    const second = await alice({ resume: JSON.parse(stored) as ResumeState });
    expect(second.stream.resumed).toBe(true);
    await until('the message', () => second.bodies.length === 1);
    expect(second.bodies).toEqual(['meanwhile']);
  });

  test('knows which of the stanzas in flight the server has, and the others arrive once when they are sent again', async () => {
    const [first, peer] = [await alice(), await bob()];
    await peer.stream.send(xml('presence'));
    await first.stream.send(message(bobJid, 'arrived'));
    proxy.swallow();
    const lost = ['lost 1', 'lost 2'].map((body) => first.stream.send(message(bobJid, body)));
    const fates = Promise.allSettled(lost);
    proxy.cut();
    expect((await fates).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await first.ended).toMatchObject({ code: 'connection-lost' });
    proxy.heal();
    const state = first.stream.resumeState();
    expect(state?.unacked).toHaveLength(2);

    const second = await alice({ resume: state });
    expect(second.stream.resumed).toBe(true);
    expect(second.stream.unhandled).toEqual(state?.unacked);
    await Promise.all(second.stream.unhandled.map((text) => second.stream.send(parseStanza(text))));
    await until('all messages', () => peer.bodies.length >= 3);
    expect(peer.bodies).toEqual(['arrived', 'lost 1', 'lost 2']);
  });

  test('does not tell the server of a message that was not handled: it comes again', async () => {
    let fail = true;
    const first = await alice({
      handle: (stanza) => (fail && stanza.is('message') ? new Promise<never>(() => undefined) : undefined),
    });
    const peer = await bob();
    await first.stream.send(xml('presence'));
    await peer.stream.send(message(`${aliceJid}/test`, 'not stored'));
    await peer.stream.send(message(`${aliceJid}/test`, 'behind it'));
    await until('the message', () => first.bodies.length === 1);
    const state = await cutOff(first);
    fail = false;
    const second = await alice({ resume: state });
    await until('both messages', () => second.bodies.length === 2);
    expect(second.bodies).toEqual(['not stored', 'behind it']);
  });

  test('several times in a row still counts right', async () => {
    const peer = await bob();
    let opened = await alice();
    await opened.stream.send(xml('presence'));
    const seen: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      await opened.stream.request(roster());
      await peer.stream.send(message(`${aliceJid}/test`, `round ${round}`));
      await until('the message', () => opened.bodies.length === 1);
      const state = await cutOff(opened);
      seen.push(...opened.bodies);
      opened = await alice({ resume: state });
      expect(opened.stream.resumed).toBe(true);
    }
    await opened.stream.request(roster());
    expect([...seen, ...opened.bodies]).toEqual(['round 0', 'round 1', 'round 2', 'round 3']);
  });

  test('fails what was asked and what is asked afterwards', async () => {
    const { stream, ended } = await alice();
    proxy.swallow();
    const question = stream.request(roster());
    stream.abort('the lid was closed');
    await expect(question).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(stream.request(roster())).rejects.toMatchObject({ code: 'connection-lost' });
    await expect(stream.send(xml('presence'))).rejects.toMatchObject({ code: 'connection-lost' });
    expect(await ended).toMatchObject({ code: 'connection-lost' });
    expect(stream.resumeState()).toBeDefined();
    proxy.heal();
  });
});

describe('a network that swallows everything', () => {
  test('is noticed by a probe', async () => {
    const clock = new ManualClock();
    const { stream, ended } = await alice({ clock });
    proxy.swallow();
    stream.probe(8_000);
    clock.advance(8_000);
    expect(await ended).toMatchObject({ code: 'connection-lost', advice: 'retry-now' });
    expect(stream.resumeState()).toBeDefined();
    expect(clock.pending).toBe(0);
  });

  test('is noticed after silence, without anybody asking', async () => {
    const clock = new ManualClock();
    const { ended } = await alice({ clock });
    proxy.swallow();
    clock.advance(90_000);
    clock.advance(30_000);
    expect(await ended).toMatchObject({ code: 'connection-lost' });
    expect(clock.pending).toBe(0);
  });

  test('is noticed by a message without acknowledgement', async () => {
    const clock = new ManualClock();
    const { stream, ended } = await alice({ clock });
    proxy.swallow();
    const sent = stream.send(message(bobJid, 'into the void'));
    clock.advance(31_000);
    await expect(sent).rejects.toMatchObject({ code: 'connection-lost' });
    expect(await ended).toMatchObject({ code: 'connection-lost' });
  });

  test('during the login ends the attempt', async () => {
    const clock = new ManualClock();
    proxy.swallow();
    const attempt = alice({ clock });
    const failed = expect(attempt).rejects.toMatchObject({ code: 'connection-timeout' });
    await until('the connection', () => proxy.open === 1);
    clock.advance(30_000);
    await failed;
    expect(clock.pending).toBe(0);
    await until('the socket to be closed', () => proxy.open === 0 || clientsGone());
  });

  test('that is gone again when a probe asks does no harm', async () => {
    const { stream } = await alice();
    stream.probe(8_000);
    await stream.request(roster());
    expect(stream.resumeState()).toBeDefined();
  });
});

const clientsGone = (): boolean => {
  proxy.cut();
  return proxy.open === 0;
};

describe('characters and sizes', () => {
  const long = 'Съешь же ещё этих мягких французских булок 🥐. '.repeat(1_500).slice(0, 60_000);

  test('120 kB of Cyrillic arrive as they were, in whatever pieces', async () => {
    const [receiver, peer] = [await alice(), await bob()];
    await receiver.stream.send(xml('presence'));
    await peer.stream.send(message(`${aliceJid}/test`, long));
    proxy.chunk(7);
    await peer.stream.send(message(`${aliceJid}/test`, long, 'again'));
    await until('both', () => receiver.bodies.length === 2);
    expect(receiver.bodies[0]).toBe(long);
    expect(receiver.bodies[1]).toBe(long);
  });

  test('a login in pieces of one byte', async () => {
    proxy.chunk(1);
    const { stream } = await alice();
    await stream.request(roster());
  });

  test('what XML cannot carry, or the server would not take, is refused here and the stream lives', async () => {
    const { stream } = await alice();
    for (const body of ['a\0b', 'a\ud800b', 'a\u0001b']) {
      await expect(stream.send(message(bobJid, body))).rejects.toMatchObject({ reason: 'characters' });
    }
    await expect(stream.send(message(bobJid, 'x'.repeat(300_000)))).rejects.toMatchObject({ reason: 'size' });
    await expect(stream.request(xml('iq', { type: 'get', to: 'a\0b' }))).rejects.toMatchObject({
      reason: 'characters',
    });
    await stream.request(roster());
  });

  test('hundreds of messages both ways keep their order', async () => {
    const [receiver, peer] = [await alice(), await bob()];
    await Promise.all([receiver.stream.send(xml('presence')), peer.stream.send(xml('presence'))]);
    const bodies = Array.from({ length: 300 }, (_, index) => `number ${index}`);
    await Promise.all([
      ...bodies.map((body) => receiver.stream.send(message(`${bobJid}/test`, body))),
      ...bodies.map((body) => peer.stream.send(message(`${aliceJid}/test`, body))),
    ]);
    await until('all', () => receiver.bodies.length === 300 && peer.bodies.length === 300);
    expect(receiver.bodies).toEqual(bodies);
    expect(peer.bodies).toEqual(bodies);
  });

  test('the end of an archive page is not overtaken by slow handling of the page', async () => {
    const peer = await bob();
    const texts = Array.from({ length: 20 }, (_, index) => `page ${index}`);
    await Promise.all(texts.map((body) => peer.stream.send(message(aliceJid, body))));
    const { stream, heard } = await alice({ handle: () => new Promise((resolve) => setImmediate(resolve)) });
    const query = xml(
      'query',
      { xmlns: 'urn:xmpp:mam:2' },
      xml('set', { xmlns: 'http://jabber.org/protocol/rsm' }, xml('max', {}, '20'), xml('before')),
    );
    await stream.request(xml('iq', { type: 'set' }, query));
    expect(heard.filter((stanza) => stanza.includes('urn:xmpp:mam:2'))).toHaveLength(20);
  });
});

describe('an end that is meant', () => {
  test('close says goodbye, and nothing is left: no timer, no socket, no session on the server', async () => {
    const clock = new ManualClock();
    const { stream, ended } = await alice({ clock });
    const unacknowledged = expect(stream.send(xml('presence'))).rejects.toMatchObject({
      code: 'connection-lost',
    });
    await stream.close();
    await unacknowledged;
    expect(await ended).toBeUndefined();
    expect(stream.resumeState()).toBeUndefined();
    expect(clock.pending).toBe(0);
    await until('the socket to be closed', () => proxy.open === 0);
    expect(await server.sessions()).not.toContain(`${aliceJid}/test`);
  });

  test('a second login with the same resource ends the first for good', async () => {
    const first = await alice();
    const second = await alice();
    expect(await first.ended).toMatchObject({
      code: 'conflict',
      advice: 'needs-user',
      condition: 'conflict',
    });
    expect(first.stream.resumeState()).toBeUndefined();
    await second.stream.request(roster());
  });

  test('a shutdown that the server tells asks for patience', async () => {
    const { stream, ended } = await alice();
    await server.announceShutdown(stream.jid);
    expect(await ended).toMatchObject({
      code: 'server-shutdown',
      advice: 'retry-later',
      condition: 'system-shutdown',
    });
    expect(stream.resumeState()).toBeUndefined();
  });

  test('a restart: while the server is away it is refused, afterwards a new session begins', async () => {
    const { stream, ended } = await alice({ port: server.port });
    await server.halt('SIGTERM');
    expect(await ended).toMatchObject(
      server.traits.tellsShutdown
        ? { code: 'server-shutdown', advice: 'retry-later' }
        : { code: 'connection-lost', advice: 'retry-now' },
    );
    await expect(alice({ port: server.port })).rejects.toMatchObject({ code: 'connection-refused' });
    await server.start();
    const second = await alice({ resume: stream.resumeState() });
    expect(second.stream.resumed).toBe(false);
    await second.stream.request(roster());
  });

  test('a crash of the server: the old session is gone, a new one begins', async () => {
    const { stream, ended } = await alice();
    await stream.send(message(bobJid, 'before the crash'));
    await server.restart({ kill: 'SIGKILL' });
    expect(await ended).toMatchObject({ code: 'connection-lost' });
    const second = await alice({ resume: stream.resumeState() });
    expect(second.stream).toMatchObject({ resumed: false, jid: `${aliceJid}/test`, unhandled: [] });
    await second.stream.request(roster());
  });

  test('an attempt that is given up leaves nothing', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const attempt = alice({ clock, signal: abort.signal });
    const failed = expect(attempt).rejects.toMatchObject({ code: 'connection-lost' });
    await until('the connection', () => proxy.open === 1);
    abort.abort();
    await failed;
    expect(clock.pending).toBe(0);
    await until('the socket to be closed', () => proxy.open === 0);
    await expect(alice({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'connection-lost' });
  });
});
