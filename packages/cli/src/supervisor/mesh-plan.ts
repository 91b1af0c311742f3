import type { GatewayInfo, Inventory, Workload } from '@sallyport/policy';
import type { AddressEntry } from '../addresses/address-book.js';
import type { AddressPlan } from '../addresses/address-plan.js';
import type { GateRole } from '../gate-protocol/messages.js';
import { type NamespacePlan, namespaceFile } from '../isolation/namespace-plan.js';

/** The gates that a mesh consists of: both sides of the ztunnels, and each waypoint, ingress and east-west gateway that is ready. */
export function planGates(inventory: Inventory): GateRole[] {
  const roles: GateRole[] = [{ kind: 'ztunnel-destination' }];
  for (const gateway of inventory.gateways.values()) {
    if (!gateway.ready) continue;
    if (gateway.role === 'waypoint') roles.push({ kind: 'waypoint', gateway: gateway.key });
    if (gateway.role === 'east-west') roles.push({ kind: 'east-west', gateway: gateway.key });
    if (gateway.role === 'ingress') roles.push({ kind: 'gateway', gateway: gateway.key });
  }
  return [...roles, { kind: 'ztunnel-source' }];
}

/** Whether a gate may ask a certificate for this identity: a waypoint for its own, a ztunnel for those of the workloads it serves. */
export function servesIdentity(role: GateRole, inventory: Inventory, identity: string): boolean {
  return 'gateway' in role
    ? inventory.gateways.get(role.gateway)?.workload.identity === identity
    : capturedIdentities(inventory).has(identity);
}

const identitiesByWorkloads = new WeakMap<Inventory['workloads'], ReadonlySet<string>>();

/** Every ztunnel asks for each of its identities, so they are collected once. */
function capturedIdentities(inventory: Inventory): ReadonlySet<string> {
  const known = identitiesByWorkloads.get(inventory.workloads);
  if (known !== undefined) return known;
  const identities = new Set(captured(inventory).map(({ identity }) => identity));
  identitiesByWorkloads.set(inventory.workloads, identities);
  return identities;
}

/** Workloads that have a ztunnel. */
function captured(inventory: Inventory): Workload[] {
  return [...inventory.workloads.values()].filter((workload) => workload.capture === 'captured');
}

/** Workloads that are applications, not gates. */
export function applicationWorkloads(inventory: Inventory): Workload[] {
  return [...inventory.workloads.values()].filter((workload) => workload.kind !== 'Gateway');
}

/** The addresses of every workload and gateway. */
export function planAddresses(inventory: Inventory, plan: AddressPlan): AddressEntry[] {
  const workloads = new Map(inventory.workloads);
  for (const gateway of inventory.gateways.values()) workloads.set(gateway.workload.key, gateway.workload);
  return [...workloads.values()].map((workload) => addressesOf(workload, plan));
}

function addressesOf(workload: Workload, plan: AddressPlan): AddressEntry {
  const gated = workload.capture === 'captured' || workload.kind === 'Gateway';
  const socketAddress = plan.address('workload', workload.key);
  const entry = { key: workload.key, policyAddresses: workload.addresses, socketAddress, gated };
  if (workload.run === undefined || workload.kind === 'Gateway') return entry;
  // Without a gate in front, the application itself has the address that others dial.
  return { ...entry, applicationAddress: gated ? plan.address('application', workload.key) : socketAddress };
}

/** The addresses of every workload and gateway that has a network namespace: its own there. */
export function planIsolatedAddresses(
  inventory: Inventory,
  plan: AddressPlan,
  namespaces: readonly NamespacePlan[],
): AddressEntry[] {
  const gateways = new Set([...inventory.gateways.values()].map(({ workload }) => workload.key));
  return namespaces.flatMap(({ workload: key, name, addresses, gated }) => {
    const [socketAddress] = addresses;
    if (socketAddress === undefined) return [];
    const entry = { key, policyAddresses: addresses, socketAddress, namespace: namespaceFile(name) };
    return gateways.has(key)
      ? { ...entry, gated: true, hostAddress: plan.address('workload', key) }
      : { ...entry, gated, applicationAddress: socketAddress };
  });
}

/** Every port that may be opened for this inventory. */
export function declaredPorts(inventory: Inventory): Set<number> {
  const ports = new Set<number>();
  for (const workload of inventory.workloads.values()) for (const port of workload.ports) ports.add(port);
  for (const service of inventory.services.values()) for (const { port } of service.ports) ports.add(port);
  for (const gateway of inventory.gateways.values()) for (const port of listenerPorts(gateway)) ports.add(port);
  return ports;
}

function listenerPorts(gateway: GatewayInfo): number[] {
  return gateway.resource.listeners.map((listener) => listener.port);
}
