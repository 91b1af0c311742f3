import { closeSync } from 'node:fs';
import { connect, isIPv6, Socket, type SocketConstructorOpts } from 'node:net';
import { openSocket } from '../namespace/namespace-socket.js';
import { liveSocket } from './live-socket.js';
import { Tally } from './tally.js';

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

/** Connections that this process may be opening to one address and port at once: as many as Envoy's circuit breaker lets wait. */
const mostPending = 1024;

const pending = new Tally(mostPending);

/** So many connections to one place are being opened that there is no sense in one more. */
export class OverflowError extends Error {}

/**
 * Begins to connect. Throws where the namespace cannot be entered, and `OverflowError` where too many connections to the same place
 * are being opened; whatever else fails is an event of the socket.
 */
export function connectSocket(target: ConnectTarget, options?: { readonly allowHalfOpen?: boolean }): Socket {
  const { address, port, namespace = '' } = target;
  const opened = pending.take(`${namespace} ${address} ${port}`);
  if (opened === undefined) throw new OverflowError(`too many connections to ${address}:${port} are being opened`);
  try {
    return begin(target, options).once('connect', opened).once('close', opened);
  } catch (error) {
    opened();
    throw error;
  }
}

function begin(target: ConnectTarget, { allowHalfOpen = false } = {}): Socket {
  const { address: host, port, localAddress, namespace, transparent = false } = target;
  const to = { host, port, ...(localAddress === undefined ? {} : { localAddress }) };
  const options = { allowHalfOpen, ...liveSocket };
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
