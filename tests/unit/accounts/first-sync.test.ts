import { afterEach, expect, it } from 'vitest';
import type { OpenStream, Stream } from '#main/xmpp/port.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { NS, parseStanza, type Element } from '#main/xmpp/stanza.ts';
import { startApp, type TestApp } from '#tests/support/app.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { until } from '#tests/support/until.ts';

const MAM = 'urn:xmpp:mam:2';

/** A server that knows rosters, carbons and an archive, and writes down in which order it hears of what. */
class ListeningServer {
  readonly heard: string[] = [];

  readonly open: OpenStream = () => {
    const stream = new FakeStream();
    const listening: Stream = Object.assign(stream, {
      send: (stanza: Element) => this.#hear(stanza),
      request: (iq: Element) => this.#answer(iq),
    });
    return Promise.resolve(listening);
  };

  #hear(stanza: Element): Promise<void> {
    this.heard.push(stanza.getName());
    return Promise.resolve();
  }

  async #answer(iq: Element): Promise<Element> {
    const [payload] = iq.getChildElements();
    const ns = payload?.getNS() ?? '';
    this.heard.push(ns);
    if (ns === NS.discoInfo)
      return parseStanza(`<iq type='result'><query xmlns='${ns}'><feature var='${MAM}'/></query></iq>`);
    if (ns === NS.roster) {
      // A long list: whoever does not wait for it is through meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return parseStanza(`<iq type='result'><query xmlns='${ns}'/></iq>`);
    }
    if (ns === MAM)
      return parseStanza(
        `<iq type='result'><fin xmlns='${MAM}' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin></iq>`,
      );
    if (ns === 'urn:xmpp:carbons:2') return parseStanza(`<iq type='result'/>`);
    throw new StanzaError('service-unavailable', 'cancel');
  }
}

let app: TestApp | undefined;
afterEach(() => app?.stop());

it('asks the archive behind carbons and presence: what comes after its answer comes by the stream', async () => {
  const server = new ListeningServer();
  app = await startApp({ openStream: server.open });
  await app.window.api.accounts.add({ jid: 'alice@localhost', password: 'alice' });
  await until('the archive to be asked', () => server.heard.includes(MAM));
  const order = server.heard.filter((what) =>
    [NS.roster, 'presence', MAM, 'urn:xmpp:carbons:2'].includes(what),
  );
  expect(order).toEqual(['urn:xmpp:carbons:2', NS.roster, 'presence', MAM]);
});
