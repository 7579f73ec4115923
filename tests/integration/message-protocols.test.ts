import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  archivePreferencesRequest,
  archivePreferencesSet,
  readArchivePreferences,
} from '#main/xmpp/features/archive-preferences.ts';
import {
  blocklistRequest,
  BLOCKING_FEATURE,
  blockRequest,
  isBlockedByUs,
  readBlocklist,
  readBlockPush,
  unblockAllRequest,
  unblockRequest,
} from '#main/xmpp/features/blocking.ts';
import {
  CARBONS_FEATURE,
  disableCarbons,
  enableCarbons,
  privateMessage,
  readCarbon,
} from '#main/xmpp/features/carbons.ts';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import {
  configureDisplayed,
  displayedRequest,
  displayedSync,
  publishDisplayed,
  publishDisplayedPrivately,
  readDisplayedEvent,
  readDisplayedStates,
  retractDisplayed,
} from '#main/xmpp/features/displayed-sync.ts';
import { hint } from '#main/xmpp/features/hints.ts';
import {
  archiveFeatures,
  archiveMetadataRequest,
  archiveQuery,
  readArchiveMetadata,
  readArchivePage,
  readArchiveResult,
  type ArchiveFilter,
} from '#main/xmpp/features/mam.ts';
import { isPreconditionNotMet, publishItem, PUBLISH_OPTIONS_FEATURE } from '#main/xmpp/features/pubsub.ts';
import { receiptMessage } from '#main/xmpp/features/receipts.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import { retractionMessage } from '#main/xmpp/features/retraction.ts';
import { readStanzaId } from '#main/xmpp/features/stanza-ids.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

/** The readers and builders of the message protocols, spoken with a real server and a hostile account. */

let server: XmppServer;
let romeoJid: string;
let desktop: Peer;
let phone: Peer;
let juliet: Peer;
let tests = 0;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const login = (jid: string, resource: string): Promise<Peer> =>
  Peer.start({ jid, password: 'secret', port: server.port, ca: server.ca, resource });

/** New accounts for each test: an archive remembers. */
beforeEach(async () => {
  tests += 1;
  romeoJid = `romeo-${tests}@localhost`;
  const julietJid = `juliet-${tests}@localhost`;
  await Promise.all([romeoJid, julietJid].map((jid) => server.addUser(jid, 'secret')));
  [desktop, phone, juliet] = await Promise.all([
    login(romeoJid, 'desktop'),
    login(romeoJid, 'phone'),
    login(julietJid, 'balcony'),
  ]);
});
afterEach(() => Promise.all([desktop, phone, juliet].map((peer) => peer.close())));

const own = (): Jid => {
  const jid = parseJid(`${romeoJid}/desktop`);
  if (jid === undefined) throw new Error('no address');
  return jid;
};

/** A message that everybody gets after what was sent before: what has not come with it does not come. */
const fence = async (from: Peer, to: Peer): Promise<void> => {
  const body = `fence ${randomUUID()}`;
  await from.say(`${to.jid}/${to === phone ? 'phone' : 'desktop'}`, body);
  await to.expectText(body);
};

const failure = async (answer: Promise<Element>): Promise<StanzaError> => {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StanzaError)) throw new Error('it did not fail');
  return error;
};

describe('carbons', () => {
  const copies = (): readonly string[] =>
    desktop.heard.flatMap((stanza) => {
      const reading = readCarbon(stanza, own());
      return reading.kind === 'carbon'
        ? [`${reading.direction} ${reading.message.getChildText('body') ?? ''}`]
        : [];
    });

  test('bring what another device wrote and received, once they are enabled', async () => {
    await desktop.request(enableCarbons());
    await phone.say(juliet.jid, 'from the phone');
    await juliet.say(`${romeoJid}/phone`, 'to the phone');
    await until('both copies', () => copies().length === 2);
    expect(copies().toSorted()).toEqual(['received to the phone', 'sent from the phone']);
    await phone.send(
      xml(
        'message',
        { to: `${juliet.jid}/balcony`, type: 'chat' },
        xml('body', {}, 'secret'),
        privateMessage(),
        hint('no-copy'),
      ),
    );
    await juliet.expectText('secret');
    await desktop.request(disableCarbons());
    await phone.say(juliet.jid, 'not copied any more');
    await juliet.expectText('not copied any more');
    await fence(juliet, desktop);
    expect(copies()).toHaveLength(2);
  });

  test('of an attacker are refused, as the server passes them on', async () => {
    const forged = parseStanza(
      `<message to='${romeoJid}/desktop' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>` +
        `<message xmlns='jabber:client' from='friend@localhost/x' to='${romeoJid}'><body>trust me</body></message>` +
        `</forwarded></received><body>x</body></message>`,
    );
    await juliet.send(forged);
    const stanza = await desktop.expectText('x');
    expect(readCarbon(stanza, own())).toEqual({ kind: 'refused', reason: 'sender' });
  });
});

describe('the archive', () => {
  interface Answer {
    readonly bodies: readonly string[];
    readonly ids: readonly string[];
    readonly complete: boolean;
  }

  const ask = async (
    filter: ArchiveFilter,
    position: PagePosition,
    max = 2,
    flipped = false,
  ): Promise<Answer> => {
    const queryId = randomUUID();
    const before = desktop.heard.length;
    const answer = await desktop.request(archiveQuery({ queryId, filter, page: { max, position }, flipped }));
    const results = desktop.heard.slice(before).flatMap((stanza) => {
      const reading = readArchiveResult(stanza, own(), new Map([[queryId, romeoJid]]));
      return reading.kind === 'result' ? [reading] : [];
    });
    const page = readArchivePage(answer);
    const ordered = flipped && server.traits.flippedRangeByTime ? results.toReversed() : results;
    expect(page?.range).toEqual(
      results.length === 0 ? undefined : { first: ordered[0]?.archiveId, last: ordered.at(-1)?.archiveId },
    );
    expect(results.every(({ stamp }) => stamp !== undefined && Math.abs(stamp - Date.now()) < 600_000)).toBe(
      true,
    );
    return {
      bodies: results.map(({ message }) => message?.getChildText('body') ?? ''),
      ids: results.map(({ archiveId }) => archiveId),
      complete: page?.complete ?? false,
    };
  };

  const talk = async (): Promise<void> => {
    for (const body of ['one', 'two', 'three']) await juliet.say(romeoJid, body);
    await desktop.expectText('three');
    await desktop.say(juliet.jid, 'four');
    await juliet.expectText('four');
  };

  test('gives its pages forwards, backwards, flipped and between ids', async () => {
    await talk();
    const first = await ask({}, { kind: 'first' });
    expect(first).toMatchObject({ bodies: ['one', 'two'], complete: false });
    const second = await ask({}, { kind: 'after', id: first.ids[1] ?? '' });
    expect(second).toMatchObject({ bodies: ['three', 'four'], complete: true });
    expect(await ask({}, { kind: 'last' })).toMatchObject({ bodies: ['three', 'four'], complete: false });
    expect(await ask({}, { kind: 'before', id: second.ids[0] ?? '' })).toMatchObject({
      bodies: ['one', 'two'],
    });
    expect(await ask({}, { kind: 'last' }, 3, true)).toMatchObject({ bodies: ['four', 'three', 'two'] });
    if (!server.traits.archiveExtended) return;
    const between = { afterId: first.ids[0], beforeId: second.ids[1] };
    expect(await ask(between, { kind: 'first' }, 10)).toMatchObject({
      bodies: ['two', 'three'],
      complete: true,
    });
    expect(await ask({ ids: [first.ids[1] ?? ''] }, { kind: 'first' })).toMatchObject({ bodies: ['two'] });
  });

  test('gives what was said with somebody, or from a time on', async () => {
    await talk();
    expect(await ask({ with: juliet.jid }, { kind: 'first' }, 10)).toMatchObject({ complete: true });
    expect(await ask({ with: 'nobody@localhost' }, { kind: 'first' })).toMatchObject({
      bodies: [],
      complete: true,
    });
    expect(await ask({ start: Date.now() + 86_400_000 }, { kind: 'first' })).toMatchObject({ bodies: [] });
    expect(await ask({ end: Date.now() + 86_400_000 }, { kind: 'first' }, 1)).toMatchObject({
      bodies: ['one'],
    });
  });

  test('names live messages by the ids of its results, and knows its ends', async () => {
    await talk();
    const live = await desktop.expectText('two');
    const { ids } = await ask({}, { kind: 'first' }, 10);
    expect(readStanzaId(live, romeoJid)).toBe(ids[1]);
    if (!server.traits.archiveExtended) return;
    const metadata = readArchiveMetadata(await desktop.request(archiveMetadataRequest()));
    expect(metadata).toMatchObject({ kind: 'range', start: { id: ids[0] }, end: { id: ids[3] } });
    expect(readArchiveMetadata(await phone.request(archiveMetadataRequest(romeoJid)))).toEqual(metadata);
    const info = readDiscoInfo(await desktop.request(discoInfoRequest(romeoJid)));
    expect(info?.features).toEqual(expect.arrayContaining([archiveFeatures.base, archiveFeatures.extended]));
  });

  test('says so when it does not know an id, and when it is empty', async () => {
    if (!server.traits.archiveExtended) {
      // Such an archive begins anew: what came before is told apart by its ids.
      await talk();
      expect(await ask({}, { kind: 'after', id: 'gone' })).toMatchObject({ bodies: ['one', 'two'] });
      return;
    }
    const unknown = archiveQuery({
      queryId: 'q',
      filter: { afterId: 'gone' },
      page: { max: 5, position: { kind: 'first' } },
      flipped: false,
    });
    expect((await failure(desktop.request(unknown))).condition).toBe('item-not-found');
    expect(readArchiveMetadata(await desktop.request(archiveMetadataRequest()))).toEqual({ kind: 'empty' });
  });

  test('keeps receipts and retractions for a sender who is offline', async () => {
    await juliet.send(receiptMessage({ to: romeoJid, id: 'r1', type: 'chat', received: 'm1' }));
    await juliet.send(retractionMessage({ to: romeoJid, id: 'r2', type: 'chat', retracts: 'm2' }));
    await juliet.say(romeoJid, 'end');
    await desktop.expectText('end');
    expect((await ask({}, { kind: 'first' }, 10)).ids).toHaveLength(3);
  });

  test('is not spoken for by anybody else while a query is open', async () => {
    await juliet.send(
      parseStanza(
        `<message to='${romeoJid}/desktop'><body>x</body><result xmlns='urn:xmpp:mam:2' queryid='open' id='1'><forwarded xmlns='urn:xmpp:forward:0'>` +
          `<message xmlns='jabber:client' from='friend@localhost/x' to='${romeoJid}'><body>trust me</body></message></forwarded></result></message>`,
      ),
    );
    const stanza = await desktop.expectText('x');
    expect(readArchiveResult(stanza, own(), new Map([['open', romeoJid]]))).toEqual({
      kind: 'refused',
      reason: 'sender',
    });
    expect(readArchiveResult(stanza, own(), new Map())).toEqual({ kind: 'refused', reason: 'unasked' });
  });

  test('takes preferences and tells them', async () => {
    const preferences = { default: 'roster', always: [juliet.jid], never: ['noise@localhost'] } as const;
    expect(readArchivePreferences(await desktop.request(archivePreferencesSet(preferences)))).toBeDefined();
    expect(readArchivePreferences(await phone.request(archivePreferencesRequest()))).toEqual(preferences);
  });
});

describe('blocking', () => {
  test('is told to every device, keeps messages away in both directions, and ends', async () => {
    for (const device of [desktop, phone]) {
      expect(readBlocklist(await device.request(blocklistRequest()))).toEqual([]);
    }
    const pushes = (): readonly unknown[] =>
      phone.heard.flatMap((stanza) => (stanza.is('iq') ? (readBlockPush(stanza, own()) ?? []) : []));
    const report = {
      reason: 'spam',
      text: 'noise',
      messages: [],
      forwardToOrigin: false,
      forwardToThirdParties: false,
    } as const;
    await desktop.request(blockRequest([{ jid: juliet.jid, report }]));
    await until('the push', () => pushes().length === 1);
    expect(readBlocklist(await phone.request(blocklistRequest()))).toEqual([juliet.jid]);

    await desktop.say(juliet.jid, 'can you hear me?', 'b1');
    const bounced = await desktop.expect(
      'our own block',
      (one) => one.attrs['type'] === 'error' && one.attrs['id'] === 'b1',
    );
    expect(isBlockedByUs(bounced)).toBe(server.traits.tellsOwnBlock);
    await juliet.say(romeoJid, 'hello?', 'b2');
    const refused = await juliet.expect(
      'the refusal',
      (one) => one.attrs['type'] === 'error' && one.attrs['id'] === 'b2',
    );
    expect(isBlockedByUs(refused)).toBe(false);

    await desktop.request(unblockRequest([juliet.jid]));
    await until('the second push', () => pushes().length === 2);
    await desktop.request(blockRequest([{ jid: 'spam.example' }]));
    await desktop.request(unblockAllRequest());
    await until('all pushes', () => pushes().length === 4);
    expect(pushes()).toEqual([
      { kind: 'blocked', jids: [juliet.jid] },
      { kind: 'unblocked', jids: [juliet.jid] },
      { kind: 'blocked', jids: ['spam.example'] },
      { kind: 'all-unblocked' },
    ]);
  });
});

describe('the read position', () => {
  const state = () => ({ chat: juliet.jid, stanzaId: '0f710f2b', by: romeoJid });
  const publish = (): Element =>
    (server.traits.allPublishOptions ? publishDisplayed : publishDisplayedPrivately)(state());
  const events = (): readonly unknown[] =>
    phone.heard.flatMap((stanza) => readDisplayedEvent(stanza, own()) ?? []);

  test('reaches the other devices and waits for those that are away', async () => {
    await phone.announce(displayedSync.discoVars);
    await phone.expect('the question what it can do', (one) => one.is('iq') && one.attrs['type'] === 'get');
    await fence(juliet, phone);
    await desktop.request(publish());
    await until('the event', () => events().length > 0);
    // ejabberd tells the owner twice: as a subscriber, and as somebody whose capabilities ask for it.
    expect(events()[0]).toEqual(state());
    expect(readDisplayedStates(await phone.request(displayedRequest()), own())).toEqual([state()]);
    await desktop.request(retractDisplayed(juliet.jid));
    expect(readDisplayedStates(await desktop.request(displayedRequest()), own())).toEqual([]);
  });

  test('stays private where another client has made the node public', async () => {
    const careless = publishItem({
      node: 'urn:xmpp:mds:displayed:0',
      id: 'someone@localhost',
      payload: xml('displayed', { xmlns: 'urn:xmpp:mds:displayed:0' }),
      options: { accessModel: 'open' },
    });
    await phone.request(careless);
    const error = await failure(desktop.request(publish()));
    expect(isPreconditionNotMet(error)).toBe(true);
    await desktop.request(configureDisplayed());
    await desktop.request(publish());
    expect(readDisplayedStates(await desktop.request(displayedRequest()), own())).toEqual([state()]);
    const spying = xml('iq', { type: 'get', to: romeoJid }, displayedRequest().children);
    expect((await failure(juliet.request(spying))).condition).toMatch(/^(forbidden|not-allowed)$/);
  });
});

test('a server announces what the features look for', async () => {
  const account = readDiscoInfo(await desktop.request(discoInfoRequest(romeoJid)));
  const host = readDiscoInfo(await desktop.request(discoInfoRequest('localhost')));
  expect(account?.features).toContain(PUBLISH_OPTIONS_FEATURE);
  expect([...(account?.features ?? []), ...(host?.features ?? [])]).toEqual(
    expect.arrayContaining([CARBONS_FEATURE, BLOCKING_FEATURE]),
  );
});
