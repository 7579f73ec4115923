import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Prosody } from './prosody.ts';

/** One message of an archive that has been there for long. */
export interface OldMessage {
  /** Milliseconds since 1970; Prosody keeps whole seconds. */
  readonly at: number;
  readonly body: string;
  /** Stanza id. */
  readonly id: string;
  /** Written by the account itself. */
  readonly mine?: boolean;
  /** Stanza id of the message that it answers (XEP-0461). */
  readonly answers?: string;
}

const lua = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

/**
 * Gives an account a conversation of long ago, as Prosody's storage `internal` keeps it. To be called before the
 * account's archive is first used.
 */
export const writeOldArchive = async (
  { dir }: Prosody,
  user: string,
  friend: string,
  messages: readonly OldMessage[],
): Promise<void> => {
  const folder = path.join(dir, 'data', 'localhost', 'archive');
  await mkdir(folder, { recursive: true });
  const own = `${user}@localhost`;
  const items = messages.map(({ at, body, id, mine, answers }) => {
    const [from, to] = mine === true ? [`${own}/phone`, friend] : [`${friend}/phone`, own];
    const reply =
      answers === undefined
        ? ''
        : `{ ["attr"] = { ["xmlns"] = "urn:xmpp:reply:0"; ["id"] = ${lua(answers)}; }; ["name"] = "reply"; };`;
    return `item({
      { ${lua(body)}; ["attr"] = {}; ["name"] = "body"; }; ${reply}
      ["with"] = ${lua(friend)};
      ["attr"] = { ["from"] = ${lua(from)}; ["to"] = ${lua(to)}; ["type"] = "chat"; ["id"] = ${lua(id)}; };
      ["name"] = "message"; ["key"] = ${lua(`key-${id}`)}; ["when"] = ${Math.floor(at / 1000)};
    });\n`;
  });
  await writeFile(path.join(folder, `${user}.list`), items.join(''));
};
