import type { Inventory, Workload } from '@sallyport/policy';
import type { MessageHead } from '../http2/message-head.js';
import { networkHeader } from './headers.js';

/** What is known of who opened a tunnel. */
export interface TunnelOrigin {
  /** Of its certificate. */
  readonly identity: string;
  /** Policy address of the TCP peer. */
  readonly address: string;
  readonly headers: MessageHead;
  /** The network of the gate that took the tunnel. */
  readonly network: string;
}

/**
 * The workload that opened a tunnel, for logs and metrics alone: the one with the peer's address. A tunnel from another network comes
 * from the address of a gateway, and its baggage says which of the workloads with its identity it is (reference section 7.5); what says anything
 * else is nobody.
 */
export function tunnelSource(inventory: Inventory, { identity, address, headers, network }: TunnelOrigin): Workload | undefined {
  const from = headers[networkHeader];
  if (from === undefined || from.toLowerCase() === network.toLowerCase()) return inventory.workloadByAddress.get(address);
  const claims = readBaggage(headers.baggage ?? '');
  const names = nameKeys.flatMap((key) => claims.get(key) ?? []);
  return byIdentity(inventory)
    .get(identity)
    ?.find(
      ({ namespace, name, ownerName }) =>
        namespace === claims.get('k8s.namespace.name') && (names.includes(name) || names.includes(ownerName)),
    );
}

const nameKeys = ['k8s.deployment.name', 'k8s.cronjob.name', 'k8s.job.name', 'k8s.pod.name'] as const;

/** Entries as they stand; one that is malformed is none. */
function readBaggage(text: string): ReadonlyMap<string, string> {
  const entries = text.split(',').flatMap((entry): [string, string][] => {
    const [key = '', value, ...more] = entry.split('=');
    return value === undefined || more.length > 0 ? [] : [[key.trim(), value.trim()]];
  });
  return new Map(entries);
}

const identities = new WeakMap<Inventory['workloads'], ReadonlyMap<string, readonly Workload[]>>();

function byIdentity({ workloads }: Inventory): ReadonlyMap<string, readonly Workload[]> {
  const known = identities.get(workloads);
  if (known !== undefined) return known;
  const groups = new Map<string, Workload[]>();
  for (const workload of workloads.values()) {
    const group = groups.get(workload.identity) ?? [];
    groups.set(workload.identity, group);
    group.push(workload);
  }
  identities.set(workloads, groups);
  return groups;
}
