import type { Socket } from 'node:net';
import type { Destination } from '@sallyport/policy';
import type { ProxyCredential } from '../gate.js';

/** What a proxy protocol needs of the listener that it serves. */
export interface ProxyHandlers {
  /** What clients must present now; undefined admits nobody. */
  readonly credential: () => ProxyCredential | undefined;
  /** A client asked to be connected and has been told that it is; the socket carries its bytes from here on, unread. */
  readonly onConnect: (socket: Socket, destination: Destination) => void;
  /** A client was turned away before that. */
  readonly onRefused: (socket: Socket, error: string) => void;
}

/** How long a client may take to say where it wants to go. */
export const proxyHandshakeTimeoutMs = 10_000;

/** Whether a text is a host name or address that could be asked for: printable ASCII without what would end a name. */
export function isHostText(host: string): boolean {
  return host.length > 0 && host.length <= 255 && hostCharacters.test(host);
}

const hostCharacters = /^[A-Za-z0-9._:-]+$/;

/** A host as it is looked up: lower-case, without the root's dot. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
