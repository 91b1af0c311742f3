import type { DialectName } from '@sallyport/policy';
import { stringify } from 'yaml';
import type { CaseAnswer } from '../cases/engine.js';
import type { World } from './arbitrary-world.js';
import { meshObjects } from './mesh-objects.js';

/** A counterexample as a file of cases, for somebody to give it a title and the right answer. */
export function writeCase(world: World, answers: readonly CaseAnswer[], dialect: DialectName): string {
  const { manifests, meshConfig, queries } = world;
  const written = {
    title: 'a counterexample',
    reference: 'generated',
    meshConfig,
    manifests: manifests.filter((manifest) => !meshObjects.includes(manifest)),
    queries: queries.map(({ layer, ...query }, index) => {
      const { effect = 'deny', reason = 'internal-error' } = answers[index] ?? {};
      return { gate: layer, ...query, [dialect]: { [effect]: reason } };
    }),
  };
  const file = { theme: 'counterexamples', cases: [written] };
  return stringify(file, { lineWidth: 130, aliasDuplicateObjects: false });
}
