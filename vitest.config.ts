import { defineConfig } from 'vitest/config';

const stub = new URL('./tests/support/electron-stub.ts', import.meta.url).pathname;

/** Importing the real `electron` outside Electron starts a download; every suite gets the stub instead. */
const alias = { electron: stub };

/** Where the server's behaviour matters. */
const onBothServers = [
  'archive',
  'bad-input',
  'conversation',
  'killed',
  'login',
  'message-protocols',
  'messages-*',
  'stream',
];

/** Takes a display, a network of its own and root: only for whoever names it. */
const unasked = process.argv.some((argument) => argument.includes('dino'))
  ? []
  : ['tests/interop/dino.test.ts'];

const integration = (name: string, env: Record<string, string>, include: string[]) => ({
  test: {
    name,
    env,
    include,
    exclude: unasked,
    alias,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Deriving a key takes what it takes, and machines are shared: a limit only ends what hangs.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: [
            'tests/unit/**/*.test.{ts,tsx}',
            'tests/migrations/**/*.test.ts',
            'tests/protocol-cases/**/*.test.ts',
          ],
          alias,
          setupFiles: ['tests/support/boringssl-guard.ts'],
        },
      },
      integration('integration', { CHATSECURE_SERVER: 'prosody' }, ['tests/integration/**/*.test.ts']),
      // The same stories on the other server that many people use.
      integration(
        'ejabberd',
        { CHATSECURE_SERVER: 'ejabberd' },
        onBothServers.map((name) => `tests/integration/${name}.test.ts`),
      ),
      integration('interop', { CHATSECURE_SERVER: 'prosody' }, ['tests/interop/**/*.test.ts']),
      {
        test: {
          name: 'package',
          include: ['tests/package/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
