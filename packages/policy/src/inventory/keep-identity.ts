import { sameData } from '../same-data.js';
import { groupByHostname } from './build-inventory.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from './inventory.js';

/**
 * The same inventory, in which everything that is as it was in the one before is the object that it was there: so whoever keeps
 * something about a workload, a service or a list of policies sees by identity whether it still holds.
 */
export function keepIdentity(before: Inventory, built: Inventory): Inventory {
  const workloads = keptMap(before.workloads, built.workloads);
  const own = (workload: Workload): Workload => workloads.get(workload.key) ?? workload;
  const services = keptMap(
    before.services,
    mapValues(built.services, (service) => onWorkloads(service, own)),
  );
  const namespaces = keptMap(before.namespaces, built.namespaces);
  return {
    dialect: built.dialect,
    mesh: built.mesh,
    namespaces,
    workloads,
    services,
    gateways: keptMap(
      before.gateways,
      mapValues(built.gateways, (gateway): GatewayInfo => ({ ...gateway, workload: own(gateway.workload) })),
    ),
    gatewayClasses: keptMap(before.gatewayClasses, built.gatewayClasses),
    policies: keptList(before.policies, built.policies),
    peerAuthentications: keptList(before.peerAuthentications, built.peerAuthentications),
    requestAuthentications: keptList(before.requestAuthentications, built.requestAuthentications),
    rbacConfigs: keptList(before.rbacConfigs, built.rbacConfigs),
    serviceRoles: keptList(before.serviceRoles, built.serviceRoles),
    serviceRoleBindings: keptList(before.serviceRoleBindings, built.serviceRoleBindings),
    httpRoutes: keptList(before.httpRoutes, built.httpRoutes),
    tcpRoutes: keptList(before.tcpRoutes, built.tcpRoutes),
    tlsRoutes: keptList(before.tlsRoutes, built.tlsRoutes),
    referenceGrants: keptList(before.referenceGrants, built.referenceGrants),
    secrets: keptMap(before.secrets, built.secrets),
    unmodelled: keptList(before.unmodelled, built.unmodelled),
    workloadByAddress: keptMap(before.workloadByAddress, mapValues(built.workloadByAddress, own)),
    serviceByAddress: keptMap(
      before.serviceByAddress,
      mapValues(built.serviceByAddress, (service) => services.get(service.key) ?? service),
    ),
    servicesByHostname: services === before.services ? before.servicesByHostname : groupByHostname(services),
    namespaceLabels: namespaces === before.namespaces ? before.namespaceLabels : built.namespaceLabels,
  };
}

function onWorkloads(service: ServiceInfo, own: (workload: Workload) => Workload): ServiceInfo {
  return {
    ...service,
    ports: service.ports.map((port) => ({
      ...port,
      endpoints: port.endpoints.map((endpoint) => ({ ...endpoint, workload: own(endpoint.workload) })),
    })),
    workloads: service.workloads.map(own),
  };
}

/** The values that are the same data as before are the objects from before; the whole map where all are, in the same order. */
function keptMap<Value extends object>(
  before: ReadonlyMap<string, Value>,
  built: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const kept = mapValues(built, (value, key) => {
    const old = before.get(key);
    return old !== undefined && sameData(old, value) ? old : value;
  });
  return sameEntries(before, kept) ? before : kept;
}

function sameEntries(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  if (a.size !== b.size) return false;
  const other = b.entries();
  for (const [key, value] of a) {
    const { value: entry } = other.next();
    if (entry === undefined || entry[0] !== key || entry[1] !== value) return false;
  }
  return true;
}

/** The list from before where its items are the very objects. */
function keptList<Item>(before: readonly Item[], built: readonly Item[]): readonly Item[] {
  return before.length === built.length && before.every((item, index) => item === built[index]) ? before : built;
}

function mapValues<Value, Made>(
  map: ReadonlyMap<string, Value>,
  make: (value: Value, key: string) => Made,
): ReadonlyMap<string, Made> {
  return new Map([...map].map(([key, value]) => [key, make(value, key)]));
}
