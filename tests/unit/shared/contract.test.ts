import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ZodType } from 'zod';
import { contract, type ClientApi, type Domain } from '#shared/api/contract.ts';
import { MAX_BODY_LENGTH } from '#shared/limits.ts';

/** One good call of every method; a method without one does not compile. */
type Samples = { readonly [D in Domain]: { readonly [M in keyof ClientApi[D]]: unknown } };

const accountId = '0b0e7b3e-5c0f-4b7a-9b1e-6a5f0c9d2e11';
const jid = 'romeo@montague.example';
const fingerprint = Array.from({ length: 8 }, () => '0123abcd').join(' ');

const samples: Samples = {
  app: {
    snapshot: {},
    unlock: { passphrase: 'correct horse' },
    retryKeychain: {},
    setVisibility: { visible: true },
    openLink: { url: 'https://example.org/' },
  },
  accounts: {
    add: { jid, password: 'secret', host: 'xmpp.example.org', port: 5222, directTls: true },
    remove: { accountId },
    setEnabled: { accountId, enabled: false },
    setPassword: { accountId, password: 'secret' },
    trustCertificate: { accountId, spki: `${'A'.repeat(43)}=` },
    acceptUnbound: { accountId },
    retryNow: { accountId },
    archivePreferences: { accountId },
    setArchivePreferences: { accountId, preferences: { default: 'roster', always: [jid], never: [] } },
  },
  chats: {
    open: { accountId, jid },
    markRead: { chatId: 1, upTo: 2 },
    setDraft: { chatId: 1, text: 'But soft' },
    setTyping: { chatId: 1, typing: true },
    accept: { chatId: 1 },
    loadOlder: { chatId: 1, before: 2 },
    loadNewer: { chatId: 1, after: 2 },
    loadDate: { chatId: 1, at: 1_800_000_000_000 },
    clear: { chatId: 1 },
    delete: { chatId: 1 },
    setRetention: { chatId: 1, retention: 'forever' },
  },
  contacts: {
    add: { accountId, jid, name: 'Romeo' },
    rename: { accountId, jid, name: 'Romeo' },
    remove: { accountId, jid },
    answerRequest: { accountId, jid, accept: true },
    block: { accountId, jid, report: { reason: 'spam', text: 'again and again', messageIds: [1] } },
    unblock: { accountId, jid },
    blocked: { accountId },
  },
  encryption: {
    devices: { accountId, jid, fetch: true },
    nameDevice: { accountId, jid, deviceId: 1, label: 'Phone' },
    setTrust: { accountId, jid, deviceId: 2_147_483_647, fingerprint, trusted: false },
    compare: { accountId, jid, deviceId: 1, fingerprint, matches: true },
    decideKey: { accountId, jid, deviceId: 1, fingerprint, accept: true },
    ownKeys: { accountId },
    examineKeys: { accountId, link: `xmpp:${jid}?omemo-sid-1=${'0'.repeat(64)}`, fetch: true },
    verifyKeys: { accountId, link: `xmpp:${jid}?omemo-sid-1=${'0'.repeat(64)}` },
    removeDevice: { accountId, deviceId: 1 },
    protection: { chatId: 1 },
    setProtection: { chatId: 1, choice: 'none' },
    recipients: { messageId: 1 },
    unreadable: { messageId: 1 },
    repairMessage: { messageId: 1 },
    health: { accountId },
    repair: { accountId, what: { kind: 'session', jid, deviceId: 1 } },
  },
  messages: {
    page: { kind: 'around', chatId: 1, anchor: 2, limit: 60 },
    send: { chatId: 1, text: 'what light', replyTo: 2, sendAt: 1_800_000_000_000 },
    forward: { messageId: 1, to: [{ accountId, jid }] },
    resend: { messageId: 1 },
    edit: { messageId: 1, text: 'But soft!' },
    findAnswered: { messageId: 1 },
    history: { messageId: 1 },
    retract: { messageId: 1 },
    react: { messageId: 1, emoji: '\u2764\ufe0f', on: true },
    cancel: { messageId: 1 },
    sendNow: { messageId: 1 },
    reschedule: { messageId: 1, sendAt: 1_800_000_000_000 },
    delete: { messageId: 1 },
    search: {
      query: 'light',
      accountId,
      chatId: 1,
      from: jid,
      after: 1,
      before: 2,
      hasFile: true,
      limit: 10,
      cursor: '1',
    },
  },
  settings: {
    update: {
      theme: 'dark',
      language: 'de',
      sendTyping: false,
      sendReceipts: true,
      sendReadMarkers: true,
      undoSeconds: 10,
      retention: 'forever',
    },
  },
};

const methods = Object.entries(contract).flatMap(([domain, all]) =>
  Object.entries(all).map(([name, { input }]: [string, { readonly input: ZodType }]) => ({
    method: `${domain}.${name}`,
    input,
    sample:
      (samples as unknown as Record<string, Record<string, Record<string, unknown>>>)[domain]?.[name] ?? {},
  })),
);

describe.each(methods)('$method', ({ input, sample }) => {
  const accepts = (value: unknown): boolean => input.safeParse(value).success;

  it('takes a good call', () => expect(input.safeParse(sample)).toMatchObject({ success: true }));

  it('takes nothing beside an object with exactly its fields', () => {
    for (const other of [undefined, null, 0, '', 'x', true, [], [sample], () => sample])
      expect(accepts(other)).toBe(false);
    expect(accepts({ ...sample, extra: 1 })).toBe(false);
    expect(
      accepts(
        JSON.parse(`{"__proto__":{"polluted":true},${JSON.stringify(sample).slice(1)}`.replace(',}', '}')),
      ),
    ).toBe(false);
  });

  it('takes no field of another type', () => {
    for (const [field, value] of Object.entries(sample)) {
      const others = typeof value === 'object' ? [null, 'x', 1] : [null, {}, [], Symbol('x')];
      for (const other of [...others, Number.NaN]) {
        expect([field, accepts({ ...sample, [field]: other })]).toEqual([field, false]);
      }
    }
  });

  it('takes no text without end', () => {
    const texts = Object.entries(sample).filter(([, value]) => typeof value === 'string');
    for (const [field] of texts)
      expect([field, accepts({ ...sample, [field]: 'x'.repeat(1_000_000) })]).toEqual([field, false]);
  });

  it('takes no number that is not a whole and exact one', () => {
    const numbers = Object.entries(sample).filter(([, value]) => typeof value === 'number');
    for (const [field] of numbers) {
      for (const other of [-1, 1.5, Infinity, 2 ** 53, '1', 1n]) {
        expect([field, accepts({ ...sample, [field]: other })]).toEqual([field, false]);
      }
    }
  });

  it('answers to anything whatever, and throws at nothing', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        (value) => {
          accepts(value);
          accepts({ ...sample, [Object.keys(sample)[0] ?? 'x']: value });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('fields', () => {
  const parse = (domain: 'open' | 'add', value: string): unknown =>
    domain === 'open'
      ? contract.chats.open.input.parse({ accountId, jid: value }).jid
      : contract.accounts.add.input.parse({ jid: value, password: 'x' }).jid;

  it('addresses are normalised on the way in', () => {
    expect(parse('open', 'Romeo@Montague.Example/orchard')).toBe(jid);
    expect(parse('add', ' Romeo@Montague.Example ')).toBe(jid);
  });

  it('an account needs a local part; a chat may be with a server', () => {
    expect(parse('open', 'montague.example')).toBe('montague.example');
    expect(() => parse('add', 'montague.example')).toThrow('invalid-jid');
    expect(() => parse('add', 'romeo@montague.example/orchard')).toThrow('invalid-jid');
  });

  it.each([
    ['NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\ud83db'],
    ['an escape', '\u001b[2J'],
    ['a noncharacter', 'a\uffff'],
  ])('a message with %s, which would end the stream, is refused', (_, text) =>
    expect(contract.messages.send.input.safeParse({ chatId: 1, text }).success).toBe(false),
  );

  it('a message keeps its line breaks, tabs, emoji and right-to-left marks', () => {
    const text = 'a\r\n\tb \u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u200f\u05d0';
    expect(contract.messages.send.input.parse({ chatId: 1, text }).text).toBe(text);
  });

  it('a message may be as long as the limit and not longer, and not empty', () => {
    const send = (text: string): boolean =>
      contract.messages.send.input.safeParse({ chatId: 1, text }).success;
    expect([send('x'.repeat(MAX_BODY_LENGTH)), send('x'.repeat(MAX_BODY_LENGTH + 1))]).toEqual([true, false]);
    expect([send(''), send(' \n\t')]).toEqual([false, false]);
  });

  it('direct TLS is off and a page has 60 rows unless something else is said', () => {
    expect(contract.accounts.add.input.parse({ jid, password: 'x' }).directTls).toBe(false);
    expect(contract.messages.page.input.parse({ kind: 'latest', chatId: 1 }).limit).toBe(60);
  });
});
