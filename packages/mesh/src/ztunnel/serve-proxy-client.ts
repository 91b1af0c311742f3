import type { Socket } from 'node:net';
import type { HttpConnect } from './http-connect.js';
import { type ProxyHandlers, proxyHandshakeTimeoutMs } from './proxy-request.js';
import { serveSocks5 } from './socks5.js';

/** Tells SOCKS from HTTP by the first byte: no HTTP method begins with a control character. */
export function serveProxyClient(socket: Socket, http: HttpConnect, handlers: ProxyHandlers): void {
  const timer = setTimeout(() => socket.destroy(), proxyHandshakeTimeoutMs);
  socket.once('close', () => clearTimeout(timer));
  socket.once('readable', () => {
    clearTimeout(timer);
    const first = socket.read() as Buffer | null;
    if (first === null) {
      socket.destroy();
      return;
    }
    if ((first[0] ?? 0) < 0x20) {
      serveSocks5(socket, first, handlers);
      return;
    }
    socket.unshift(first);
    http.serve(socket);
  });
}
