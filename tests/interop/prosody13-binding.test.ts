/** A server that binds logins to their connection, and one day does not any more. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { startProsody, type Prosody } from '#tests/support/prosody.ts';
import { prosody13Root, reasonForNoProsody13 } from '#tests/support/prosody13.ts';
import { until } from '#tests/support/until.ts';

const ALICE = 'alice@localhost';
const unavailable = reasonForNoProsody13();
let server: Prosody;
let app: TestApp;

beforeAll(async () => {
  if (unavailable !== undefined) return;
  const accounts = [{ jid: ALICE, password: 'secret' }];
  server = await startProsody({ root: await prosody13Root(), accounts });
  app = await startApp({ extraCa: server.ca });
}, 600_000);
afterAll(async () => {
  await app?.stop();
  await server?.stop();
});

const HIDDEN = 'disable_sasl_mechanisms = { "DIGEST-MD5", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS" }\n';
const OLD_TLS = ' protocol = "tlsv1_2",';

/**
 * `hidden`: its mechanisms are gone from the list, and it refuses whoever says that it has none; `old-tls`: below TLS
 * 1.3 it binds to nothing that we have.
 */
const offer = async (what: 'binding' | 'hidden' | 'old-tls'): Promise<void> => {
  const file = path.join(server.dir, 'prosody.cfg.lua');
  const config = (await readFile(file, 'utf8')).replace(HIDDEN, '').replaceAll(OLD_TLS, '');
  const texts = {
    binding: config,
    hidden: HIDDEN + config,
    'old-tls': config.replaceAll('ssl = {', `ssl = {${OLD_TLS}`),
  };
  await writeFile(file, texts[what]);
  await server.restart();
};

test('whoever was logged in with channel binding is not without it, unless the user says so', async ({
  skip,
}) => {
  if (unavailable !== undefined) return skip(unavailable);
  const { api } = app.window;
  const { id: accountId } = await logIn(app, server, ALICE, 'secret');
  await expect(api.accounts.acceptUnbound({ accountId })).rejects.toMatchObject({ code: 'not-found' });

  for (const what of ['hidden', 'old-tls'] as const) {
    await offer(what);
    const { error } = await app.window.phase(ALICE, 'failed');
    expect(error).toMatchObject({ code: 'binding-lost', step: 'auth', advice: 'needs-user' });
    // It was a mistake over there: everything is as before, with no more than another try.
    await offer('binding');
    await api.accounts.retryNow({ accountId });
    await app.window.phase(ALICE, 'online');
  }

  // Now they mean it, and the next run of the application knows as well.
  await offer('old-tls');
  app = await app.restart();
  await app.window.phase(ALICE, 'failed');
  await app.window.api.accounts.acceptUnbound({ accountId });
  await app.window.phase(ALICE, 'online');

  // Once it is back, it is not given up again.
  await offer('binding');
  await until('the next login', async () => (await server.sessions()).length === 1);
  await app.window.phase(ALICE, 'online');
  await offer('old-tls');
  expect((await app.window.phase(ALICE, 'failed')).error).toMatchObject({ code: 'binding-lost' });
});
