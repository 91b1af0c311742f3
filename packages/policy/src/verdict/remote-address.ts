import type { GatewayInfo, Inventory } from '../inventory/inventory.js';
import { parseIpAddress } from '../inventory/ip-address.js';

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
  const fromRight =
    input.gateway.role === 'waypoint' ? waypointEntry(inventory, input.identity) : input.gateway.topology.numTrustedProxies;
  if (fromRight < 1) return input.peer;
  const entries = input.headers
    // A line without a value adds nothing to the list, as Envoy joins the lines.
    .filter(([name, value]) => name.toLowerCase() === 'x-forwarded-for' && value !== '')
    .flatMap(([, value]) => value.split(','))
    .map((entry) => entry.trim());
  const entry = entries[entries.length - fromRight];
  return (entry === undefined ? undefined : parseIpAddress(entry)) ?? input.peer;
}

function waypointEntry(inventory: Inventory, identity: string | undefined): number {
  if (inventory.dialect.name === 'upstream') return 1;
  const trusted = [...inventory.gateways.values()].some(
    (gateway) => gateway.role === 'ingress' && gateway.workload.identity === identity,
  );
  return trusted ? 1 : 0;
}
