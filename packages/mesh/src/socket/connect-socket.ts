import { closeSync } from 'node:fs';
import { connect, isIPv6, Socket, type SocketConstructorOpts } from 'node:net';
import { openSocket } from '../namespace/namespace-socket.js';

/** Where a socket goes, and from where. */
export interface ConnectTarget {
  readonly address: string;
  readonly port: number;
  /** Of this machine, or of the namespace. */
  readonly localAddress?: string;
  /** The file of the network namespace that the socket is in; this process's own network where absent. */
  readonly namespace?: string;
  /** In a namespace: the local address may be anybody's. */
  readonly transparent?: boolean;
}

/** Begins to connect. Throws where the namespace cannot be entered; whatever else fails is an event of the socket. */
export function connectSocket(target: ConnectTarget, { allowHalfOpen = false } = {}): Socket {
  const { address: host, port, localAddress, namespace, transparent = false } = target;
  const to = { host, port, ...(localAddress === undefined ? {} : { localAddress }) };
  const options = { allowHalfOpen, noDelay: true, keepAlive: true };
  if (namespace === undefined) return connect({ ...to, ...options });
  const fd = openSocket(namespace, isIPv6(host) ? 'ipv6' : 'ipv4', { transparent });
  return adopt(fd, options).connect(to);
}

/** `manualStart`: a socket that is not connected yet cannot be read from. */
function adopt(fd: number, options: SocketConstructorOpts): Socket {
  try {
    return new Socket({ ...options, fd, manualStart: true } as SocketConstructorOpts);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
