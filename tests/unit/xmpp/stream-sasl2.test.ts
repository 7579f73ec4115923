import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createDialer } from '#main/net/dialer.ts';
import type { FastToken, Stream, TokenKeeper } from '#main/xmpp/port.ts';
import { createOpenStream } from '#main/xmpp/stream.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { ScramServer } from '#tests/support/scram-server.ts';
import { quietLog } from '#tests/support/test-store.ts';
import { useStubAccount } from '#tests/support/stub-account.ts';
import {
  ackedUpTo,
  features,
  mechanisms,
  openTag,
  said,
  SM_REQUEST,
  type StubPeer,
  type StubScript,
} from '#tests/support/tls-stub.ts';
import { until } from '#tests/support/until.ts';

/** XEP-0388, XEP-0386 and XEP-0484 with a server that says exactly what the test wants. */

const account = useStubAccount();

const decode = (base64 = ''): string => Buffer.from(base64, 'base64').toString('utf8');
const encode = (data: string | Uint8Array): string => Buffer.from(data).toString('base64');
const BOUND =
  "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/></bound>";
const INLINE = `<inline><sm xmlns='urn:xmpp:sm:3'/><bind xmlns='urn:xmpp:bind:0'><inline>
  <feature var='urn:xmpp:sm:3'/><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:csi:0'/></inline></bind>
  <fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline>`;
const authorized = (jid: string): string => `<authorization-identifier>${jid}</authorization-identifier>`;
const ME = authorized('alice@stub.test/chatsecure~1');
const success = (content: string): string => `<success xmlns='urn:xmpp:sasl:2'>${content}</success>`;
const AFTER = features("<ver xmlns='urn:xmpp:features:rosterver'/><csi xmlns='urn:xmpp:csi:0'/>");

/** Offers SASL2 beside the classic list, and waits for the login. */
const begin = async (peer: StubPeer, inline = INLINE): Promise<string> => {
  await peer.expect(/<stream:stream[^>]*>/);
  const offer = `<authentication xmlns='urn:xmpp:sasl:2'><mechanism>SCRAM-SHA-256</mechanism>${inline}</authentication>`;
  peer.send(openTag() + features(mechanisms('SCRAM-SHA-256') + offer));
  return (await peer.expect(/<authenticate.*?<\/authenticate>/))[0];
};

/** @param end what follows a login that is right, by what additional-data it has */
const scram =
  (end: (signature: string, request: string) => string, then?: StubScript): StubScript =>
  async (peer) => {
    const request = await begin(peer);
    const server = new ScramServer('sha256', 'pw-alice');
    const initial = /<initial-response>([^<]*)</.exec(request)?.[1];
    peer.send(`<challenge xmlns='urn:xmpp:sasl:2'>${encode(server.first(decode(initial)))}</challenge>`);
    const [, answer] = await peer.expect(/<response[^>]*>([^<]*)<\/response>/);
    const signature = server.final(decode(answer), 'y,,') ?? '';
    peer.send(end(`<additional-data>${encode(signature)}</additional-data>`, request));
    await then?.(peer);
  };

const state = {
  id: 'old',
  jid: 'alice@stub.test/before',
  inbound: 7,
  outbound: 10,
  unacked: undefined,
  offers: { rosterVersioning: true, clientState: true, maxBytes: 100_000 },
};

const keeper = (token?: string): TokenKeeper & { token: FastToken | undefined } => {
  const kept = {
    token:
      token === undefined ? undefined : { token, mechanism: 'HT-SHA-256-NONE', expiry: Number.MAX_VALUE },
    get: async () => kept.token,
    set: async (next: FastToken | undefined) => {
      kept.token = next;
    },
  } as TokenKeeper & { token: FastToken | undefined };
  return kept;
};
const responder = (token: string): string =>
  `<additional-data>${encode(createHmac('sha256', token).update('Responder').digest())}</additional-data>`;

describe('a login with SASL2', () => {
  test('says who asks, and nothing of the computer', async () => {
    let request = '';
    const { open } = await account(
      {},
      scram((proof, asked) => {
        request = asked;
        return success(proof + ME + BOUND) + AFTER;
      }),
    );
    const { stream } = await open({ active: false });
    expect(stream).toMatchObject({
      jid: 'alice@stub.test/chatsecure~1',
      carbons: true,
      rosterVersioning: true,
    });
    expect(request).toContain(
      '<user-agent id="d4565fa7-4d72-4749-b3d3-740edbf87770"><software>ChatSecure Desktop</software></user-agent>',
    );
    expect(request).toContain('<inactive xmlns="urn:xmpp:csi:0"/>');
    expect(request).not.toMatch(
      new RegExp(`${process.platform}|${process.arch}|node|electron|request-token`, 'i'),
    );
  });

  test('counts what comes with <enabled/>, before the features too, and takes long stanzas at once', async () => {
    let told = false;
    const long = 'x'.repeat(80_000);
    const { open } = await account(
      {},
      scram(
        (proof) => success(proof + ME + BOUND) + said('first') + AFTER + said(long) + SM_REQUEST,
        async (peer) => {
          await ackedUpTo(peer, 2);
          told = true;
        },
      ),
    );
    const { bodies } = await open();
    await until('the count', () => told);
    expect(bodies).toEqual(['first', long]);
  });

  test.each([
    ['does not show that it knows the password', () => success(ME + BOUND) + AFTER, 'server-not-genuine'],
    [
      'lets somebody else in',
      (proof: string) => success(proof + authorized('eve@stub.test/x') + BOUND) + AFTER,
      'protocol-error',
    ],
    [
      'binds nothing',
      (proof: string) => success(proof + authorized('alice@stub.test') + BOUND) + AFTER,
      'binding-failed',
    ],
    [
      'refuses a resource',
      (proof: string) =>
        success(`${proof}${authorized('alice@stub.test')}<failed xmlns='urn:xmpp:bind:0'/>`) + AFTER,
      'binding-failed',
    ],
    [
      'wants a second factor',
      (proof: string) =>
        `<continue xmlns='urn:xmpp:sasl:2'>${proof}<tasks><task>TOTP</task></tasks></continue>`,
      'auth-unsupported',
    ],
    ['speaks of something else', () => said('surprise'), 'protocol-error'],
    [
      'answers in the other form',
      () => "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
      'protocol-error',
    ],
  ])('a server that %s gets no stream', async (_name, end, code) => {
    const { fail, stub } = await account(
      {},
      scram(end, async (peer) => peer.untilGone()),
    );
    expect(await fail()).toMatchObject({ code });
    expect(stub.received).not.toMatch(/<iq|<presence|<message/);
  });

  test('resumes within, without features and with what was granted before', async () => {
    let request = '';
    const { open } = await account(
      {},
      scram((proof, asked) => {
        request = asked;
        return `${success(`${proof}${authorized('alice@stub.test/before')}<resumed xmlns='urn:xmpp:sm:3' previd='old' h='12'/>`)}${said('kept')}`;
      }),
    );
    const { stream, bodies } = await open({ resume: state });
    await until('what was kept', () => bodies.length === 1);
    expect(stream).toMatchObject({
      resumed: true,
      jid: state.jid,
      earlierHandled: 12,
      rosterVersioning: true,
    });
    expect(request).toContain('<resume xmlns="urn:xmpp:sm:3" previd="old" h="7"/>');
    expect(stream.resumeState()).toMatchObject({ inbound: 8, outbound: 12, offers: state.offers });
  });

  test('begins anew within where the server has forgotten, and learns what had arrived', async () => {
    const { open } = await account(
      {},
      scram((proof) => success(`${proof}${ME}<failed xmlns='urn:xmpp:sm:3' h='11'/>${BOUND}`) + AFTER),
    );
    const { stream } = await open({ resume: state });
    expect(stream).toMatchObject({ resumed: false, earlierHandled: 11, sentCount: 0 });
  });

  test('gives up a resumption whose count cannot be right', async () => {
    const { fail } = await account(
      {},
      scram(
        (proof) => success(`${proof}${ME}<resumed xmlns='urn:xmpp:sm:3' previd='old' h='9'/>`),
        async (peer) => peer.untilGone(),
      ),
    );
    expect(await fail({ resume: state })).toMatchObject({ code: 'protocol-error', step: 'bind' });
  });
});

describe('a token', () => {
  const withToken =
    (answer: (request: string) => string): StubScript =>
    async (peer) => {
      peer.send(answer(await begin(peer)));
      await peer.untilGone();
    };

  test('is asked for with the password, and kept', async () => {
    const tokens = keeper();
    let request = '';
    const { open } = await account(
      {},
      scram((proof, asked) => {
        request = asked;
        const token = "<token xmlns='urn:xmpp:fast:0' token='new' expiry='2999-01-01T00:00:00Z'/>";
        return success(proof + ME + BOUND + token) + AFTER;
      }),
    );
    await open({ tokens });
    expect(request).toContain('<request-token xmlns="urn:xmpp:fast:0" mechanism="HT-SHA-256-NONE"/>');
    expect(tokens.token).toEqual({
      token: 'new',
      mechanism: 'HT-SHA-256-NONE',
      expiry: Date.parse('2999-01-01'),
    });
  });

  test.each(["token='new'", "expiry='2999-01-01T00:00:00Z'", "token='new' expiry='soon'"])(
    'that is incomplete is not kept: %s',
    async (attributes) => {
      const tokens = keeper();
      const { open } = await account(
        {},
        scram(
          (proof) => success(`${proof}${ME}${BOUND}<token xmlns='urn:xmpp:fast:0' ${attributes}/>`) + AFTER,
        ),
      );
      await open({ tokens });
      expect(tokens.token).toBeUndefined();
    },
  );

  test('logs in alone; a server that renews it is heard', async () => {
    const tokens = keeper('first');
    const { open } = await account(
      {},
      withToken((request) => {
        expect(request).toContain('<fast xmlns="urn:xmpp:fast:0"/>');
        const token = "<token xmlns='urn:xmpp:fast:0' token='second' expiry='2999-01-01T00:00:00Z'/>";
        return success(responder('first') + ME + BOUND + token) + AFTER;
      }),
    );
    await open({ tokens, password: 'never asked for' });
    expect(tokens.token).toMatchObject({ token: 'second', mechanism: 'HT-SHA-256-NONE' });
  });

  test.each([
    ['nothing', ''],
    ['what anybody could say', `<additional-data>${encode('x'.repeat(32))}</additional-data>`],
  ])(
    'is no use to a server that does not know it and shows %s: the password stays here',
    async (_name, data) => {
      const tokens = keeper('first');
      const { fail, stub } = await account(
        {},
        withToken(() => success(data + ME + BOUND) + AFTER),
      );
      expect(await fail({ tokens })).toMatchObject({ code: 'server-not-genuine' });
      expect(tokens.token?.token).toBe('first');
      expect(stub.connections).toBe(1);
    },
  );

  test('that is refused is forgotten, and the password logs in on a new connection', async () => {
    const tokens = keeper('first');
    const { open, stub } = await account(
      {},
      withToken(
        () =>
          "<failure xmlns='urn:xmpp:sasl:2'><credentials-expired xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>",
      ),
      scram((proof) => success(proof + ME + BOUND) + AFTER),
    );
    await open({ tokens });
    expect(stub.connections).toBe(2);
    expect(tokens.token).toBeUndefined();
  });

  test('stays where the server only has no time', async () => {
    const tokens = keeper('first');
    const { fail } = await account(
      {},
      withToken(
        () =>
          "<failure xmlns='urn:xmpp:sasl:2'><temporary-auth-failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>",
      ),
    );
    expect(await fail({ tokens })).toMatchObject({ code: 'service-unavailable', advice: 'retry-later' });
    expect(tokens.token?.token).toBe('first');
  });

  test('for a mechanism that somebody took from the list is not used for another', async () => {
    const tokens = keeper('first');
    tokens.token = tokens.token && { ...tokens.token, mechanism: 'HT-SHA-256-EXPR' };
    const { open, stub } = await account(
      {},
      scram((proof) => success(proof + ME + BOUND) + AFTER),
    );
    await open({ tokens });
    expect(stub.received).not.toContain('HT-SHA-256-EXPR');
  });
});

test('a server that falls silent at a token gets the password the next time', async () => {
  const clock = new ManualClock();
  const tokens = keeper('first');
  const { stub, ca } = await account(
    {},
    async (peer) => {
      await begin(peer);
      clock.advance(30_000);
      await peer.untilGone();
    },
    scram((proof) => success(proof + ME + BOUND) + AFTER),
  );
  const openStream = createOpenStream({
    dial: createDialer(),
    clock,
    log: quietLog,
    durable: () => undefined,
  });
  const open = (): Promise<Stream> =>
    openStream(
      {
        ...{ jid: 'alice@stub.test', host: '127.0.0.1', port: stub.port, directTls: true, ca, tokens },
        ...{ resource: 'x', userAgent: 'd4565fa7-4d72-4749-b3d3-740edbf87770' },
        password: async () => 'pw-alice',
      },
      new AbortController().signal,
    );
  await expect(open()).rejects.toMatchObject({ code: 'connection-timeout', step: 'auth' });
  const stream = await open();
  expect(stream.jid).toBe('alice@stub.test/chatsecure~1');
  expect(stub.connections).toBe(2);
  stream.abort('the test is over');
});
