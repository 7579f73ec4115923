/**
 * Incoming messages per second: through the whole application behind the stream port, stanza to stored row, one
 * after the other as a server sends them; and into the store alone, one transaction for each.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createBackend } from '#main/backend.ts';
import { openDatabase } from '#main/store/database.ts';
import { openStore } from '#main/store/store.ts';
import { systemClock } from '#main/util/clock.ts';
import type { Stream } from '#main/xmpp/port.ts';
import { NS, parseStanza, resultReply, xml, type Element } from '#main/xmpp/stanza.ts';
import { memorySecrets } from '#tests/support/app.ts';
import { quietLog } from '#tests/support/test-store.ts';
import { until } from '#tests/support/until.ts';
import { serve } from '../child.ts';
import { attachWindow } from '../window.ts';

export interface InsertQuestion {
  readonly folder: string;
  readonly count: number;
}

/** Messages per second. */
export interface InsertAnswer {
  readonly application: number;
  readonly store: number;
}

const OWN = 'alice@localhost';
const FRIENDS = Array.from({ length: 20 }, (_, number) => `friend-${number}@localhost`);
const TEXT = 'Shall we meet at the station tomorrow evening, or is the coffee in the garden better?';

const roster = (): Element =>
  xml(
    'query',
    { xmlns: NS.roster },
    FRIENDS.map((jid) => xml('item', { jid, subscription: 'both' })),
  );

const incoming = (index: number): Element => {
  const from = `${FRIENDS[index % FRIENDS.length] ?? ''}/phone`;
  const id = `m${index}`;
  return parseStanza(
    `<message from='${from}' to='${OWN}/bench' type='chat' id='${id}'><body>${TEXT} ${index}</body>` +
      `<origin-id xmlns='${NS.stanzaId}' id='${id}'/><stanza-id xmlns='${NS.stanzaId}' by='${OWN}' id='a${index}'/></message>`,
  );
};

/** A server that has a roster, takes everything and says nothing by itself. */
const silentStream = (hear: (handle: (stanza: Element) => Promise<void> | void) => void): Stream => ({
  jid: `${OWN}/bench`,
  resumed: false,
  unhandled: [],
  rosterVersioning: false,
  carbons: false,
  earlierHandled: undefined,
  sentCount: undefined,
  onAcknowledging: () => undefined,
  send: () => Promise.resolve(),
  request: (iq) => Promise.resolve(resultReply(iq, iq.getChild('query', NS.roster) && roster())),
  onStanza: hear,
  onEnd: () => undefined,
  resumeState: () => undefined,
  close: () => Promise.resolve(),
  abort: () => undefined,
  setActive: () => undefined,
  probe: () => undefined,
});

const perSecond = async (count: number, act: (index: number) => Promise<void> | void): Promise<number> => {
  const started = performance.now();
  for (let index = 0; index < count; index += 1) await act(index);
  return (count * 1_000) / (performance.now() - started);
};

const throughApplication = async (profileDir: string, count: number): Promise<number> => {
  let handle: (stanza: Element) => Promise<void> | void = () => undefined;
  const backend = createBackend({
    shell: {
      host: 'loopback',
      profileDir,
      secrets: memorySecrets(),
      openExternal: () => Promise.resolve(),
      setBadge: () => undefined,
      onPower: () => () => undefined,
    },
    log: quietLog,
    clock: systemClock,
    version: '0.0.0-bench',
    openStream: () =>
      Promise.resolve(
        silentStream((hear) => {
          handle = hear;
        }),
      ),
  });
  await backend.start();
  const window = await attachWindow(backend);
  await window.api.accounts.add({ jid: OWN, password: 'bench' });
  await until('the account to be online', async () => {
    const snapshot = await window.api.app.snapshot({});
    return snapshot.ready && snapshot.accounts.every(({ phase }) => phase === 'online');
  });
  const stanzas = Array.from({ length: count }, (_, index) => incoming(index));
  const rate = await perSecond(count, (index) => {
    const stanza = stanzas[index];
    return stanza && handle(stanza);
  });
  window.close();
  await backend.stop();
  return rate;
};

const intoStore = async (folder: string, count: number): Promise<number> => {
  mkdirSync(folder);
  const database = openDatabase(path.join(folder, 'store.db'), randomBytes(32));
  const store = openStore(database);
  const { id } = store.accounts.add({ jid: OWN, directTls: false, createdAt: 1 });
  const chat = store.chats.findOrCreate(id, 'friend@localhost', 1);
  const rate = await perSecond(count, (index) => {
    store.messages.insertIncoming({
      chatId: chat.id,
      senderJid: 'friend@localhost',
      body: `${TEXT} ${index}`,
      at: index,
      sortAt: index,
      protection: 'none',
      stanzaId: `m${index}`,
      originId: `m${index}`,
      archiveId: `a${index}`,
    });
  });
  database.close();
  return rate;
};

serve<InsertQuestion, InsertAnswer>(async ({ folder, count }) => ({
  application: await throughApplication(path.join(folder, 'profile'), count),
  store: await intoStore(path.join(folder, 'store'), count),
}));
