import { defineConfig } from 'vitest/config';

const stub = new URL('./tests/support/electron-stub.ts', import.meta.url).pathname;

/** Importing the real `electron` outside Electron starts a download; every suite gets the stub instead. */
const alias = { electron: stub };

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
      {
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          alias,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
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
