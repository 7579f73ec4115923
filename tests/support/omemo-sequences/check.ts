import { parseStanza } from '#main/xmpp/stanza.ts';
import type { Computer, MessageRow } from './computer.ts';
import type { SealedMessage } from './wire.ts';
import type { World } from './world.ts';

export interface Outcome {
  /** What is wrong, in words; empty where all is well. */
  readonly damage: readonly string[];
  /** Messages that users saw accepted. */
  readonly messages: number;
  /** Copies on other computers that can be read; and those that are there and say that they cannot. */
  readonly read: number;
  readonly unreadable: number;
  /** Of those, the ones whose prekey somebody else had taken at the same time. */
  readonly collided: number;
  /** Of those, the ones whose session was lost by a damaged disk. */
  readonly lost: number;
  /** Messages that their sender's computer shows as not sent, and why. */
  readonly refused: number;
}

interface Counts {
  read: number;
  unreadable: number;
  collided: number;
  lost: number;
  refused: number;
}

/** What a row has to be on a computer that is not the sender's. */
type Expected = 'text' | 'unreadable' | 'either';

const arrived = new Set(['acked', 'delivered', 'read']);

/** @param last texts that nothing excuses, where they cannot be read */
export const inspect = (world: World, last: ReadonlySet<string>): Outcome => {
  const counts: Counts = { read: 0, unreadable: 0, collided: 0, lost: 0, refused: 0 };
  const rows = new Map(world.running.map((computer) => [computer, computer.messages()]));
  const archived = new Map(
    world.people.map((jid) => [
      jid,
      new Set(world.server.archive(jid).map((message) => parseStanza(message).attrs['id'] ?? '')),
    ]),
  );
  const texts = new Map(
    [...rows, ...world.remembered].flatMap(([computer, all]) =>
      all.flatMap(({ originId, body }) => {
        const text = textOf(body);
        return originId === null || text === undefined || world.accepted.get(text) !== computer
          ? []
          : [[originId, text] as const];
      }),
    ),
  );
  const damage = [
    ...world.wire.offences,
    ...world.surprises,
    ...[...rows].flatMap(([computer, all]) => checkSent(computer, all, { world, archived, counts })),
    ...[...world.wire.sealed.values()].flatMap((message) => {
      const text = texts.get(message.id);
      return text === undefined ? [] : checkReceived(message, text, { world, rows, archived, counts, last });
    }),
  ];
  return { damage, messages: world.accepted.size, ...counts };
};

const textOf = (body: string): string | undefined => /^secret \d+\./.exec(body)?.[0];

type Archives = ReadonlyMap<string, ReadonlySet<string>>;

/** What a user wrote is there once; it has arrived, or says that it has not. */
const checkSent = (
  computer: Computer,
  rows: readonly MessageRow[],
  known: { readonly world: World; readonly archived: Archives; readonly counts: Counts },
): readonly string[] => {
  const { world, archived, counts } = known;
  const own = [...world.accepted].filter(([, sender]) => sender === computer).map(([text]) => text);
  const byText = Map.groupBy(rows, ({ body }) => textOf(body));
  return own.flatMap((text) => {
    const found = byText.get(text) ?? [];
    const [row] = found;
    if (row === undefined || found.length > 1) return [`${computer.name} has ${found.length} × ${text}`];
    if (row.state === 'failed') {
      counts.refused += 1;
      return row.failure === null ? [`${computer.name}: ${text} failed without a reason`] : [];
    }
    if (!arrived.has(row.state)) return [`${computer.name}: ${text} is ${row.state}`];
    const isKept = archived.get(row.chat)?.has(row.originId ?? '') === true;
    return isKept ? [] : [`${computer.name}: ${text} is ${row.state}, and nobody has it`];
  });
};

/** Every other computer of both sides shows a message once: with its text where it had a key, else that it has none. */
const checkReceived = (
  message: SealedMessage,
  text: string,
  known: {
    readonly world: World;
    readonly rows: ReadonlyMap<Computer, readonly MessageRow[]>;
    readonly archived: Archives;
    readonly counts: Counts;
    readonly last: ReadonlySet<string>;
  },
): readonly string[] => {
  const { world, rows, archived, counts, last } = known;
  return [...rows].flatMap(([computer, all]) => {
    const isMeant = computer.jid === message.to || computer.jid === message.from.jid;
    if (computer === message.from || !isMeant) return [];
    const found = all.filter(({ originId }) => originId === message.id);
    const where = `${text} of ${message.from.name} on ${computer.name}`;
    if (found.length > 1) return [`${where}: ${found.length} times`];
    const [row] = found;
    if (row === undefined)
      return archived.get(computer.jid)?.has(message.id) === true ? [`${where}: not there`] : [];
    const exchange = message.exchanges.get(computer.deviceId);
    const hasCollided = world.wire.hasCollided(exchange);
    const isLost = world.lost.has(`${computer.name} ${world.wire.deviceIdOf(message.from)}`);
    // Where prekeys are scarce, the repair may meet the same fate.
    const isRecovered = last.has(text);
    const isExcused = hasCollided ? !isRecovered || world.setting.isScarce : isLost && !isRecovered;
    const expected = expectedOf(message, computer, {
      isExcused,
      hasNewText: world.wire.hasNewText(message, computer),
    });
    const isRead = row.failure !== 'not-decryptable' && textOf(row.body) === text;
    if (isRead && exchange !== undefined && world.wire.offers(exchange))
      return [`${computer.name} still offers a prekey that was used`];
    counts[isRead ? 'read' : 'unreadable'] += 1;
    if (isExcused && expected === 'either' && !isRead) counts[hasCollided ? 'collided' : 'lost'] += 1;
    if (row.body.includes(text) !== isRead) return [`${where}: neither read nor unreadable`];
    if (expected !== 'either' && isRead !== (expected === 'text'))
      return [`${where}: ${isRead ? 'read' : reasonOf(computer, row)}`];
    if (isRead && (row.protection === 'omemo') !== message.isEncrypted)
      return [`${where}: shown as ${row.protection}`];
    return [];
  });
};

const expectedOf = (
  message: SealedMessage,
  computer: Computer,
  { isExcused, hasNewText }: { readonly isExcused: boolean; readonly hasNewText: boolean },
): Expected => {
  if (!message.isEncrypted) return 'text';
  // An edit has its own key, and brings a text that shows in place of what could not be read.
  if (!message.readers.has(computer.deviceId)) return hasNewText ? 'either' : 'unreadable';
  return isExcused ? 'either' : 'text';
};

const reasonOf = (computer: Computer, { id, failure }: MessageRow): string => {
  const sql = 'SELECT reason FROM omemo_unreadable WHERE message_id = $id';
  return `${failure}, ${computer.ask<{ reason: string }>(sql, { id })[0]?.reason}`;
};
