import { isIP, type Socket } from 'node:net';
import type { Permit, Workload } from '@sallyport/policy';
import type { AddressBook } from '../gate.js';
import { dialTcp } from '../socket/dial-tcp.js';
import type { GivingUp } from '../socket/giving-up.js';
import { namespaceOf } from '../socket/namespace-of.js';

/** How long an application may take to accept (reference section 7.5, step 7). */
const timeoutMs = 10_000;

/** What an admitted connection is to reach. */
export interface ApplicationTarget {
  readonly workload: Workload;
  readonly port: number;
  /** Who is at the other end of the connection. */
  readonly peerAddress: string;
  /** The application gets it by loopback where it has that for itself: nobody but its ztunnel reaches it there (reference section 7.10). */
  readonly byLoopback?: boolean;
}

/**
 * Connects to a workload's application, which only a permit entitles to; in a namespace of its own the application sees the peer's
 * address, as in ambient. Rejects where nothing runs the application or it does not accept within 10 s.
 */
export async function dialApplication(
  permit: Permit,
  addresses: AddressBook,
  { workload, port, peerAddress, byLoopback = false }: ApplicationTarget,
  givingUp: GivingUp,
): Promise<Socket> {
  // Checked at run time too: a value that came past the types must not open a socket.
  if (permit.effect !== 'allow') throw new Error('no permit for this connection');
  const address = addresses.applicationAddress(workload.key);
  if (address === undefined) throw new Error(`nothing runs \`${workload.key}\``);
  const to = { address, port: addresses.socketPort(port), timeoutMs, givingUp };
  if (addresses.namespaces === undefined) return dialTcp(to);
  if (byLoopback) {
    return dialTcp({ ...to, address: isIP(address) === 6 ? '::1' : '127.0.0.1', ...namespaceOf(addresses, workload.key) });
  }
  const from = isIP(peerAddress) === isIP(address) ? { localAddress: peerAddress, transparent: true } : {};
  return dialTcp({ ...to, ...from, ...namespaceOf(addresses, workload.key) });
}
