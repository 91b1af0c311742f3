import type { Socket } from 'node:net';
import { type ConnectTarget, connectSocket } from './connect-socket.js';

/** Where to connect to over TCP. */
export interface TcpTarget extends ConnectTarget {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Connects, or rejects: refused, timed out, given up. The socket ends each direction by itself. */
export function dialTcp({ timeoutMs, signal, ...target }: TcpTarget): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(target, { allowHalfOpen: true });
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      finish();
    };
    const fail = (error: Error): void =>
      settle(() => {
        socket.destroy();
        reject(error);
      });
    const aborted = (): void => fail(new Error('given up'));
    const timer = setTimeout(
      () => fail(new Error(`no connection to ${target.address}:${target.port} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', aborted, { once: true });
    socket.on('error', fail);
    socket.once('connect', () => settle(() => resolve(socket)));
    if (signal?.aborted === true) aborted();
  });
}
