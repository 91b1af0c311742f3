import { bindGateway } from '../bind/bind-gateway.js';
import { bindWaypoint } from '../bind/bind-waypoint.js';
import { bindZtunnel } from '../bind/bind-ztunnel.js';
import type { GateBinding } from '../bind/binding.js';
import { waypointsOf } from '../bind/resolve-canary.js';
import { resolveWorkloadWaypoint } from '../bind/resolve-waypoint.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import type { RoleLayer } from '../legacy/test.js';

/** A port at which a gate is asked, and what it may find there. */
export interface GatePort {
  readonly port: number;
  readonly layers: readonly RoleLayer[];
}

/** One place at which connections or requests are judged. */
export interface Gate {
  /** `ztunnel shop/api-1`, `waypoint shop/gate for Service shop/api`: unique, and the same before and after. */
  readonly key: string;
  readonly binding: GateBinding;
  readonly ports: readonly GatePort[];
  /** The address that a client asks for. */
  readonly address: string;
}

/** Every gate of an inventory that traffic can reach, in the order of their keys. */
export function gatesOf(inventory: Inventory): readonly Gate[] {
  const { services, workloads, gateways } = inventory;
  return [
    ...[...services.values()].flatMap((service) => serviceGate(inventory, service)),
    ...[...workloads.values()].flatMap((workload) => [...ztunnel(inventory, workload), ...workloadGate(inventory, workload)]),
    ...[...gateways.values()].flatMap((gateway) => ingressGate(inventory, gateway)),
  ].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** A service without an address of its own is never reached through its waypoint. */
function serviceGate(inventory: Inventory, service: ServiceInfo): Gate[] {
  const [address] = service.addresses;
  if (address === undefined) return [];
  const ports = service.ports.map(({ port, protocol, undeclared }) => ({
    port,
    layers: layersOf(protocol, undeclared === true),
  }));
  return waypointsOf(inventory, service).map(({ gateway }) => {
    const key = `waypoint ${gateway.key} for ${service.kind} ${service.namespace}/${service.name} (${service.hostname})`;
    return { key, binding: bindWaypoint(inventory, gateway, service), ports, address };
  });
}

function workloadGate(inventory: Inventory, workload: Workload): Gate[] {
  const waypoint = resolveWorkloadWaypoint(inventory, workload);
  if (waypoint.kind !== 'bound') return [];
  const { gateway } = waypoint;
  const key = `waypoint ${gateway.key} for workload ${workload.key}`;
  const ports = workload.ports.map((port) => ({ port, layers: layersOf('http', true) }));
  return [{ key, binding: bindWaypoint(inventory, gateway, workload), ports, address: workload.address }];
}

function ztunnel(inventory: Inventory, workload: Workload): Gate[] {
  if (workload.capture !== 'captured') return [];
  const binding = bindZtunnel(inventory, workload);
  const numbers = [...workload.ports, ...binding.roles.flatMap(({ ports }) => [...(ports?.keys() ?? [])])];
  const ports = [...new Set(numbers)].sort((a, b) => a - b).map((port): GatePort => ({ port, layers: ['tcp'] }));
  return [{ key: `ztunnel ${workload.key}`, binding, ports, address: workload.address }];
}

function ingressGate(inventory: Inventory, gateway: GatewayInfo): Gate[] {
  if (gateway.role !== 'ingress') return [];
  const ports = gateway.resource.listeners.map(({ port, protocol }): GatePort => {
    const http = protocol === 'HTTP' || protocol === 'HTTPS';
    return { port, layers: [http ? 'http' : 'tcp'] };
  });
  return [{ key: `gateway ${gateway.key}`, binding: bindGateway(inventory, gateway), ports, address: gateway.workload.address }];
}

function layersOf(protocol: RoleLayer, undeclared: boolean): readonly RoleLayer[] {
  return undeclared ? ['http', 'tcp'] : [protocol];
}
