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
  /** It is another name for this one. */
  | { readonly kind: 'alias'; readonly name: string }
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
    if (found === undefined || isFarFetched(found, name)) return isOfTheMesh(inventory, client, name);
    return 'hostname' in found ? ofService(found) : { kind: 'addresses', addresses: found.addresses };
  } catch {
    return { kind: 'failed' };
  }
}

/** A wildcard host does not cover what a resolver's search list makes of a name. */
function isFarFetched(found: ServiceInfo | Workload, name: string): boolean {
  return 'hostname' in found && found.hostname.startsWith('*') && name.endsWith(clusterSuffix);
}

/** Whether an unknown name could be one of the outside: what the gate says when it is asked to connect there. */
function isOfTheMesh(inventory: Inventory, client: Workload, host: string): NameAnswer {
  if (host.endsWith(clusterSuffix)) return { kind: 'unknown' };
  const route = routeFromWorkload(inventory, client, { host, port: 443 });
  return { kind: route.kind === 'refused' && route.reason === 'unknown-host' ? 'unknown' : 'outside' };
}

function ofService({ addresses, workloads, externalName, externalEndpoints }: ServiceInfo): NameAnswer {
  if (addresses.length > 0) return { kind: 'addresses', addresses };
  if (workloads.length > 0) {
    const ready = workloads.filter((workload) => workload.ready);
    return { kind: 'addresses', addresses: ready.flatMap((workload) => workload.addresses) };
  }
  const [first] = externalEndpoints;
  const target = externalName ?? first?.address;
  if (target === undefined) return { kind: 'addresses', addresses: [] };
  if (target.startsWith('*')) return { kind: 'outside' };
  return parseIpAddress(target) === undefined ? { kind: 'alias', name: target } : { kind: 'addresses', addresses: [target] };
}
