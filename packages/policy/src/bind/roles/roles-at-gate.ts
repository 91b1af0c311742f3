import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../../inventory/inventory.js';
import type { BoundPolicy } from '../binding.js';
import { waypointsOf } from '../resolve-canary.js';
import { resolveWorkloadWaypoint } from '../resolve-waypoint.js';
import type { WeightedBackend } from '../route.js';
import { backendsBehind } from '../route-backends.js';
import { servicesOf } from '../workload-services.js';
import { accountOf } from './concerns-destination.js';
import type { LocalAddress, RoleDestination, RoleScope } from './role-scope.js';
import { scopeOf } from './scope-of.js';

/**
 * What governs a waypoint in the older generation, for a service or for a workload that was dialled itself. A waypoint judges before it chooses
 * an endpoint, so every workload behind the service has a scope of its own, and all have to admit. Policies of the waypoint
 * itself take the place of all roles.
 */
export function rolesAtWaypoint(
  inventory: Inventory,
  target: ServiceInfo | Workload,
  policies: readonly BoundPolicy[],
): readonly RoleScope[] {
  if (inventory.rbacConfigs.length === 0 || enforces(policies)) return [];
  if (!('workloads' in target)) return scopesOf(inventory, servicesOf(inventory, target), target);
  return [
    ...target.workloads.flatMap((workload) => byServicePort(inventory, target, workload)),
    ...outsideWorkloads(target).flatMap((destination) => scopeOf(inventory, destination) ?? []),
    ...routedElsewhere(inventory, target),
  ];
}

/** What governs the services that routes lead to: their ztunnels take the waypoint's word for it. */
function routedElsewhere(inventory: Inventory, service: ServiceInfo): readonly RoleScope[] {
  return service.ports.flatMap(({ port }) =>
    backendsBehind(inventory, { service, port })
      .filter((backend) => backend.service.key !== service.key || backend.port !== port)
      .flatMap((backend) => scopesOfBackend(inventory, backend, port)),
  );
}

function scopesOfBackend(inventory: Inventory, backend: WeightedBackend, askedPort: number): readonly RoleScope[] {
  const { service } = backend;
  const endpoints = service.ports.find(({ port }) => port === backend.port)?.endpoints ?? [];
  const inside = endpoints.flatMap(({ workload, port }) => {
    const scope = scopeOf(inventory, destinationOf(inventory, service, workload));
    return scope === undefined ? [] : [{ ...scope, ports: new Map([[askedPort, localOf(workload, port)]]) }];
  });
  return [...inside, ...outsideWorkloads(service).flatMap((destination) => scopeOf(inventory, destination) ?? [])];
}

/** What roles may be about at a service: each workload behind it, and what else there is. */
export function destinationsOf(inventory: Inventory, service: ServiceInfo): readonly RoleDestination[] {
  return [...service.workloads.map((workload) => destinationOf(inventory, service, workload)), ...outsideWorkloads(service)];
}

/** Of endpoints that are no workload of the mesh, or where there are none at all, nothing is known but their service. */
function outsideWorkloads({ hostname: host, namespace, workloads, externalEndpoints }: ServiceInfo): readonly RoleDestination[] {
  return workloads.length > 0 && externalEndpoints.length === 0 ? [] : [{ host, namespace, labels: {}, account: '' }];
}

/** What governs an ingress gateway in the older generation: its own Services, on every port. */
export function rolesAtGateway(
  inventory: Inventory,
  { workload }: GatewayInfo,
  policies: readonly BoundPolicy[],
): readonly RoleScope[] {
  if (inventory.rbacConfigs.length === 0 || enforces(policies)) return [];
  return servicesOf(inventory, workload).flatMap(
    (service) => scopeOf(inventory, destinationOf(inventory, service, workload)) ?? [],
  );
}

/**
 * What governs a ztunnel in the older generation: the services that its workload is behind, by the workload's own ports. What comes from one of
 * their waypoints was judged there.
 */
export function rolesAtZtunnel(inventory: Inventory, workload: Workload): readonly RoleScope[] {
  if (inventory.rbacConfigs.length === 0) return [];
  const services = servicesOf(inventory, workload);
  const judgedBefore = waypointIdentities(inventory, workload, services);
  return scopesOf(inventory, services, workload).map((scope) => ({ ...scope, judgedBefore }));
}

function enforces(policies: readonly BoundPolicy[]): boolean {
  return policies.some(({ policy }) => !policy.dryRun);
}

/** By the ports of the workload. */
function scopesOf(inventory: Inventory, services: readonly ServiceInfo[], workload: Workload): RoleScope[] {
  return services.flatMap((service) => {
    const scope = scopeOf(inventory, destinationOf(inventory, service, workload));
    const own = service.ports.flatMap(({ endpoints }) => endpoints.filter((endpoint) => endpoint.workload.key === workload.key));
    return scope === undefined ? [] : [{ ...scope, ports: new Map(own.map(({ port }) => [port, localOf(workload, port)])) }];
  });
}

/** By the ports of the service. */
function byServicePort(inventory: Inventory, service: ServiceInfo, workload: Workload): RoleScope[] {
  const scope = scopeOf(inventory, destinationOf(inventory, service, workload));
  if (scope === undefined) return [];
  const ports = service.ports.flatMap(({ port, endpoints }) =>
    endpoints
      .filter((endpoint) => endpoint.workload.key === workload.key)
      .map((endpoint) => [port, localOf(workload, endpoint.port)] as const),
  );
  return [{ ...scope, ports: new Map(ports) }];
}

function destinationOf(inventory: Inventory, { hostname: host, namespace }: ServiceInfo, workload: Workload): RoleDestination {
  return { host, namespace, labels: workload.labels, account: accountOf(inventory, workload) };
}

function localOf({ address: ip }: Workload, port: number): LocalAddress {
  return { ip, port };
}

function waypointIdentities(inventory: Inventory, workload: Workload, services: readonly ServiceInfo[]): ReadonlySet<string> {
  const direct = resolveWorkloadWaypoint(inventory, workload);
  const gateways = [
    ...(direct.kind === 'bound' ? [direct.gateway] : []),
    ...services.flatMap((service) => waypointsOf(inventory, service).map(({ gateway }) => gateway)),
  ];
  return new Set(gateways.map((gateway) => gateway.workload.identity));
}
