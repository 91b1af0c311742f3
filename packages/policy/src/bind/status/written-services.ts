import type { Inventory, ServiceInfo } from '../../inventory/inventory.js';
import { append } from '../../inventory/labels.js';

const byInventory = new WeakMap<Inventory, ReadonlyMap<string, readonly ServiceInfo[]>>();

/**
 * Every Service and ServiceEntry that was written, by `KIND NAMESPACE/NAME`, a ServiceEntry once for each of its hosts. The Service that
 * an ingress gateway would get has the place of its Gateway, and is not among them.
 */
export function writtenServices(inventory: Inventory): ReadonlyMap<string, readonly ServiceInfo[]> {
  const known = byInventory.get(inventory);
  if (known !== undefined) return known;
  const gateways = new Set([...inventory.gateways.values()].map(({ resource }) => resource.span));
  const groups = new Map<string, ServiceInfo[]>();
  for (const service of inventory.services.values()) {
    if (!gateways.has(service.span)) append(groups, `${service.kind} ${service.namespace}/${service.name}`, service);
  }
  byInventory.set(inventory, groups);
  return groups;
}
