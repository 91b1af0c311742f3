import { stringify } from 'yaml';
import type { CaseAnswer } from '../cases/engine.js';
import type { World } from './arbitrary-world.js';
import { meshObjects } from './mesh-objects.js';

/** A counterexample as an entry of `cases:`, for somebody to give it a title and the right answer. */
export function writeCase({ manifests, meshConfig, queries }: World, answers: readonly CaseAnswer[]): string {
  const written = {
    title: 'a counterexample',
    reference: 'generated',
    meshConfig,
    manifests: manifests.filter((manifest) => !meshObjects.includes(manifest)),
    queries: queries.map(({ layer, ...query }, index) => {
      const { effect = 'deny', reason = 'internal-error' } = answers[index] ?? {};
      return { gate: layer, ...query, both: { [effect]: reason } };
    }),
  };
  return stringify([written], { lineWidth: 130, aliasDuplicateObjects: false });
}
