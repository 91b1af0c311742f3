import { closeSync } from 'node:fs';
import { type ListenOptions, Socket, type SocketConstructorOpts } from 'node:net';
import { openListener } from '../namespace/namespace-socket.js';

/** Where a server listens. */
export interface ListenPlace {
  readonly address: string;
  readonly port: number;
  /** The file of the network namespace; this process's own network where absent. */
  readonly namespace?: string;
}

/** What a server's `listen` is given for this place. Throws where a socket in a namespace cannot be opened. */
export function listenOptions({ address, port, namespace }: ListenPlace): ListenOptions | Socket {
  if (namespace === undefined) return { host: address, port };
  const fd = openListener(namespace, address, port);
  try {
    // Not by its descriptor: that a worker of a cluster would have its primary open, where it is another file. Each has a socket of its own.
    return new Socket({ fd, manualStart: true } as SocketConstructorOpts);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
