import type { Inventory, Workload } from '@sallyport/policy';

/** The workload that NAMESPACE/NAME means, by its own name or its owner's; throws where there is none. */
export function workloadNamed(inventory: Inventory, name: string): Workload {
  const found = [...inventory.workloads.values()].find(
    (workload) => workload.key === name || `${workload.namespace}/${workload.ownerName}` === name,
  );
  if (found === undefined) throw new Error(`the mesh has no workload ${name}`);
  return found;
}
