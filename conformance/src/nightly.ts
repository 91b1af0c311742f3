import type { DialectName } from '@sallyport/policy';
import fc from 'fast-check';
import { compareEngines, emptyTally } from './engines/compare-engines.js';
import { engineVariants } from './engines/engine-variants.js';
import { arbitraryWorld } from './generate/arbitrary-world.js';
import { withCustom } from './generate/with-custom.js';
import { writeCase } from './generate/write-case.js';

const dialects: readonly DialectName[] = ['strict', 'upstream'];
const generations = ['policies', 'policies', 'policies', 'roles'] as const;
const worldsAtOnce = 5;

/** Compares until so many decisions were compared; the exit status is 1 for the first difference, or where one effect was hardly seen. */
function main(wanted: number): number {
  const tables = { closures: 0, masks: 0, roles: 0 };
  const tally = emptyTally();
  const engines = engineVariants(tables);
  const first = Math.floor(Math.random() * 0x7fffffff);
  for (let batch = 0; tally.decisions < wanted; batch++) {
    const generation = generations[batch % generations.length];
    const worlds = fc.sample(arbitraryWorld(generation, 64), { numRuns: worldsAtOnce, seed: first + batch });
    for (const [place, world] of worlds.entries()) {
      const asked = generation === 'roles' ? world : withCustom(world, 2 + (place % 8));
      for (const dialect of dialects) {
        const [difference] = compareEngines(asked, dialect, engines, tally);
        if (difference === undefined) continue;
        console.log(
          `seed ${first + batch}, world ${place}, ${dialect}: ${JSON.stringify(difference)}\n${writeCase(asked, [], dialect)}`,
        );
        return 1;
      }
    }
  }
  const share = tally.allowed / tally.decisions;
  console.log(
    `seed ${first}: ${tally.decisions} decisions compared, ${Math.round(100 * share)} % allowed, ` +
      `${tables.masks} by masks, ${tables.closures} by closures, none differed; ` +
      `${tables.roles} times roles were asked, ${tally.granted} granted, ${tally.notGranted} not`,
  );
  const isMixed = share > 0.2 && share < 0.8 && tally.granted > wanted / 100 && tally.notGranted > wanted / 100;
  return isMixed && tables.masks > 0 && tables.closures > 0 && tables.roles > 0 ? 0 : 1;
}

process.exitCode = main(Number(process.argv[2] ?? 1_000_000));
