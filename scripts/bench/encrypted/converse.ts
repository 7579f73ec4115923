/** How the clients of other people get to know the sender. */
import type { Login } from '#tests/support/peers/other-client.ts';
import type { OmemoPeer } from '#tests/support/peers/omemo-peer.ts';
import type { Desk } from '../desk.ts';
import type { Side } from '../pair.ts';
import { GREETING, type Other } from './reader.ts';

export const loginOf = ({ server, env }: Desk, { jid, password }: Side): Login => ({
  ...{ jid, password, resource: 'reader', server },
  authorityFile: env['CHATSECURE_EXTRA_CA'] ?? '',
});

/** A first message each way; ends the client. */
export const converse = async (client: OmemoPeer, jid: string, other: Other): Promise<void> => {
  try {
    await Promise.all([client.befriend(other.jid), other.befriend(jid)]);
    await other.greet(jid);
    await client.reads(GREETING);
    const text = `hello from ${jid.split('@', 1)[0] ?? ''}`;
    await client.say(other.jid, text);
    await other.reads(text);
  } finally {
    await client.stop();
  }
};
