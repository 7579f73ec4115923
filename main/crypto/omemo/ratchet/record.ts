/**
 * All sessions with one device: the one that we send with, and earlier ones, whose late messages are still read.
 * Both sides may start a session at the same time, and a peer may start again; each message says by its keys
 * which session it is of.
 */
import type { SessionRecord } from '../engine.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Curve } from './curve.ts';
import { fullBudget, openMessage, type OpenResult } from './double-ratchet.ts';
import type { ParsedMessage } from './profile.ts';
import { decodeState, encodeState, knowsRatchetKey, type SessionState } from './session-state.ts';

/** Of the bytes of a record; a record of another version is not read. */
const RECORD_VERSION = 1;
/** As many as libsignal keeps. */
const MAX_ARCHIVED = 40;

/** The stored bytes are none of ours. */
export class DamagedRecord extends Error {
  constructor(cause: unknown) {
    super('a session record that cannot be read', { cause });
    this.name = 'DamagedRecord';
  }
}

/** The present state is decoded at once, an archived one only when a message may be for it. */
export interface Sessions {
  readonly current: SessionState;
  /** Newest first. */
  readonly archived: readonly Uint8Array[];
}

export const encodeRecord = ({ current, archived }: Sessions): SessionRecord => {
  const kept = archived.slice(0, MAX_ARCHIVED);
  const writer = new ByteWriter().uint8(RECORD_VERSION).sized(encodeState(current)).uint8(kept.length);
  for (const state of kept) writer.sized(state);
  return writer.take() as SessionRecord;
};

/** @throws DamagedRecord */
export const decodeRecord = (record: SessionRecord): Sessions => {
  try {
    const reader = new ByteReader(record);
    if (reader.uint8() !== RECORD_VERSION) throw new RangeError('a record of another version');
    const current = decodeState(reader.sized());
    const archived = Array.from({ length: reader.uint8() }, () => reader.sized());
    if (!reader.atEnd) throw new RangeError('bytes behind a record');
    return { current, archived };
  } catch (error) {
    throw new DamagedRecord(error);
  }
};

const decodeArchived = (bytes: Uint8Array): SessionState => {
  try {
    return decodeState(bytes);
  } catch (error) {
    throw new DamagedRecord(error);
  }
};

/** A new session that we start: the one before is given up. */
export const withStarted = (sessions: Sessions | undefined, started: SessionState): Sessions => ({
  current: started,
  archived:
    sessions === undefined ? [] : [encodeState({ ...sessions.current, retired: true }), ...sessions.archived],
});

/**
 * A new session that the peer has started. One of ours that the peer has answered before is over for the peer.
 * One that the peer has not answered was started at the same time, and one that the peer has started may be the
 * later one, overtaken on the way: the peer may as well go on with these.
 */
export const withAccepted = (sessions: Sessions | undefined, accepted: SessionState): Sessions => {
  if (sessions === undefined) return { current: accepted, archived: [] };
  const { current, archived } = sessions;
  const retired = current.retired || (current.initiator && current.pending === undefined);
  return { current: accepted, archived: [encodeState({ ...current, retired }), ...archived] };
};

export interface Opened {
  readonly sessions: Sessions;
  /** The session that it was of. */
  readonly state: SessionState;
  readonly plaintext: Uint8Array;
  readonly heartbeatDue: boolean;
}

/** Puts a state that has opened a message back, in front where we shall send with it from now on. */
const replaced = (
  { current, archived }: Sessions,
  index: number | 'current',
  { state, advances }: Extract<OpenResult, { kind: 'opened' }>,
): Sessions => {
  if (index === 'current') return { current: state, archived };
  // What the peer uses last is what the peer can read; a late message says nothing about that.
  if (!advances || state.retired)
    return { current, archived: archived.map((bytes, at) => (at === index ? encodeState(state) : bytes)) };
  return { current: state, archived: [encodeState(current), ...archived.filter((_, at) => at !== index)] };
};

/** Refusals of a whole record. */
export type RecordRefusal = Exclude<OpenResult, { kind: 'opened' }>['kind'];

/** The sessions that may be asked: those of the same protocol with the identity that is known for the peer. */
export type IsCandidate = (state: SessionState) => boolean;

/**
 * Opens a message with whichever session it is of. Each is tried as a value: those that fail stay as they are.
 * @throws DamagedRecord, InvalidKey
 */
export const openWithRecord = (
  curve: Curve,
  sessions: Sessions,
  message: ParsedMessage,
  isCandidate: IsCandidate,
): Opened | RecordRefusal => {
  const { ratchetKey } = message.header;
  const finish = (result: OpenResult, index: number | 'current'): Opened | RecordRefusal =>
    result.kind === 'opened'
      ? {
          sessions: replaced(sessions, index, result),
          state: result.state,
          plaintext: result.plaintext,
          heartbeatDue: result.heartbeatDue,
        }
      : result.kind;
  const { current } = sessions;
  const currentKnows = isCandidate(current) && knowsRatchetKey(current, ratchetKey);
  if (currentKnows) return finish(openMessage(curve, current, message, fullBudget()), 'current');
  const archived = sessions.archived.map((bytes, index) => ({ state: decodeArchived(bytes), index }));
  const candidates = archived.filter(({ state }) => isCandidate(state));
  const knowing = candidates.find(({ state }) => knowsRatchetKey(state, ratchetKey));
  if (knowing !== undefined)
    return finish(openMessage(curve, knowing.state, message, fullBudget()), knowing.index);
  const first = isCandidate(current)
    ? finish(openMessage(curve, current, message, fullBudget()), 'current')
    : 'bad-mac';
  if (typeof first !== 'string') return first;
  const budget = fullBudget();
  for (const { state, index } of candidates) {
    const next = finish(openMessage(curve, state, message, budget), index);
    if (typeof next !== 'string') return next;
  }
  return first;
};

/** Whether a session has a place in the record. */
export const hasCandidate = ({ current, archived }: Sessions, isCandidate: IsCandidate): boolean =>
  isCandidate(current) || archived.some((bytes) => isCandidate(decodeArchived(bytes)));
