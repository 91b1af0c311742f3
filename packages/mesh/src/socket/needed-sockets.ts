import type { Snapshot } from '../gate.js';

/** What the sockets of a ztunnel follow from. */
export interface SocketsOf {
  readonly workloads: Snapshot['inventory']['workloads'];
  readonly addresses: Snapshot['addresses'];
}

/** Keeps what they follow from, and not the whole snapshot. */
export function socketsOf({ inventory: { workloads }, addresses }: Snapshot): SocketsOf {
  return { workloads, addresses };
}

/** Whether a snapshot has the very workloads and addresses of another: then its sockets are the same. */
export function needsSameSockets(before: SocketsOf, snapshot: Snapshot): boolean {
  return before.workloads === snapshot.inventory.workloads && before.addresses === snapshot.addresses;
}
