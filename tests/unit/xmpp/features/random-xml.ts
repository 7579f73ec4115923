import fc from 'fast-check';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';

/** Names and namespaces that our readers look for, so that random stanzas come close to what they accept. */
const names = [
  'message',
  'presence',
  'iq',
  'body',
  'subject',
  'error',
  'received',
  'sent',
  'forwarded',
  'delay',
  'result',
  'fin',
  'set',
  'first',
  'last',
  'count',
  'metadata',
  'start',
  'end',
  'prefs',
  'always',
  'never',
  'jid',
  'request',
  'markable',
  'displayed',
  'acknowledged',
  'event',
  'items',
  'item',
  'retract',
  'purge',
  'delete',
  'pubsub',
  'stanza-id',
  'origin-id',
  'replace',
  'apply-to',
  'retracted',
  'moderated',
  'reactions',
  'reaction',
  'reply',
  'fallback',
  'store',
  'no-copy',
  'blocklist',
  'block',
  'unblock',
  'blocked',
  'idle',
  'encryption',
  'x',
  'url',
  'desc',
  'unstyled',
  'csi',
] as const;

const namespaces = [
  'jabber:client',
  'urn:ietf:params:xml:ns:xmpp-stanzas',
  'urn:xmpp:carbons:2',
  'urn:xmpp:forward:0',
  'urn:xmpp:delay',
  'urn:xmpp:mam:2',
  'http://jabber.org/protocol/rsm',
  'urn:xmpp:receipts',
  'urn:xmpp:chat-markers:0',
  'urn:xmpp:hints',
  'urn:xmpp:mds:displayed:0',
  'urn:xmpp:sid:0',
  'http://jabber.org/protocol/pubsub',
  'urn:xmpp:message-correct:0',
  'http://jabber.org/protocol/pubsub#event',
  'urn:xmpp:message-retract:1',
  'urn:xmpp:message-retract:0',
  'urn:xmpp:fasten:0',
  'urn:xmpp:reactions:0',
  'urn:xmpp:reply:0',
  'urn:xmpp:fallback:0',
  'urn:xmpp:blocking',
  'urn:xmpp:blocking:errors',
  'urn:xmpp:idle:1',
  'urn:xmpp:eme:0',
  'jabber:x:oob',
  'urn:xmpp:styling:0',
] as const;

/** Who may turn up in an address: this account and its server, a room, a stranger, and no address at all. */
const addresses = [
  'romeo@example.net',
  'romeo@example.net/home',
  'Romeo@Example.net/phone',
  'example.net',
  'coven@chat.example.org',
  'coven@chat.example.org/witch',
  'juliet@capulet.lit/balcony',
  'juliet@capulet.lit',
  '@',
  '',
  'romeo@example.net/',
] as const;

const awkward = [
  '',
  ' ',
  '0',
  '-1',
  '1e9',
  '99999999999',
  'true',
  'false',
  'f27',
  'g27',
  '2010-07-10T23:08:25Z',
  '\ud83d\udc4d',
];

const text = fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: 'grapheme', maxLength: 12 }));

/** Each attribute is there or not. */
const attributes = fc.record(
  {
    type: fc.constantFrom('chat', 'error', 'groupchat', 'set', 'result', 'headline'),
    from: fc.constantFrom(...addresses),
    to: fc.constantFrom(...addresses),
    id: text,
    by: fc.constantFrom(...addresses),
    jid: fc.constantFrom(...addresses),
    queryid: fc.constantFrom('f27', 'g27', 'other'),
    node: fc.constantFrom('princely_musings', 'urn:xmpp:mds:displayed:0'),
    stamp: text,
    since: text,
    start: text,
    end: text,
    complete: text,
    namespace: text,
    for: fc.constantFrom('urn:xmpp:reply:0', ''),
    default: fc.constantFrom('roster', 'x'),
  },
  { requiredKeys: [] },
);

const { tree } = fc.letrec<{ tree: Element }>((tie) => ({
  tree: fc
    .tuple(
      fc.constantFrom(...names),
      fc.constantFrom(...namespaces),
      attributes,
      fc.array(fc.oneof({ depthSize: 'small', withCrossShrink: true }, text, tie('tree')), { maxLength: 4 }),
    )
    .map(([name, xmlns, attrs, children]) => xml(name, { ...attrs, xmlns }, children)),
}));

/** Any stanza, as it comes out of the parser. */
export const randomStanza: fc.Arbitrary<Element> = fc
  .tuple(fc.constantFrom('message', 'presence', 'iq'), attributes, fc.array(tree, { maxLength: 4 }))
  .map(([name, attrs, children]) => parseStanza(xml(name, attrs, children).toString()));
