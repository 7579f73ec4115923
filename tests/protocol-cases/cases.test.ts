import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readChatState } from '#main/xmpp/features/chat-states.ts';
import { readDelay } from '#main/xmpp/features/delay.ts';
import { capsVer, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import { readMessageContent, textMessage } from '#main/xmpp/features/message.ts';
import { readPresence } from '#main/xmpp/features/presence.ts';
import { readRosterPush, readRosterResult, rosterSet } from '#main/xmpp/features/roster.ts';
import { originId, readOriginId, readStanzaId } from '#main/xmpp/features/stanza-ids.ts';
import { child, NS, parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { Jid } from '#shared/jid.ts';

/**
 * Pairs of XML and value, found by scanning the folders: `<case>.<reader>.xml` beside `<case>.<reader>.json`.
 * `undefined` is left out of objects and written as null alone. Readers with `build` are checked both ways.
 */
const own: Jid = { local: 'romeo', domain: 'example.net', resource: 'home' };

interface Pair {
  readonly read: (stanza: Element) => unknown;
  readonly build?: (value: never) => Element;
}

const readers: Readonly<Record<string, Pair>> = {
  'chat-state': { read: readChatState },
  content: {
    read: (stanza) => {
      const { text, chatState, error } = readMessageContent(stanza);
      return { text, chatState, error: error && { condition: error.condition, type: error.type, text: error.text } };
    },
  },
  delay: { read: (stanza) => readDelay(stanza, ['example.net', 'romeo@example.net']) },
  disco: { read: readDiscoInfo },
  'caps-ver': { read: (stanza) => capsVer(readDiscoInfo(stanza) ?? { identities: [], features: [], forms: [] }) },
  'origin-id': { read: readOriginId },
  'origin-id-element': { read: (element) => element.attrs['id'], build: originId },
  presence: { read: readPresence },
  'roster-push': { read: (stanza) => readRosterPush(stanza, own) },
  'roster-result': { read: readRosterResult },
  'roster-set': {
    read: (iq) => {
      const item = child(iq, 'query', NS.roster)?.getChildElements()[0];
      return {
        jid: item?.attrs['jid'],
        name: item?.attrs['name'],
        groups: item?.getChildElements().map((group) => group.text()),
      };
    },
    build: rosterSet,
  },
  'stanza-id': { read: (stanza) => readStanzaId(stanza, 'romeo@example.net') },
  text: {
    read: (message) => ({
      to: message.attrs['to'],
      id: message.attrs['id'],
      body: readMessageContent(message).text,
      chatState: readChatState(message) !== undefined,
    }),
    build: textMessage,
  },
};

/** Attribute order and insignificant white space do not matter. */
const canonical = (element: Element): unknown => ({
  name: element.getName(),
  xmlns: element.getNS() ?? '',
  attrs: Object.fromEntries(
    Object.entries(element.attrs)
      .filter(([key, value]) => key !== 'xmlns' && !key.startsWith('xmlns:') && value !== undefined)
      .map(([key, value]) => [key, String(value)])
      .toSorted(),
  ),
  children: element.children.flatMap((one) =>
    typeof one === 'string' ? (one.trim() === '' ? [] : [one]) : [canonical(one)],
  ),
});

const root = import.meta.dirname;
const cases = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.xml'))
  .toSorted();

describe('protocol cases', () => {
  it('finds pairs, and no half of one', () => {
    expect(cases.length).toBeGreaterThan(20);
    const json = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));
    expect(json.map((file) => file.replace(/json$/, 'xml')).toSorted()).toEqual(cases);
  });

  for (const file of cases) {
    const pair = readers[path.basename(file, '.xml').split('.')[1] ?? ''];
    it(file.replace(/\.xml$/, ''), () => {
      if (pair === undefined) throw new Error(`no reader is named in ${file}`);
      const element = parseStanza(readFileSync(path.join(root, file), 'utf8').trim());
      const value: unknown = JSON.parse(readFileSync(path.join(root, file.replace(/xml$/, 'json')), 'utf8'));
      expect(JSON.parse(JSON.stringify(pair.read(element) ?? null))).toEqual(value);
      if (pair.build !== undefined) {
        expect(canonical(parseStanza(pair.build(value as never).toString()))).toEqual(canonical(element));
      }
    });
  }
});
