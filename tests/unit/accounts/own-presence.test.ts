import { beforeEach, describe, expect, it } from 'vitest';
import { OwnPresence } from '#main/accounts/own-presence.ts';
import { createFeatures } from '#main/xmpp/features/index.ts';
import { readIdleSince } from '#main/xmpp/features/last-activity.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import type { AccountId } from '#shared/ids.ts';

const alice = 'alice' as AccountId;
const SINCE = Date.parse('2027-05-03T12:00:00Z');

let settings: { sendIdle: boolean; awayWhenIdle: boolean };
let own: OwnPresence;
let stream: FakeStream;
/** `online` or `away`, with the time where one was told. */
let told: string[];

beforeEach(() => {
  settings = { sendIdle: true, awayWhenIdle: false };
  own = new OwnPresence({
    disco: createFeatures({ name: 'test', version: '1' }).disco,
    settings: () => settings,
  });
  stream = new FakeStream();
  told = [];
});

const note = (presence: Element): void => {
  expect(presence.getChild('c')).toBeDefined();
  const since = readIdleSince(presence, Number.MAX_SAFE_INTEGER);
  told.push(`${presence.getChildText('show') ?? 'online'}${since === undefined ? '' : ` ${since - SINCE}`}`);
};
const session = (over: FakeStream): XmppSession =>
  new XmppSession(over, [], { message: () => undefined, presence: () => undefined, seesUs: () => false });
const expecting = (count: number): void => {
  for (let i = 0; i < count; i += 1) stream.expectSend(note);
};

describe('our own presence', () => {
  it('tells since when nobody is here, and when somebody is', () => {
    expecting(3);
    own.introduce(alice, session(stream));
    own.setIdle(SINCE);
    own.setIdle(undefined);
    stream.finish();
    expect(told).toEqual(['online', 'online 0', 'online']);
  });

  it('says nothing of it where the user does not want that', () => {
    settings = { sendIdle: false, awayWhenIdle: false };
    expecting(1);
    own.introduce(alice, session(stream));
    own.setIdle(SINCE);
    own.setIdle(undefined);
    stream.finish();
    expect(told).toEqual(['online']);
  });

  it.each([
    [{ sendIdle: false, awayWhenIdle: true }, 'away'],
    [{ sendIdle: true, awayWhenIdle: true }, 'away 0'],
  ])('is away only where the user allows that: %j', (allowed, expected) => {
    settings = allowed;
    expecting(2);
    own.introduce(alice, session(stream));
    own.setIdle(SINCE);
    stream.finish();
    expect(told).toEqual(['online', expected]);
  });

  it('follows the settings at once', () => {
    expecting(3);
    own.introduce(alice, session(stream));
    own.setIdle(SINCE);
    settings = { sendIdle: false, awayWhenIdle: false };
    own.changed();
    own.changed();
    stream.finish();
    expect(told).toEqual(['online', 'online 0', 'online']);
  });

  it('begins with what is true: a stream that comes up while nobody is here says so', () => {
    own.setIdle(SINCE);
    expecting(1);
    own.introduce(alice, session(stream));
    expect(told).toEqual(['online 0']);
  });

  it('says on a resumed stream only what the server does not know', () => {
    expecting(1);
    own.introduce(alice, session(stream));
    stream.finish();
    own.ended(alice);
    stream = new FakeStream({ resumed: true });
    own.resume(alice, session(stream), false);
    stream.finish();
    own.ended(alice);
    own.setIdle(SINCE);
    stream = new FakeStream({ resumed: true });
    expecting(1);
    own.resume(alice, session(stream), false);
    stream.finish();
    own.ended(alice);
    stream = new FakeStream({ resumed: true });
    expecting(1);
    own.resume(alice, session(stream), true);
    stream.finish();
    expect(told).toEqual(['online', 'online 0', 'online 0']);
  });
});
