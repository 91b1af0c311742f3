import { createServer, type Socket } from 'node:net';
import { resetSocket } from '../hbone/reset.js';
import { type ListenPlace, listenOptions } from './listen-options.js';
import type { Listener } from './listener-set.js';
import { Tally } from './tally.js';

/** What a TCP listener needs. */
export interface TcpListenerOptions extends ListenPlace {
  readonly onConnection: (socket: Socket) => void;
  /** Connections open at once; more are dropped. */
  readonly maxConnections?: number;
  /** Connections of one address; more are dropped. No bound of its own where absent: for listeners that are there for one client. */
  readonly maxFromAddress?: number;
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
  const sockets = new Set<Socket>();
  const addresses = new Tally(options.maxFromAddress ?? Infinity);
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const ended = addresses.take(socket.remoteAddress ?? '');
    if (ended === undefined) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      ended();
    });
    // Whoever handles the connection looks at its end; a reset before that must not end the process.
    socket.on('error', () => undefined);
    options.onConnection(socket);
  });
  server.maxConnections = options.maxConnections ?? 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(options), () => resolve());
  });
  // A connection that cannot be accepted, as when there are too many files open, is that client's loss and no end of the listener.
  server.on('error', () => undefined);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: async (drainMs) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      const timer = setTimeout(() => {
        for (const socket of sockets) resetSocket(socket);
      }, drainMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
