import type { Endpoint, GatewayInfo, OutboundRoute, Workload } from '@sallyport/policy';
import { formatAuthority } from '../hbone/headers.js';

/** The port on which every gate terminates HBONE (reference section 7.1). */
export const hbonePort = 15008;

/** One way to an application: the next thing that a gate connects to. Addresses are policy addresses. */
export type Hop =
  /** A tunnel to the gate of `workload`, which is a ztunnel's workload or another gateway's own. */
  | { readonly kind: 'hbone'; readonly workload: Workload; readonly authority: string }
  /** A workload without a ztunnel. */
  | { readonly kind: 'plaintext'; readonly workload: Workload; readonly port: number }
  /** Something outside the mesh. */
  | { readonly kind: 'passthrough'; readonly host: string; readonly port: number };

/** The hops of a route, endpoints in the order that `order` gives; empty where the route leads nowhere, or back to `self`. */
export function hopsOf(
  route: OutboundRoute,
  self: GatewayInfo,
  order: (endpoints: readonly Endpoint[]) => readonly Endpoint[],
): Hop[] {
  switch (route.kind) {
    case 'waypoint':
      return route.gateway.key === self.key
        ? []
        : [{ kind: 'hbone', workload: route.gateway.workload, authority: route.authority }];
    case 'hbone':
      return order(route.endpoints).map(tunnelTo);
    case 'plaintext':
      return order(route.endpoints).map(({ workload, port }) => ({ kind: 'plaintext', workload, port }));
    case 'passthrough':
      return [{ kind: 'passthrough', host: route.host, port: route.port }];
    case 'refused':
      return [];
  }
}

/** The hop to one workload: a tunnel where it has a ztunnel. */
export function hopTo(endpoint: Endpoint): Hop {
  return endpoint.workload.capture === 'captured' ? tunnelTo(endpoint) : { kind: 'plaintext', ...endpoint };
}

/** `ADDRESS:PORT` of what the hop leads to, for logs; through a waypoint it is the tunnel's target. */
export function hopHost(hop: Hop): string {
  return hop.kind === 'hbone'
    ? hop.authority
    : formatAuthority(hop.kind === 'plaintext' ? hop.workload.address : hop.host, hop.port);
}

function tunnelTo({ workload, port }: Endpoint): Hop {
  return { kind: 'hbone', workload, authority: formatAuthority(workload.address, port) };
}
