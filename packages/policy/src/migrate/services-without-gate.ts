import { isService } from '../bind/bind-waypoint.js';
import { concernsDestination } from '../bind/roles/concerns-destination.js';
import { rbacSwitch } from '../bind/roles/rbac-switch.js';
import { destinationsOf } from '../bind/roles/roles-at-gate.js';
import type { Diagnostic } from '../diagnostic/diagnostic.js';
import type { Inventory, ServiceInfo } from '../inventory/inventory.js';
import { type Gate, gatesOf } from './gate.js';

/**
 * Services that RBAC governs and that no gate of the manifests protects, in full or in part: there is nothing to attach a policy to. An error
 * where a role is about the service, a warning where RBAC only closed it.
 */
export function servicesWithoutGate(inventory: Inventory): readonly Diagnostic[] {
  const gates = gatesOf(inventory);
  return [...inventory.services.values()].flatMap((service) => {
    const lack = rbacSwitch(inventory, { host: service.hostname, namespace: service.namespace }) && lackOf(service, gates);
    return lack === undefined ? [] : [diagnosticFor(service, lack, hasRole(inventory, service))];
  });
}

function lackOf(service: ServiceInfo, gates: readonly Gate[]): string | undefined {
  const bare = service.workloads.filter(({ kind, capture }) => kind !== 'Gateway' && capture !== 'captured');
  if (bare.length > 0) return `workload \`${bare[0]?.key}\` has no ztunnel`;
  if (service.workloads.length > 0) return undefined;
  return gates.some((gate) => serves(gate, service)) ? undefined : 'it has neither workloads nor a waypoint here';
}

function serves({ binding }: Gate, service: ServiceInfo): boolean {
  return binding.gate === 'waypoint' && isService(binding.target) && binding.target.key === service.key;
}

function hasRole(inventory: Inventory, service: ServiceInfo): boolean {
  const { namespace } = service;
  const destinations = destinationsOf(inventory, service);
  const roles = inventory.serviceRoles.filter(({ metadata }) => metadata.namespace === namespace);
  return roles.some(({ rules }) =>
    rules.some((rule) => destinations.some((destination) => concernsDestination(rule, destination))),
  );
}

function diagnosticFor({ hostname, span }: ServiceInfo, lack: string, hasRole: boolean): Diagnostic {
  return {
    code: hasRole ? 'migrate-destination' : 'migrate-without-effect',
    kind: 'finding',
    severity: hasRole ? 'error' : 'warning',
    message: `RBAC governs \`${hostname}\`, and ${lack}, so that no gate enforces a policy for it`,
    span,
    hint: 'add its workloads, in a namespace with the label `istio.io/dataplane-mode: ambient`, or its waypoint',
  };
}
