import type { Gateway, GatewayTopology } from '../resource/model/index.js';
import type { BuiltWorkloads } from './build-workloads.js';
import { type GatewayRoles, gatewayKey } from './gateway-roles.js';
import type { GatewayInfo } from './inventory.js';

/** Every Gateway with its role, its readiness and the workload that stands for it: the first of its pods by name. */
export function buildGateways(
  gateways: readonly Gateway[],
  roles: GatewayRoles,
  { gates }: BuiltWorkloads,
  meshTopology: GatewayTopology,
): ReadonlyMap<string, GatewayInfo> {
  const infos = new Map<string, GatewayInfo>();
  for (const resource of gateways) {
    const key = gatewayKey(resource);
    const workload = gates.get(key)?.[0];
    if (workload === undefined || infos.has(key)) continue;
    infos.set(key, {
      key,
      resource,
      role: roles.roleOf(resource),
      waypointFor: roles.waypointFor(resource),
      ready: resource.statusAddresses === undefined || resource.statusAddresses.length > 0,
      workload,
      topology: workload.topology ?? meshTopology,
    });
  }
  return infos;
}
