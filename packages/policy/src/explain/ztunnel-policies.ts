import type { AuthorizationPolicy } from '../resource/model/index.js';
import type { FindingContext } from './finding-context.js';

/** Those of the given policies that a ztunnel enforces, each with the workloads (by owner) that it is bound to. */
export function ztunnelPolicies(
  context: FindingContext,
  wanted: (policy: AuthorizationPolicy) => boolean,
): Map<AuthorizationPolicy, string[]> {
  const relevant = new Set(context.inventory.policies.filter((policy) => !policy.dryRun && wanted(policy)));
  if (relevant.size === 0) return new Map();
  const found = new Map<AuthorizationPolicy, Set<string>>();
  for (const workload of context.gates.captured) {
    for (const { policy } of context.gates.ztunnel(workload).policies) {
      if (!relevant.has(policy)) continue;
      const owners = found.get(policy) ?? new Set();
      found.set(policy, owners.add(`${workload.namespace}/${workload.ownerName}`));
    }
  }
  return new Map([...found].map(([policy, owners]) => [policy, [...owners]]));
}
