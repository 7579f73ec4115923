/**
 * The yardstick: two plain @xmpp/client in one process that do nothing but send and hear. What they
 * need is what the library, TLS and the server cost; nothing is stored, shown or acknowledged by us.
 */
import { xml } from '@xmpp/client';
import { logInBare, type BareClient } from '../bare-client.ts';
import { serve } from '../child.ts';
import { answerFor, pause, type Pair } from '../pair.ts';

class BarePair implements Pair {
  readonly #sender: BareClient;
  readonly #receiver: BareClient;
  readonly #receiverJid: string;

  constructor(sender: BareClient, receiver: BareClient, receiverJid: string) {
    this.#sender = sender;
    this.#receiver = receiver;
    this.#receiverJid = receiverJid;
  }

  async latencies(count: number, pauseMs: number, name: string): Promise<readonly number[]> {
    const values: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const body = `${name} ${index}`;
      const arrived = Promise.withResolvers<number>();
      const off = this.#listen((heard) => heard === body && arrived.resolve(performance.now()));
      const sent = performance.now();
      await this.#say(body);
      values.push((await arrived.promise) - sent);
      off();
      await pause(pauseMs);
    }
    return values;
  }

  async burst(count: number, name: string): Promise<number> {
    const all = Promise.withResolvers<void>();
    let left = count;
    const off = this.#listen((body) => body.startsWith(name) && --left === 0 && all.resolve());
    const started = performance.now();
    for (let index = 0; index < count; index += 1) void this.#say(`${name} ${index}`);
    await all.promise;
    off();
    return performance.now() - started;
  }

  #say(body: string): Promise<void> {
    const attributes = { type: 'chat', to: this.#receiverJid, id: body };
    return this.#sender.send(xml('message', attributes, xml('body', {}, body)));
  }

  /** Calls back with the body of every message until the answer is called. */
  #listen(heard: (body: string) => void): () => void {
    const onStanza = (stanza: ReturnType<typeof xml>): void => {
      const body = stanza.is('message') ? stanza.getChildText('body') : null;
      if (body !== null) heard(body);
    };
    this.#receiver.on('stanza', onStanza);
    return () => void this.#receiver.off('stanza', onStanza);
  }
}

serve(
  answerFor(async ({ sender, receiver, port }) => {
    const [one, other] = await Promise.all([logInBare(sender, port), logInBare(receiver, port)]);
    return new BarePair(one, other, receiver.jid);
  }),
);
