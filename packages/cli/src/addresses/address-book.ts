import type { AddressBook, NamespaceBook, ProxyCredential } from '@sallyport/mesh';

/** An address book as it travels to a gate process: plain data. */
export interface AddressBookData {
  readonly workloads: readonly AddressEntry[];
  /** Declared ports that this user may not open: served at + 10000. */
  readonly shiftedPorts: readonly number[];
  /** Whether workloads have network namespaces; one without has no socket then. */
  readonly isolated: boolean;
  /** By workload key; sent to the process of the source sides only. */
  readonly proxyCredentials: Readonly<Record<string, ProxyCredential>>;
}

/** The addresses of one workload or gateway. */
export interface AddressEntry {
  readonly key: string;
  readonly policyAddresses: readonly string[];
  readonly socketAddress: string;
  /** Whether a gate listens at the socket address; else the workload itself does. */
  readonly gated: boolean;
  /** Where its own command listens, if one runs it. */
  readonly applicationAddress?: string;
  /** The file of its network namespace, in an isolated mesh: its socket addresses are its policy addresses. */
  readonly namespace?: string;
  /** Of a gateway in an isolated mesh: where it listens for clients of this machine. */
  readonly hostAddress?: string;
}

const portShift = 10_000;

/** Makes the lookups of an address book from its data. The first workload with a policy address has it. */
export function createAddressBook(data: AddressBookData): AddressBook {
  const byPolicy = new Map<string, string>();
  const bySocket = new Map<string, string>();
  const applications = new Map<string, string>();
  const gates = new Set<string>();
  for (const entry of data.workloads) {
    for (const [policy, socket] of addressPairs(entry)) if (!byPolicy.has(policy)) byPolicy.set(policy, socket);
    const [policy] = entry.policyAddresses;
    if (policy !== undefined && entry.namespace === undefined) bySocket.set(entry.socketAddress, policy);
    if (entry.applicationAddress !== undefined) applications.set(entry.key, entry.applicationAddress);
    if (entry.gated) for (const [, socket] of addressPairs(entry)) gates.add(socket);
  }
  const shifted = new Set(data.shiftedPorts);
  const credentials = new Map(Object.entries(data.proxyCredentials));
  return {
    socketAddress: (policyAddress) => byPolicy.get(policyAddress),
    policyAddress: (socketAddress) => bySocket.get(socketAddress) ?? socketAddress,
    applicationAddress: (workloadKey) => applications.get(workloadKey),
    socketPort: (port) => (shifted.has(port) ? port + portShift : port),
    isGateAddress: (socketAddress) => gates.has(socketAddress),
    proxyCredential: (workloadKey) => credentials.get(workloadKey),
    ...(data.isolated ? { namespaces: namespaceBook(data.workloads) } : {}),
  };
}

/** Policy addresses with the socket addresses that stand for them. */
function addressPairs({ policyAddresses, socketAddress, namespace }: AddressEntry): [string, string][] {
  return policyAddresses.map((address) => [address, namespace === undefined ? socketAddress : address]);
}

function namespaceBook(workloads: readonly AddressEntry[]): NamespaceBook {
  const entries = new Map(workloads.map((entry) => [entry.key, entry]));
  return {
    fileOf: (workloadKey) => entries.get(workloadKey)?.namespace,
    hostAddress: (workloadKey) => entries.get(workloadKey)?.hostAddress,
  };
}
