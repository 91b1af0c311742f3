import type { DialectName } from '@sallyport/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareEngines, emptyTally } from '../../src/engines/compare-engines.js';
import { engineVariants } from '../../src/engines/engine-variants.js';
import { arbitraryWorld } from '../../src/generate/arbitrary-world.js';
import { withCustom } from '../../src/generate/with-custom.js';

const dialects: readonly DialectName[] = ['strict', 'upstream'];

describe.each(['policies', 'roles'] as const)('tables (%s)', (generation) => {
  it('answer as the interpreter does, to the last field, with and without each of their optimisations', () => {
    const tables = { closures: 0, masks: 0, roles: 0 };
    const tally = emptyTally();
    const engines = engineVariants(tables);
    const worlds = arbitraryWorld(generation, 24);
    fc.assert(
      fc.property(worlds, fc.constantFrom(...dialects), fc.integer({ min: 2, max: 12 }), (world, dialect, every) => {
        const asked = generation === 'policies' ? withCustom(world, every) : world;
        expect(compareEngines(asked, dialect, engines, tally)).toEqual([]);
      }),
      { numRuns: 24 },
    );
    const share = tally.allowed / tally.decisions;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.8);
    expect(tally.decisions).toBeGreaterThan(10_000);
    // Who answered: the fast ways, and not the interpreter under another name.
    expect(tables.closures).toBeGreaterThan(500);
    expect(tables.masks).toBeGreaterThan(5000);
    if (generation === 'policies') return;
    expect(tables.roles).toBeGreaterThan(5000);
    expect(tally.granted).toBeGreaterThan(1000);
    expect(tally.notGranted).toBeGreaterThan(1000);
  });
});
