import type { ListenOptions } from 'node:net';
import { openListener } from '../namespace/namespace-socket.js';

/** Where a server listens. */
export interface ListenPlace {
  readonly address: string;
  readonly port: number;
  /** The file of the network namespace; this process's own network where absent. */
  readonly namespace?: string;
}

/** What a server's `listen` is given for this place. Throws where a socket in a namespace cannot be opened. */
export function listenOptions({ address, port, namespace }: ListenPlace): ListenOptions & { readonly fd?: number } {
  if (namespace === undefined) return { host: address, port };
  // Exclusive: each process of a cluster has a socket of its own there.
  return { fd: openListener(namespace, address, port), exclusive: true };
}
