import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { interpreter } from '../../src/cases/interpreter.js';
import { loadCases } from '../../src/cases/load-cases.js';
import { runCases } from '../../src/cases/run-cases.js';
import { arbitraryWorld } from '../../src/generate/arbitrary-world.js';
import { writeCase } from '../../src/generate/write-case.js';
import { Tally } from '../../src/recorded/tally.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-written-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['policies', 'roles'] as const)(
  'a generated world that is written as a case is read back and answered alike (%s)',
  (generation) => {
    const file = join(folder, `${generation}.yaml`);
    fc.assert(
      fc.property(arbitraryWorld(generation), fc.constantFrom('strict' as const, 'upstream' as const), (world, dialect) => {
        const loaded = interpreter.load(world, dialect);
        const answers = world.queries.map((query) => loaded.answer(query));
        writeFileSync(file, writeCase(world, answers, dialect));
        const tally = new Tally();
        runCases(interpreter, loadCases(file), tally);
        expect(tally.disagreements).toEqual([]);
        expect(tally.passed).toBe(world.queries.length);
      }),
      { numRuns: 25 },
    );
  },
);
