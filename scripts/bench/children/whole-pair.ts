/**
 * Two whole applications in one process, as the bare pair is: backends, databases, streams and pipes are the
 * real ones, the windows are clients in memory.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createBackend } from '#main/backend.ts';
import type { Shell } from '#main/hosts/shell.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';
import { memorySecrets } from '#tests/support/app.ts';
import { serve } from '../child.ts';
import { answerFor, type Side } from '../pair.ts';
import { introduce, type WholeSide } from '../whole-pair.ts';
import { attachWindow } from '../window.ts';

const log = createLogger((line) => console.error(line), 'warn', 'bench');
const extraCa = readFileSync(process.env['CHATSECURE_EXTRA_CA'] ?? '', 'utf8');

const start = async (side: Side, folder: string): Promise<WholeSide> => {
  const shell: Shell = {
    host: 'loopback',
    profileDir: path.join(folder, side.jid),
    secrets: memorySecrets(),
    openExternal: () => Promise.resolve(),
    setBadge: () => undefined,
    onPower: () => () => undefined,
  };
  const backend = createBackend({ shell, log, clock: systemClock, version: '0.0.0-bench', extraCa });
  await backend.start();
  return { ...side, window: await attachWindow(backend) };
};

serve(
  answerFor(async ({ sender, receiver, port, folder }) =>
    introduce(await start(sender, folder), await start(receiver, folder), port),
  ),
);
