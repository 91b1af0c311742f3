import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'conformance/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'test/**/*.test.ts'],
    // Ends what hangs; no test is judged by how long it takes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    setupFiles: ['test/setup-engine.ts'],
  },
});
