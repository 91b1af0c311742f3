import { createServer, type Socket } from 'node:net';
import { resetSocket } from '../hbone/reset.js';
import type { AcceptShare } from './accept-share.js';
import { type ListenPlace, listenOptions } from './listen-options.js';
import type { Listener } from './listener-set.js';
import { liveSocket } from './live-socket.js';
import { Tally } from './tally.js';

/** What a TCP listener needs. */
export interface TcpListenerOptions extends ListenPlace {
  readonly onConnection: (socket: Socket) => void;
  /** Connections open at once; more are dropped. */
  readonly maxConnections?: number;
  /** Connections of one address; more are dropped. No bound of its own where absent: for listeners that are there for one client. */
  readonly maxFromAddress?: number;
  /** Where other processes accept from the same socket. */
  readonly share?: AcceptShare | undefined;
}

/** Half of what a listener takes: one client never has all of it. */
export const mostFromAddress = 5_000;

/** A listening TCP socket. */
export interface TcpListener extends Listener {
  /** The port that was opened (for port 0). */
  readonly port: number;
}

/** Opens a TCP listener whose connections end each direction by itself. Rejects if the address cannot be opened. */
export async function listenTcp(options: TcpListenerOptions): Promise<TcpListener> {
  const { share, maxConnections = 10_000 } = options;
  const name = `${options.namespace ?? ''} ${options.address} ${options.port}`;
  const sockets = new Set<Socket>();
  const addresses = new Tally(options.maxFromAddress ?? Infinity);
  let emptied: (() => void) | undefined;
  const accept = (socket: Socket): void => {
    const ended = sockets.size < maxConnections ? addresses.take(socket.remoteAddress ?? '') : undefined;
    if (ended === undefined) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    share?.opened(1);
    socket.once('close', () => {
      sockets.delete(socket);
      share?.opened(-1);
      ended();
      if (sockets.size === 0) emptied?.();
    });
    // Whoever handles the connection looks at its end; a reset before that must not end the process.
    socket.on('error', () => undefined);
    options.onConnection(socket);
  };
  const server = createServer({ allowHalfOpen: true, ...liveSocket }, (socket) => {
    if (share?.handOn(name, socket) !== true) accept(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(options), () => resolve());
  });
  // A connection that cannot be accepted, as when there are too many files open, is that client's loss and no end of the listener.
  server.on('error', () => undefined);
  const leave = share?.take(name, accept);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: async (drainMs) => {
      leave?.();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      // Not all of its connections need have been accepted here.
      const ended = new Promise<void>((resolve) => {
        emptied = resolve;
        if (sockets.size === 0) resolve();
      });
      const timer = setTimeout(() => {
        for (const socket of sockets) resetSocket(socket);
        emptied?.();
      }, drainMs);
      await Promise.all([closed, ended]);
      clearTimeout(timer);
    },
  };
}
