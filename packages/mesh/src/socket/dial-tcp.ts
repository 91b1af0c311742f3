import type { Socket } from 'node:net';
import { type ConnectTarget, connectSocket } from './connect-socket.js';
import type { GivingUp } from './giving-up.js';

/** Where to connect to over TCP. */
export interface TcpTarget extends ConnectTarget {
  readonly timeoutMs: number;
  readonly givingUp?: GivingUp;
}

/** Connects, or rejects: refused, timed out, given up. The socket ends each direction by itself. */
export function dialTcp(target: TcpTarget): Promise<Socket> {
  const { timeoutMs, givingUp } = target;
  return new Promise((resolve, reject) => {
    const socket = connectSocket(target, { allowHalfOpen: true });
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      givingUp?.listen(undefined);
      finish();
    };
    const fail = (error: Error): void =>
      settle(() => {
        socket.destroy();
        reject(error);
      });
    const givenUp = (): void => fail(new Error('given up'));
    const timer = setTimeout(
      () => fail(new Error(`no connection to ${target.address}:${target.port} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    givingUp?.listen(givenUp);
    socket.on('error', fail);
    socket.once('connect', () => settle(() => resolve(socket)));
    if (givingUp?.given === true) givenUp();
  });
}
