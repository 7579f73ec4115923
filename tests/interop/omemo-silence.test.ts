import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '#main/log/logger.ts';
import { receiptRequest } from '#main/xmpp/features/receipts.ts';
import { markable } from '#main/xmpp/features/markers.ts';
import type { MessageView } from '#shared/views.ts';
import { HostileDevice, startHostileDevice } from '#tests/support/peers/hostile-device.ts';
import { until } from '#tests/support/until.ts';
import { setOmemoStage, type OmemoScene } from './omemo-stories.ts';

/** Everything that the application has logged, with the level at which most is said. */
const logged: string[] = [];
const log = createLogger((line) => logged.push(line), 'debug', 'salt');
const stage = setOmemoStage(startHostileDevice, { log });

/** What the server has logged, stanzas included, and what it keeps. */
const seenByServer = async (): Promise<string> => {
  const data = path.join(stage.server().dir, 'data');
  const kept = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
  return [await stage.server().log(), ...kept].join('\n');
};

/** A word that occurs nowhere else. */
const word = (name: string): string => `${name} ${randomUUID()}`;

const deviceOf = (scene: OmemoScene): HostileDevice => {
  const peer = scene.peer();
  if (!(peer instanceof HostileDevice)) throw new Error('another peer');
  return peer;
};

const settled = (scene: OmemoScene, id: number, fits: (row: MessageView) => boolean): Promise<MessageView> =>
  until(`a row to be as it should, not ${JSON.stringify(scene.app().window.messages.get(id))}`, () => {
    const row = scene.app().window.messages.get(id);
    return row !== undefined && fits(row) && row;
  });

/** Sends through every path there is. @returns what must stay between the two, by path */
const useEveryPath = async (scene: OmemoScene): Promise<Readonly<Record<string, string>>> => {
  const { api } = scene.app().window;
  const device = deviceOf(scene);
  const { id: chatId, accountId } = scene.chat();
  const paths = [
    'sent',
    'heard',
    'queued',
    'resent',
    'edited',
    'editedEarly',
    'quoting',
    'scheduled',
    'undone',
  ];
  const said = Object.fromEntries(paths.map((name) => [name, word(name)]));
  const text = (name: string): string => said[name] ?? '';

  const sent = await scene.tell(text('sent'));
  const heard = await scene.hear(text('heard'));

  await api.accounts.setEnabled({ accountId, enabled: false });
  await scene.app().window.phase(scene.alice, 'disabled');
  await api.messages.send({ chatId, text: text('queued') });
  await api.accounts.setEnabled({ accountId, enabled: true });
  await device.reads(text('queued'));

  await device.publishList([]);
  await until(
    'the device to be gone',
    async () => (await api.encryption.protection({ chatId })).outlook === 'no-device',
  );
  const failed = await api.messages.send({ chatId, text: text('resent') });
  await settled(scene, failed.id, ({ state }) => state === 'failed');
  await device.publishList([device.omemo.deviceId]);
  await until(
    'the device to be back',
    async () => (await api.encryption.protection({ chatId })).outlook === 'encrypted',
  );
  await api.messages.resend({ messageId: failed.id });
  await device.reads(text('resent'));

  await api.messages.edit({ messageId: sent.id, text: text('edited') });
  await device.reads(text('edited'));
  await api.messages.send({ chatId, text: text('quoting'), replyTo: heard.id });
  // The quotation is in front of it.
  await device.reads(`> ${text('heard')}\n${text('quoting')}`);
  await api.messages.forward({ messageId: heard.id, to: [{ accountId, jid: scene.bob }] });
  await device.reads(text('heard'));

  const later = await api.messages.send({ chatId, text: 'x', sendAt: Date.now() + 3_600_000 });
  await api.messages.edit({ messageId: later.id, text: text('editedEarly') });
  await api.messages.sendNow({ messageId: later.id });
  await device.reads(text('editedEarly'));
  await api.messages.send({ chatId, text: text('scheduled'), sendAt: Date.now() + 1_000 });
  await device.reads(text('scheduled'));
  const withdrawn = await api.messages.send({
    chatId,
    text: text('undone'),
    sendAt: Date.now() + 3_600_000,
  });
  await api.messages.cancel({ messageId: withdrawn.id });
  await api.chats.setDraft({ chatId, text: text('undone') });
  await api.chats.setTyping({ chatId, typing: true });

  const id = randomUUID();
  await device.send(scene.alice, await device.seal(scene.alice, word('wants to know')), id, [
    receiptRequest(),
    markable(),
  ]);
  const wanting = await scene.app().window.message('it', ({ body }) => body.startsWith('wants to know'));
  await api.chats.markRead({ chatId, upTo: wanting.id });
  await device.stream.expect('a marker', (stanza) => stanza.toString().includes('<displayed'));
  await device.stream.expect('a receipt', (stanza) => stanza.toString().includes('<received'));

  await api.messages.react({ messageId: heard.id, emoji: HEDGEHOG, on: true }).catch(() => undefined);
  const regretted = await scene.tell(word('regretted'));
  await api.messages.retract({ messageId: regretted.id });
  await device.stream.expect('a retraction', (stanza) => stanza.toString().includes('<retract'));
  await scene.tell(word('last'));
  return said;
};

/** Nobody writes that otherwise. */
const HEDGEHOG = '🦔';

describe('an encrypted chat', () => {
  it('shows the server nothing of what is said, whichever way it goes', async () => {
    const scene = await stage.meet();
    const said = await useEveryPath(scene);
    const rows = [...scene.app().window.messages.values()];
    expect(rows.filter(({ protection }) => protection !== 'omemo')).toEqual([]);

    // Without encryption it would be found.
    const { id: plain } = await scene.app().window.api.chats.open({
      accountId: scene.chat().accountId,
      jid: `nobody.${scene.bob}`,
    });
    const control = word('control');
    await scene.app().window.api.encryption.setProtection({ chatId: plain, choice: 'none' });
    await scene.app().window.api.messages.send({ chatId: plain, text: control });
    await until('the control to be seen', async () => (await seenByServer()).includes(control));

    const seen = await seenByServer();
    for (const [name, text] of Object.entries(said)) expect(seen.includes(text), name).toBe(false);
    expect(seen).not.toContain(HEDGEHOG);
  });
});

describe('the log at its most talkative level', () => {
  const spies: { readonly mock: { readonly calls: readonly unknown[] } }[] = [];
  beforeEach(() => {
    logged.length = 0;
    for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
      spies.push(vi.spyOn(console, name));
  });
  afterEach(() => {
    spies.length = 0;
    vi.restoreAllMocks();
  });

  it('holds no text, no key and nothing that could be one, not even where things break', async () => {
    const scene = await stage.meet();
    const device = deviceOf(scene);
    const said = await useEveryPath(scene);
    const damaged = (await device.seal(scene.alice, word('damaged'))).replace(
      /(<[^<]*key [^>]*>.{30})./,
      '$1_',
    );
    await device.send(scene.alice, damaged.replace('_', 'A'));
    await device.meet(scene.alice, (bundle) => bundle.replace(/preKeyId="\d+"/g, 'preKeyId="0"'));
    await device.send(scene.alice, await device.seal(scene.alice, word('for no prekey')));
    await scene.restartApp();
    await scene.tell(word('after the restart'));
    expect(logged.length).toBeGreaterThan(10);
    const text = logged.join('\n');
    for (const [name, secret] of Object.entries(said)) expect(text.includes(secret), name).toBe(false);
    // A key has 32 bytes: 43 characters of base64, 64 of hexadecimal, a list of numbers, or 32 characters.
    expect(
      logged.filter((line) => /[A-Za-z0-9+/]{40,}|(?:[0-9a-f]{2}[ :]?){32}|(?:\d+, ?){16}/.test(line)),
    ).toEqual([]);
    expect(spies.flatMap(({ mock }) => mock.calls)).toEqual([]);
  });
});
