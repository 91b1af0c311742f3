import type { Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { append } from '../inventory/labels.js';
import { memoized } from '../inventory/memoized.js';

const servicesByWorkload = new WeakMap<Inventory['services'], ReadonlyMap<string, readonly ServiceInfo[]>>();

/** The services that a workload is behind. */
export function servicesOf(inventory: Inventory, workload: Workload): readonly ServiceInfo[] {
  return memoized(servicesByWorkload, inventory.services, () => groupByWorkload(inventory)).get(workload.key) ?? [];
}

function groupByWorkload({ services }: Inventory): ReadonlyMap<string, readonly ServiceInfo[]> {
  const groups = new Map<string, ServiceInfo[]>();
  for (const service of services.values()) {
    for (const workload of service.workloads) append(groups, workload.key, service);
  }
  return groups;
}
