import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** What the tested commands remember goes here, and never to the place of a real installation. */
const stateDir = join(tmpdir(), `drover-test-state-${process.pid}`);

/** What needs processes of its own (PostgreSQL, servers, shells), but no hosts of the lab. */
const serviceTests = [
  'tests/store/**/*.test.ts',
  'tests/server/**/*.test.ts',
  'tests/planner/**/*.test.ts',
  'tests/security/{dependencies,documented}.test.ts',
  'tests/cli/{completion,served,start}.test.ts',
];

/** Real hosts and browsers on a machine that others use: `./test` names what passed only then as FLAKY. */
const triedAgain = 1;

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts'],
      reporter: ['text-summary', 'json-summary'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'bench/**/*.test.ts'],
          testTimeout: 20_000,
          env: { DROVER_STATE_DIR: stateDir },
          globalSetup: ['tests/remove-state.ts'],
        },
      },
      {
        test: {
          name: 'service',
          include: serviceTests,
          // Beside it the lab's tests run.
          fileParallelism: false,
          testTimeout: 120_000,
          env: { DROVER_STATE_DIR: stateDir },
          globalSetup: ['tests/remove-state.ts'],
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/web/**', ...serviceTests],
          // The lab is one machine of few cores: its scenarios run one after another.
          fileParallelism: false,
          retry: triedAgain,
          testTimeout: 120_000,
          env: { DROVER_STATE_DIR: stateDir },
          globalSetup: ['tests/remove-state.ts'],
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'web',
          include: ['tests/web/**/*.test.ts'],
          // One browser at a time.
          fileParallelism: false,
          retry: triedAgain,
          testTimeout: 60_000,
          env: { DROVER_STATE_DIR: stateDir },
          globalSetup: ['tests/remove-state.ts'],
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
