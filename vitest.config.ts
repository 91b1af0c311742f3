import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** What they measure depends on what their process has run before. */
const measuring = ['packages/policy/test/compile/memory.test.ts', 'packages/policy/test/decide/allocation.test.ts'];

export default defineConfig({
  test: {
    // Ends what hangs; no test is judged by how long it takes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    setupFiles: ['test/setup-engine.ts'],
    // Two files at a time even on two cores: much of what meets the system is waiting.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'computes',
          include: ['packages/policy/test/**/*.test.ts', 'conformance/test/**/*.test.ts'],
          exclude: measuring,
          // What only computes changes nothing that a file of tests after it could see, and runs twice as fast in a process that has compiled it already.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'meets the system',
          include: ['packages/!(policy)/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'test/**/*.test.ts', ...measuring],
        },
      },
    ],
  },
});
