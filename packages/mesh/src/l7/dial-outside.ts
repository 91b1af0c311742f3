import type { Socket } from 'node:net';
import type { AddressBook } from '../gate.js';
import { resolveChecked } from '../socket/checked-address.js';
import { dialTcp } from '../socket/dial-tcp.js';

/** Something outside the mesh to connect to. */
export interface OutsideTarget {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * Connects to something outside the mesh. A name is resolved here and every address judged: this machine's own addresses,
 * link-local and unspecified ones and those of gates are never dialled, whatever a name server says (design: "Local mesh").
 */
export async function dialOutside(addresses: AddressBook, { host, port, timeoutMs }: OutsideTarget): Promise<Socket> {
  let failure: unknown;
  for (const address of await resolveChecked(host, (candidate) => addresses.isGateAddress(candidate))) {
    try {
      return await dialTcp({ address, port, timeoutMs });
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
