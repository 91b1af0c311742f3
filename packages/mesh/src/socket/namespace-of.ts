import type { AddressBook } from '../gate.js';

/** The namespace in which a workload's sockets are, as options have it. Throws where there should be one and is none. */
export function namespaceOf({ namespaces }: AddressBook, workloadKey: string): { readonly namespace?: string } {
  if (namespaces === undefined) return {};
  const namespace = namespaces.fileOf(workloadKey);
  // Without it the socket would be this machine's, past all that isolates.
  if (namespace === undefined) throw new Error(`\`${workloadKey}\` has no network namespace`);
  return { namespace };
}

/** Whether a workload has a place for sockets: not where all have namespaces and it has none, as another one has its addresses. */
export function hasPlace({ namespaces }: AddressBook, workloadKey: string): boolean {
  return namespaces === undefined || namespaces.fileOf(workloadKey) !== undefined;
}
