import { policyConditions } from '../bind/status/statuses.js';
import type { Inventory } from '../inventory/inventory.js';
import type { GateExplanation, PolicyStatus } from './explanation.js';
import { placeOf, qualifiedName } from './walk/gate-view.js';

/** The status of every policy that means something on a path, enforced or not, in the order of the gates. */
export function statusesOnPath(inventory: Inventory, gates: readonly GateExplanation[]): readonly PolicyStatus[] {
  const named = new Set(
    gates.flatMap(({ enforced, notEnforced }) => [
      ...enforced.map(({ policy }) => policy),
      ...notEnforced.filter(({ about }) => about === 'this-path').map(({ policy }) => policy),
    ]),
  );
  const policies = new Map(inventory.policies.map((policy) => [qualifiedName(policy.metadata), policy]));
  return [...named].flatMap((name): PolicyStatus[] => {
    const policy = policies.get(name);
    if (policy === undefined) return [];
    return [{ policy: name, conditions: policyConditions(inventory, policy), ...placeOf(policy.metadata.nameSpan) }];
  });
}
