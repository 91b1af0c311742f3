import type { Socket } from 'node:net';

/** The part of one process where several accept connections from the same sockets. */
export interface AcceptShare {
  /** Leaves a connection that has just been accepted to a process that has fewer; false where this one keeps it. */
  handOn(listener: string, socket: Socket): boolean;
  /** Takes what other processes leave to this one, until the function that it returns is called. */
  take(listener: string, accept: (socket: Socket) => void): () => void;
  /** So many connections more are open here. */
  opened(connections: 1 | -1): void;
}
