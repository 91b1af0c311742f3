import type { GatewayInfo, Inventory } from '../inventory/inventory.js';
import { parseIpAddress } from '../inventory/ip-address.js';
import { trimBlanks } from './trim-blanks.js';

/** What a gate knows about the far end of one request. */
export interface RemoteAddressInput {
  /** The gate that asks. */
  readonly gateway: GatewayInfo;
  /** `spiffe://…` of the peer's certificate; absent for plaintext. */
  readonly identity?: string;
  /** The TCP peer's policy address, or the client's that a PROXY header told. */
  readonly peer: string;
  /** In the order of the wire, names in any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * The address that `remote.ip` and `remoteIpBlocks` see (reference sections 0.6 and 0.12). A gateway takes the
 * `numTrustedProxies`-th entry from the right of X-Forwarded-For, or its peer: the
 * one that a PROXY header told, where it takes them. A waypoint takes the last entry, in `strict`
 * only where the peer is an ingress gateway of this mesh. An entry that is no plain IP address falls back to the peer.
 */
export function remoteAddress(inventory: Inventory, input: RemoteAddressInput): string {
  return remoteAddressAt(trustedEntry(inventory, input), input.headers) ?? input.peer;
}

/** Which entry of X-Forwarded-For, from the right, a gate believes on a connection; below 1: none. */
export function trustedEntry(inventory: Inventory, { gateway, identity }: Omit<RemoteAddressInput, 'peer' | 'headers'>): number {
  return gateway.role === 'waypoint' ? waypointEntry(inventory, identity) : gateway.topology.numTrustedProxies;
}

/** The entry of X-Forwarded-For so many from the right; undefined where there is none, or it is no plain IP address. */
export function remoteAddressAt(fromRight: number, headers: RemoteAddressInput['headers']): string | undefined {
  if (fromRight < 1) return undefined;
  const entries = headers
    // A line without a value adds nothing to the list, as Envoy joins the lines.
    .filter(([name, value]) => name.toLowerCase() === 'x-forwarded-for' && value !== '')
    .flatMap(([, value]) => value.split(','))
    .map(trimBlanks);
  const entry = entries[entries.length - fromRight];
  return entry === undefined ? undefined : parseIpAddress(entry);
}

function waypointEntry(inventory: Inventory, identity: string | undefined): number {
  if (inventory.dialect.name === 'upstream') return 1;
  const trusted = [...inventory.gateways.values()].some(
    (gateway) => gateway.role === 'ingress' && gateway.workload.identity === identity,
  );
  return trusted ? 1 : 0;
}
