import {
  acceptAtWaypoint,
  type ConnectionAttributes,
  type Endpoint,
  type GatewayInfo,
  type InboundTarget,
  type Inventory,
  resolveWorkloadWaypoint,
  type ServiceInfo,
  type ServicePortInfo,
  type Workload,
  waypointsOf,
} from '@sallyport/policy';
import type { Snapshot } from '../gate.js';
import { GateDeciders } from '../l7/gate-deciders.js';
import { inSlices } from '../socket/in-slices.js';

/** A target that this waypoint serves. */
export type ServedTarget = Exclude<InboundTarget, { readonly kind: 'refused' }>;

/** What a waypoint is under one snapshot. */
export class WaypointState {
  readonly gateway: GatewayInfo;
  readonly deciders: GateDeciders;

  private constructor(
    readonly snapshot: Snapshot,
    gateway: GatewayInfo,
    /** Where its listener is. */
    readonly socketAddress: string,
    previous: WaypointState | undefined,
  ) {
    this.gateway = gateway;
    this.deciders = new GateDeciders(snapshot.inventory, gateway, previous?.deciders);
  }

  /** The state of a waypoint; undefined where the snapshot has no such waypoint, or no address for it. */
  static of(snapshot: Snapshot, key: string, previous?: WaypointState): WaypointState | undefined {
    const gateway = snapshot.inventory.gateways.get(key);
    const address = gateway === undefined ? undefined : snapshot.addresses.socketAddress(gateway.workload.address);
    return gateway?.role !== 'waypoint' || address === undefined
      ? undefined
      : new WaypointState(snapshot, gateway, address, previous);
  }

  /** Makes the deciders of all that it serves, so that no request waits for one. Rejects where `signal` says to stop, and only there. */
  prepare(signal: AbortSignal): Promise<void> {
    const { inventory } = this.snapshot;
    return inSlices(
      () => [...inventory.services.values(), ...inventory.workloads.values()],
      (target) => this.#prepareTarget(target),
      signal,
    );
  }

  #prepareTarget(target: ServiceInfo | Workload): void {
    const { inventory } = this.snapshot;
    const isService = 'hostname' in target;
    if (!waypointsBefore(inventory, target).some(({ key }) => key === this.gateway.key)) return;
    // What is spoken on the ports of a workload is up to the services that lead to it, and on others to the client.
    const kinds = isService ? target.ports.map(kindOf) : ['undeclared'];
    if (kinds.some((kind) => kind !== 'tcp')) this.deciders.prepareRequests(target);
    if (kinds.some((kind) => kind !== 'http')) this.deciders.prepareConnections(target);
  }

  /** What a CONNECT authority means here (reference section 7.5). Total. */
  accept(authority: string): InboundTarget {
    try {
      return acceptAtWaypoint(this.snapshot.inventory, this.gateway, authority);
    } catch (error) {
      return { kind: 'refused', status: 503, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  /** How the gate behind a target is addressed, as policy sees it. */
  attributes(target: ServedTarget, peer: { readonly identity: string; readonly address: string }): ConnectionAttributes {
    return {
      identity: peer.identity,
      sourceIp: peer.address,
      destinationIp: target.kind === 'service' ? target.address : target.workload.address,
      destinationPort: target.kind === 'service' ? target.servicePort.port : target.port,
    };
  }
}

/** The waypoints that serve a service or workload. */
function waypointsBefore(inventory: Inventory, target: ServiceInfo | Workload): readonly GatewayInfo[] {
  if ('hostname' in target) return waypointsOf(inventory, target).map(({ gateway }) => gateway);
  const waypoint = resolveWorkloadWaypoint(inventory, target);
  return waypoint.kind === 'bound' ? [waypoint.gateway] : [];
}

/** What policy attaches to for this target. */
export function protectedObject(target: ServedTarget): ServiceInfo | Workload {
  return target.kind === 'service' ? target.service : target.workload;
}

/** What this waypoint speaks on a target; on one that is `undeclared`, the first bytes of each connection tell. */
export interface TargetProtocol {
  readonly kind: 'http' | 'tcp' | 'undeclared';
  readonly http2: boolean;
  /** Spoken on any of the ports behind the target. */
  readonly application?: 'mysql';
}

/** The protocol that is declared for a target; a workload's port takes it from the services that lead to it. */
export function protocolOf(inventory: Inventory, target: ServedTarget): TargetProtocol {
  const ports = target.kind === 'service' ? [target.servicePort] : portsLeadingTo(inventory, target);
  const http2 = ports.some((port) => port.http2 === true);
  const kinds = new Set(ports.map(kindOf));
  const [kind = 'undeclared'] = kinds;
  const application = ports.some((port) => port.application === 'mysql') ? { application: 'mysql' as const } : {};
  return { kind: kinds.size > 1 ? 'undeclared' : kind, http2, ...application };
}

function kindOf({ protocol, undeclared }: ServicePortInfo): TargetProtocol['kind'] {
  return undeclared === true ? 'undeclared' : protocol;
}

function portsLeadingTo(inventory: Inventory, { workload, port }: Endpoint): readonly ServicePortInfo[] {
  return [...inventory.services.values()]
    .flatMap(({ ports }) => ports)
    .filter(({ endpoints }) => endpoints.some((endpoint) => endpoint.workload.key === workload.key && endpoint.port === port));
}
