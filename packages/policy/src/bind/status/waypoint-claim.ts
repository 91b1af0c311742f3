import { gatewayNameLabel } from '../../inventory/gateway-roles.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../../inventory/inventory.js';
import { type Labels, ownValue } from '../../inventory/labels.js';
import { meshVisibility } from '../mesh-visibility.js';
import { admits, gateManagers, namedWaypoint } from '../resolve-waypoint.js';
import type { Outcome, StatusOptions } from './status-condition.js';

/** What comes of the waypoint that an object names, itself or by its namespace: nothing named, attached, or refused with the cause. */
export type WaypointClaim =
  | { readonly kind: 'none' }
  | { readonly kind: 'bound'; readonly gateway: GatewayInfo }
  | { readonly kind: 'refused'; readonly outcome: Outcome };

/** Whether upstream takes a Gateway for a waypoint: it has an address, whatever its class (reference section 0, item 9). */
export function isUsable({ resource }: GatewayInfo, { unreportedGateways = 'ready' }: StatusOptions): boolean {
  return resource.statusAddresses === undefined ? unreportedGateways === 'ready' : resource.statusAddresses.length > 0;
}

/** The waypoint of traffic to a service as upstream's status sees it, in either dialect (reference section 5.3). */
export function claimOfService(inventory: Inventory, service: ServiceInfo, options: StatusOptions): WaypointClaim {
  if (gateManagers.has(ownValue(service.labels, 'gateway.istio.io/managed') ?? '')) return { kind: 'none' };
  const claim = claimOf(inventory, service, options);
  if (claim.kind !== 'bound') return claim;
  const { key, resource, waypointFor } = claim.gateway;
  if (waypointFor !== 'service' && waypointFor !== 'all') return refused('UnsupportedTrafficType', unsupported('service', key));
  const crosses = service.kind === 'ServiceEntry' && resource.metadata.namespace !== service.namespace;
  if (!crosses || meshVisibility(inventory, service.namespace) !== 'NAMESPACE') return claim;
  return refused(
    'CrossNamespaceWaypointForbidden',
    `cannot bind to waypoint "${key}" in another namespace: cross-namespace waypoint binding is not permitted for a ServiceEntry with NAMESPACE visibility`,
  );
}

/** The waypoint of traffic to a workload itself. A namespace's waypoint that serves only services is no lack. */
export function claimOfWorkload(inventory: Inventory, workload: Workload, options: StatusOptions): WaypointClaim {
  const served = inventory.gateways.get(`${workload.namespace}/${ownValue(workload.labels, gatewayNameLabel) ?? ''}`);
  if (served !== undefined && isUsable(served, options)) return { kind: 'none' };
  const claim = claimOf(inventory, workload, options);
  if (claim.kind !== 'bound') return claim;
  const { key, waypointFor } = claim.gateway;
  if (waypointFor === 'workload' || waypointFor === 'all') return claim;
  const named = ownValue(workload.labels, 'istio.io/use-waypoint') !== undefined;
  return named ? refused('UnsupportedTrafficType', unsupported('workload', key)) : { kind: 'none' };
}

/** A waypoint by its key `NAMESPACE/NAME`, if it is usable and admits the namespace. */
export function claimWaypoint(inventory: Inventory, key: string, namespace: string, options: StatusOptions): WaypointClaim {
  const gateway = inventory.gateways.get(key);
  if (gateway === undefined || !isUsable(gateway, options)) {
    return refused('WaypointIsNotReady', `waypoint "${key}" is not ready`);
  }
  if (admits(inventory, gateway, namespace)) return { kind: 'bound', gateway };
  return refused('AttachmentDenied', `we are not permitted to attach to waypoint "${key}" (missing allowedRoutes?)`);
}

/** The refusal of a waypoint that serves other traffic. */
export function unsupported(traffic: 'service' | 'workload', key: string): string {
  return `attempting to bind to traffic type "${traffic}" which the waypoint "${key}" does not support`;
}

function claimOf(
  inventory: Inventory,
  object: { readonly namespace: string; readonly labels: Labels } & Pick<ServiceInfo, 'span'>,
  options: StatusOptions,
): WaypointClaim {
  const named = namedWaypoint(inventory, object);
  if (named === undefined || named === 'none') return { kind: 'none' };
  return claimWaypoint(inventory, `${named.namespace}/${named.name}`, object.namespace, options);
}

function refused(reason: string, message: string): WaypointClaim {
  return { kind: 'refused', outcome: { holds: false, reason, message } };
}
