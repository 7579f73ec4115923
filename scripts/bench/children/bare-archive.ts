/**
 * The floor of a catch-up: a plain @xmpp/client that asks for the same archive in pages of the same size and
 * does nothing with what the library has parsed. Also writes the messages, so that the bench itself stays idle.
 */
import { xml } from '@xmpp/client';
import type { Element } from '@xmpp/xml';
import { logInBare, type BareClient } from '../bare-client.ts';
import { serve } from '../child.ts';
import type { Side } from '../pair.ts';

export type ArchiveQuestion =
  | {
      readonly kind: 'write';
      readonly receiver: Side;
      readonly senders: readonly Side[];
      readonly port: number;
      /** In turn by all senders; the text of each ends with its number, from 0. */
      readonly count: number;
    }
  | { readonly kind: 'read'; readonly owner: Side; readonly port: number; readonly pageSize: number };

export interface ArchiveAnswer {
  /** From the beginning of the login to the end of the last page; 0 for `write`. */
  readonly ms: number;
  readonly messages: number;
}

const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';
const TEXT = 'Shall we meet at the station tomorrow evening, or is the coffee in the garden better?';

/** As clients write them: with ids, and with the wish for receipts and markers. */
const message = (to: string, number: number): Element => {
  const id = `archived-${number}`;
  return xml(
    'message',
    { type: 'chat', to, id },
    xml('body', {}, `${TEXT} number ${number}`),
    xml('origin-id', { xmlns: 'urn:xmpp:sid:0', id }),
    xml('request', { xmlns: 'urn:xmpp:receipts' }),
    xml('markable', { xmlns: 'urn:xmpp:chat-markers:0' }),
    xml('active', { xmlns: 'http://jabber.org/protocol/chatstates' }),
  );
};

/** Another device of the receiver is online meanwhile: nothing is kept as offline messages besides the archive. */
const write = async ({
  receiver,
  senders,
  port,
  count,
}: Extract<ArchiveQuestion, { kind: 'write' }>): Promise<ArchiveAnswer> => {
  const device = await logInBare(receiver, port, 'laptop');
  const clients = await Promise.all(senders.map((sender) => logInBare(sender, port)));
  let heard = 0;
  const all = Promise.withResolvers<void>();
  device.on('stanza', (stanza) => {
    if (stanza.is('message') && stanza.getChild('body') !== undefined && ++heard === count) all.resolve();
  });
  for (let number = 0; number < count; number += 1) {
    const sent = clients[number % clients.length]?.send(message(receiver.jid, number));
    // One order for all, and no more on its way than the server likes.
    if (number % 100 === 99) await sent;
  }
  await all.promise;
  await Promise.all([device, ...clients].map((client) => client.stop()));
  return { ms: 0, messages: heard };
};

const ask = (client: BareClient, pageSize: number, after: string | undefined, id: string): Promise<void> =>
  client.send(
    xml(
      'iq',
      { type: 'set', id },
      xml(
        'query',
        { xmlns: MAM, queryid: id },
        xml('set', { xmlns: RSM }, xml('max', {}, String(pageSize)), after && xml('after', {}, after)),
      ),
    ),
  );

const read = async ({
  owner,
  port,
  pageSize,
}: Extract<ArchiveQuestion, { kind: 'read' }>): Promise<ArchiveAnswer> => {
  const started = performance.now();
  const client = await logInBare(owner, port, 'reader');
  let messages = 0;
  const done = Promise.withResolvers<void>();
  client.on('stanza', (stanza) => {
    if (stanza.getChild('result', MAM) !== undefined) messages += 1;
    const fin = stanza.getChild('fin', MAM);
    if (fin === undefined) return;
    const last = fin.getChild('set', RSM)?.getChildText('last') ?? undefined;
    if (fin.attrs['complete'] === 'true' || last === undefined) done.resolve();
    else void ask(client, pageSize, last, `page-${messages}`);
  });
  await ask(client, pageSize, undefined, 'page-0');
  await done.promise;
  const ms = performance.now() - started;
  await client.stop();
  return { ms, messages };
};

serve<ArchiveQuestion, ArchiveAnswer>((question) =>
  question.kind === 'write' ? write(question) : read(question),
);
