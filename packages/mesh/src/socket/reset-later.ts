import type { Socket } from 'node:net';
import { resetSocket } from '../hbone/reset.js';

/** How long a refused client is waited for that sends nothing. */
const patienceMs = 100;

/**
 * Resets a connection that is refused once the client has sent something, or after 100 ms: a client that is cut off before it
 * has sent its request reports a failure to send, not a reset (design: "a denied connection").
 */
export function resetAfterFirstBytes(socket: Socket, waitMs: number = patienceMs): void {
  if (socket.destroyed) return;
  const reset = (): void => {
    clearTimeout(timer);
    resetSocket(socket);
  };
  const timer = setTimeout(reset, waitMs);
  socket.once('close', () => clearTimeout(timer));
  if (socket.readableLength > 0) {
    reset();
    return;
  }
  socket.once('readable', reset);
}
