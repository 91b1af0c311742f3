import type { Inventory } from '../inventory/inventory.js';
import type { Explanation, GateExplanation, Step } from './explanation.js';
import { clientNamespace } from './question/parse-target.js';
import type { Question } from './question/question.js';
import { placeOf, qualifiedName } from './walk/gate-view.js';

/**
 * Objects of kinds that are not modelled and may change what happens on this path: those of the namespaces that it touches, and
 * EnvoyFilters of the root namespace.
 */
export function unmodelledOnPath(
  inventory: Inventory,
  question: Question,
  gates: readonly GateExplanation[],
  steps: readonly Step[],
): Explanation['unmodelled'] {
  const namespaces = new Set([
    ...(question.client.kind === 'address' ? [] : [clientNamespace(question.client)]),
    ...gates.map((gate) => namespaceOf(gate.name)),
    ...steps.flatMap((step) => (step.kind === 'application' ? [namespaceOf(step.name)] : [])),
  ]);
  const root = inventory.mesh.rootNamespace;
  return inventory.unmodelled
    .filter(
      ({ metadata, writtenKind }) =>
        namespaces.has(metadata.namespace) || (writtenKind !== 'NetworkPolicy' && metadata.namespace === root),
    )
    .map((resource) => ({
      kind: resource.writtenKind,
      name: qualifiedName(resource.metadata),
      ...placeOf(resource.metadata.nameSpan),
    }));
}

function namespaceOf(key: string): string {
  const slash = key.indexOf('/');
  return slash < 0 ? '' : key.slice(0, slash);
}
