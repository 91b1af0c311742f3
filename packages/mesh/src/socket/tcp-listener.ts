import { createServer, type Socket } from 'node:net';
import { resetSocket } from '../hbone/reset.js';
import { type ListenPlace, listenOptions } from './listen-options.js';
import type { Listener } from './listener-set.js';

/** What a TCP listener needs. */
export interface TcpListenerOptions extends ListenPlace {
  readonly onConnection: (socket: Socket) => void;
  /** Connections open at once; more are dropped. */
  readonly maxConnections?: number;
}

/** A listening TCP socket. */
export interface TcpListener extends Listener {
  /** The port that was opened (for port 0). */
  readonly port: number;
}

/** Opens a TCP listener whose connections end each direction by itself. Rejects if the address cannot be opened. */
export async function listenTcp(options: TcpListenerOptions): Promise<TcpListener> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
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
