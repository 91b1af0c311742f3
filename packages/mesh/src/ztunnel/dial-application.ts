import type { Socket } from 'node:net';
import type { Permit, Workload } from '@sallyport/policy';
import type { AddressBook } from '../gate.js';
import { dialTcp } from '../socket/dial-tcp.js';

/** How long an application may take to accept (reference section 7.5, step 7). */
const timeoutMs = 10_000;

/**
 * Connects to a workload's application, which only a permit entitles to. Rejects where nothing runs the application or it does not
 * accept within 10 s.
 */
export async function dialApplication(
  permit: Permit,
  addresses: AddressBook,
  workload: Workload,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  // Checked at run time too: a value that came past the types must not open a socket.
  if (permit.effect !== 'allow') throw new Error('no permit for this connection');
  const address = addresses.applicationAddress(workload.key);
  if (address === undefined) throw new Error(`nothing runs \`${workload.key}\``);
  return dialTcp({ address, port: addresses.socketPort(port), timeoutMs, signal });
}
