import type { Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { parseIpAddress } from '../inventory/ip-address.js';
import { meshVisibility } from './mesh-visibility.js';

const clusterDomain = 'cluster.local';

/**
 * What a client of a namespace reaches under a name (design: "short forms as in Kubernetes"): a service by `svc`, `svc.ns`,
 * `svc.ns.svc` or its full name, a ServiceEntry's host or wildcard, one pod of a service by `pod.svc.ns.svc`, or a workload by
 * `workload.ns` where no service has that name. Addresses are looked up as such. Undefined where the mesh knows no such name.
 */
export function resolveHost(inventory: Inventory, name: string, clientNamespace: string): ServiceInfo | Workload | undefined {
  const address = parseIpAddress(name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name);
  if (address !== undefined) return inventory.workloadByAddress.get(address) ?? inventory.serviceByAddress.get(address);
  const host = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
  return serviceByName(inventory, host, clientNamespace) ?? workloadByName(inventory, host);
}

function serviceByName(inventory: Inventory, host: string, namespace: string): ServiceInfo | Workload | undefined {
  for (const candidate of searchList(host, namespace)) {
    const found = serviceByHostname(inventory, candidate, namespace) ?? podOfService(inventory, candidate);
    if (found !== undefined) return found;
  }
  return wildcard(inventory, host, namespace);
}

/** The search list of a pod's resolver: the namespace, the cluster's services, the cluster, and the name as it is. */
function searchList(host: string, namespace: string): string[] {
  return [`${host}.${namespace}.svc.${clusterDomain}`, `${host}.svc.${clusterDomain}`, `${host}.${clusterDomain}`, host];
}

/** The service with exactly this hostname that a namespace may use: its own first, then a Kubernetes Service, then the first by name. */
export function serviceByHostname(inventory: Inventory, hostname: string, namespace: string): ServiceInfo | undefined {
  const candidates = (inventory.servicesByHostname.get(hostname) ?? []).filter((service) =>
    isSeen(inventory, service, namespace),
  );
  return (
    candidates.find((service) => service.namespace === namespace) ??
    candidates.find((service) => service.kind === 'Service') ??
    candidates[0]
  );
}

/** Whether a namespace sees a service: neither `exportTo` nor MeshConfig's `serviceEntryVisibility` hides it. */
function isSeen(inventory: Inventory, { kind, visibility, namespace: owner }: ServiceInfo, namespace: string): boolean {
  const inMesh = kind === 'ServiceEntry' ? meshVisibility(inventory, owner) : 'PUBLIC';
  if (visibility === 'none' || inMesh === 'NONE') return false;
  return owner === namespace || (visibility === 'public' && inMesh === 'PUBLIC');
}

/** The longest wildcard host that covers a name: each label in turn is replaced by `*`. */
function wildcard(inventory: Inventory, host: string, namespace: string): ServiceInfo | undefined {
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    const found = serviceByHostname(inventory, `*${host.slice(dot)}`, namespace);
    if (found !== undefined) return found;
  }
  return host.includes('.') ? serviceByHostname(inventory, '*', namespace) : undefined;
}

/** `POD.SERVICE.NAMESPACE.svc.cluster.local`, the stable name of a StatefulSet's pod. */
function podOfService(inventory: Inventory, host: string): Workload | undefined {
  const dot = host.indexOf('.');
  if (dot < 0) return undefined;
  const services = inventory.servicesByHostname.get(host.slice(dot + 1)) ?? [];
  const headless = services.find((service) => service.kind === 'Service' && service.addresses.length === 0);
  return headless?.workloads.find((workload) => workload.name === host.slice(0, dot));
}

function workloadByName(inventory: Inventory, host: string): Workload | undefined {
  const parts = host.split('.');
  if (parts.length !== 2) return undefined;
  const [name, namespace] = parts;
  return inventory.workloads.get(`${namespace}/${name}`);
}
