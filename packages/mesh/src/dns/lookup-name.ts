import {
  type Inventory,
  parseIpAddress,
  resolveHost,
  routeFromWorkload,
  type ServiceInfo,
  type Workload,
} from '@sallyport/policy';

/** What the mesh knows about a name (reference section 7.10). */
export type NameAnswer =
  /** The mesh knows it. Without addresses of the family that was asked for, the answer is empty: the name exists. */
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  /** The mesh knows it, and what becomes of a connection depends on the name itself: no address of its own leads there. */
  | { readonly kind: 'by-name' }
  /** It can only be a name of the mesh, and there is none such. */
  | { readonly kind: 'unknown' }
  /** It is no name of the mesh. */
  | { readonly kind: 'outside' }
  /** Nobody can say now. */
  | { readonly kind: 'failed' };

const clusterSuffix = '.cluster.local';

/** Looks a name up for a workload: what it reaches under that name (`resolveHost`), so that resolver and gate agree. Never throws. */
export function lookupName(inventory: Inventory, client: Workload, name: string): NameAnswer {
  try {
    if (parseIpAddress(name) !== undefined) return { kind: 'unknown' };
    const found = resolveHost(inventory, name, client.namespace);
    if (found === undefined || isFarFetched(found, name)) return notOfTheMesh(inventory, client, name);
    return 'hostname' in found ? ofService(inventory, client, found) : { kind: 'addresses', addresses: found.addresses };
  } catch {
    return { kind: 'failed' };
  }
}

/** A wildcard host does not cover what a resolver's search list makes of a name. */
function isFarFetched(found: ServiceInfo | Workload, name: string): boolean {
  return 'hostname' in found && found.hostname.startsWith('*') && name.endsWith(clusterSuffix);
}

/** An unknown name is one of the outside unless the gate, asked to connect there, would say that it can only be one of the mesh. */
function notOfTheMesh(inventory: Inventory, client: Workload, host: string): NameAnswer {
  if (host.endsWith(clusterSuffix)) return { kind: 'unknown' };
  const route = routeFromWorkload(inventory, client, { host, port: 443 });
  return { kind: route.kind === 'refused' && route.reason === 'unknown-host' ? 'unknown' : 'outside' };
}

/**
 * Wildcard hosts, hosts that share their addresses, and names that only lead elsewhere (ExternalName, `resolution: NONE`) have no address
 * that would tell the gate which name was meant; that of the outside would lead past the policies on the name.
 */
function ofService(inventory: Inventory, client: Workload, service: ServiceInfo): NameAnswer {
  const { addresses, workloads, hostname } = service;
  if (addresses.length === 0 && workloads.length > 0) {
    // Pods of other networks are not reached by their addresses.
    const reachable = workloads.filter(({ ready, network }) => ready && network === client.network);
    return { kind: 'addresses', addresses: reachable.flatMap((workload) => workload.addresses) };
  }
  const isAlone = addresses.every((address) => inventory.serviceByAddress.get(address)?.key === service.key);
  return addresses.length > 0 && isAlone && !hostname.startsWith('*') ? { kind: 'addresses', addresses } : { kind: 'by-name' };
}
