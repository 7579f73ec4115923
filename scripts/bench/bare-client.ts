/** The yardstick: a plain @xmpp/client. NODE_EXTRA_CA_CERTS names the authority of the private server. */
import { client, xml } from '@xmpp/client';
import type { Side } from './pair.ts';

export type BareClient = ReturnType<typeof client>;

/** @param port of the server on 127.0.0.1 */
export const logInBare = async (
  { jid, password }: Side,
  port: number,
  resource = 'bare',
): Promise<BareClient> => {
  const [username = '', domain = ''] = jid.split('@');
  const entity = client({ service: `xmpp://127.0.0.1:${port}`, domain, username, password, resource });
  // Its own 2 s are too short for a computer that is busy with something else.
  entity.timeout = 30_000;
  const failed = new Promise<never>((_, reject) => entity.on('error', reject));
  failed.catch(() => undefined);
  await Promise.race([entity.start(), failed]);
  await entity.send(xml('presence'));
  return entity;
};
