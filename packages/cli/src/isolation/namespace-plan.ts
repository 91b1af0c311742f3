import { createHash } from 'node:crypto';
import type { Inventory, Workload } from '@sallyport/policy';

/** The network namespace of one workload or gateway. Another name is another namespace: none is ever changed. */
export interface NamespacePlan {
  readonly workload: string;
  /** As `ip netns list` shows it. */
  readonly name: string;
  /** Of its interface's other end, which is in the router. */
  readonly link: string;
  readonly addresses: readonly string[];
  /** Whether a ztunnel stands before it: then nothing but HBONE comes in as it is. */
  readonly gated: boolean;
  /** What its resolver appends to short names, as a pod's does. */
  readonly search: readonly string[];
  /** The name of the machine that it seems to be. */
  readonly host: string;
}

/** Where the kernel keeps namespaces that have a name. */
const namespaceFolder = '/run/netns';

/** What the names of all our namespaces begin with. */
export const commonPrefix = 'sallyport.';

/** What the names of a mesh's namespaces begin with; no other mesh's begin so. */
export function namespacePrefix(meshId: string): string {
  return `${commonPrefix}${meshId}.`;
}

/** The namespace that joins the others, and nothing else: it has no way to this machine's own network. */
export function routerName(meshId: string): string {
  return `${namespacePrefix(meshId)}router`;
}

/** The file of a namespace, by which it is entered. */
export function namespaceFile(name: string): string {
  return `${namespaceFolder}/${name}`;
}

/** A namespace for every workload and gateway. Of two workloads that claim one address the first has it, as with policy addresses. */
export function planNamespaces(inventory: Inventory, meshId: string): NamespacePlan[] {
  const workloads = new Map(inventory.workloads);
  for (const { workload } of inventory.gateways.values()) workloads.set(workload.key, workload);
  const taken = new Set<string>();
  return [...workloads.values()].map((workload) => {
    const addresses = workload.addresses.filter((address) => !taken.has(address));
    for (const address of addresses) taken.add(address);
    return planOf(workload, addresses, meshId);
  });
}

function planOf(workload: Workload, addresses: readonly string[], meshId: string): NamespacePlan {
  const gated = workload.capture === 'captured' && workload.kind !== 'Gateway';
  const hash = createHash('sha256')
    .update(JSON.stringify([meshId, workload.key, addresses, gated]))
    .digest('hex');
  const readable = `${workload.namespace}.${workload.name}`.replaceAll(/[^A-Za-z0-9.-]/g, '_').slice(0, 120);
  const domain = 'svc.cluster.local';
  return {
    workload: workload.key,
    name: `${namespacePrefix(meshId)}${readable}-${hash.slice(0, 8)}`,
    link: `w${hash.slice(0, 12)}`,
    addresses,
    gated,
    search: [`${workload.namespace}.${domain}`, domain, 'cluster.local'],
    host: workload.name,
  };
}
