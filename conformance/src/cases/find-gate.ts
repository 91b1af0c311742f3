import {
  bindGateway,
  bindWaypoint,
  bindZtunnel,
  type GatewayBinding,
  type Inventory,
  resolveServiceWaypoint,
  resolveWorkloadWaypoint,
  type ServiceInfo,
  type WaypointBinding,
  type WaypointResolution,
  type Workload,
  type ZtunnelBinding,
} from '@sallyport/policy';
import type { CaseQuery } from './case.js';

/** A gate with the address that its clients dial. */
export interface FoundGate<Binding> {
  readonly binding: Binding;
  readonly address: string;
}

/** The ztunnel of `Pod/NAMESPACE/NAME`; throws an `Error` where the mesh has no such pod. */
export function findZtunnel(inventory: Inventory, { target }: Pick<CaseQuery, 'target'>): FoundGate<ZtunnelBinding> {
  const workload = workloadNamed(inventory, target);
  return { binding: bindZtunnel(inventory, workload), address: workload.address };
}

/** The Gateway, or the waypoint of a Service, a ServiceEntry or a Pod; throws an `Error` where the mesh has none. */
export function findL7Gate(
  inventory: Inventory,
  { target }: Pick<CaseQuery, 'target'>,
): FoundGate<WaypointBinding | GatewayBinding> {
  const [kind, namespace, name] = target.split('/');
  if (kind === 'Gateway') {
    const gateway = found(inventory.gateways.get(`${namespace}/${name}`), target);
    return { binding: bindGateway(inventory, gateway), address: gateway.workload.address };
  }
  if (kind === 'Pod') {
    const workload = workloadNamed(inventory, target);
    const binding = bound(inventory, resolveWorkloadWaypoint(inventory, workload), workload);
    return { binding, address: workload.address };
  }
  const services = [...inventory.services.values()];
  const service = found(
    services.find((each) => each.kind === kind && each.namespace === namespace && each.name === name),
    target,
  );
  const binding = bound(inventory, resolveServiceWaypoint(inventory, service), service);
  return { binding, address: found(service.addresses[0], `address of ${target}`) };
}

function workloadNamed(inventory: Inventory, target: string): Workload {
  return found(inventory.workloads.get(target.slice(target.indexOf('/') + 1)), target);
}

function bound(inventory: Inventory, resolution: WaypointResolution, target: ServiceInfo | Workload): WaypointBinding {
  if (resolution.kind !== 'bound') throw new Error(`the target has no waypoint: ${resolution.kind}, ${resolution.why}`);
  return bindWaypoint(inventory, resolution.gateway, target);
}

function found<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new Error(`the mesh has no ${what}`);
  return thing;
}
