import type { Inventory, Workload } from '../inventory/inventory.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';

/**
 * The workloads that a policy without `targetRefs` means: by labels, by namespace, or all of them from the root namespace,
 * whether or not they have a ztunnel. Gateways' own pods are meant by a selector only.
 */
export function selectedWorkloads(inventory: Inventory, policy: AuthorizationPolicy): Workload[] {
  if (policy.targetRefs.length > 0) return [];
  const { namespace } = policy.metadata;
  const everywhere = namespace === inventory.mesh.rootNamespace;
  const labels = Object.entries(policy.selector?.matchLabels ?? {});
  return [...inventory.workloads.values()].filter(
    (workload) =>
      (everywhere || workload.namespace === namespace) &&
      (labels.length > 0 || workload.kind !== 'Gateway') &&
      labels.every(([key, value]) => workload.labels[key] === value),
  );
}
