import type { AuthorizationPolicy } from '../resource/model/index.js';
import type { FindingContext } from './finding-context.js';

/** The enforced policies that any ztunnel has, each with the workloads (by owner) that it is bound to. */
export function ztunnelPolicies(context: FindingContext): Map<AuthorizationPolicy, string[]> {
  const found = new Map<AuthorizationPolicy, Set<string>>();
  for (const workload of context.gates.captured) {
    for (const { policy } of context.gates.ztunnel(workload).policies) {
      if (policy.dryRun) continue;
      const owners = found.get(policy) ?? new Set();
      found.set(policy, owners.add(`${workload.namespace}/${workload.ownerName}`));
    }
  }
  return new Map([...found].map(([policy, owners]) => [policy, [...owners]]));
}
