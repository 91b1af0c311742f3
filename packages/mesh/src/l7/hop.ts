import {
  type Endpoint,
  type GatewayInfo,
  gatewayBetween,
  type Inventory,
  type SingleRoute,
  type Workload,
} from '@sallyport/policy';
import { formatAuthority } from '../hbone/headers.js';

/** The port on which every gate terminates HBONE (reference section 7.1). */
export const hbonePort = 15008;

/** One way to an application: the next thing that a gate connects to. Addresses are policy addresses. */
export type Hop =
  /**
   * A tunnel to the gate of `workload`, which is a ztunnel's workload or another gateway's own; through an east-west gateway, with a tunnel inside
   * that leads to one of the identities `inner`.
   */
  | {
      readonly kind: 'hbone';
      readonly workload: Workload;
      readonly authority: string;
      /** Whom the gate may prove to be; the workload itself where absent. */
      readonly expected?: readonly string[];
      readonly inner?: readonly string[];
    }
  /** A workload without a ztunnel. */
  | { readonly kind: 'plaintext'; readonly workload: Workload; readonly port: number }
  /** Something outside the mesh. */
  | { readonly kind: 'passthrough'; readonly host: string; readonly port: number };

/** The hops of a route, endpoints in the order that `order` gives; empty where the route leads nowhere, or back to `self`. */
export function hopsOf(
  inventory: Inventory,
  route: SingleRoute,
  self: GatewayInfo,
  order: (endpoints: readonly Endpoint[]) => readonly Endpoint[],
): Hop[] {
  switch (route.kind) {
    case 'waypoint':
      return route.gateway.key === self.key ? [] : [toWaypoint(route)];
    case 'hbone':
      return order(route.endpoints).flatMap((endpoint) => acrossNetworks(inventory, self.workload, route, endpoint) ?? []);
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

/** The hop to a waypoint. */
export function toWaypoint(route: Extract<SingleRoute, { kind: 'waypoint' }>): Extract<Hop, { kind: 'hbone' }> {
  const { gateway, authority, through, behind = [gateway] } = route;
  return through === undefined
    ? { kind: 'hbone', workload: gateway.workload, authority }
    : { kind: 'hbone', workload: through.workload, authority, inner: behind.map(({ workload }) => workload.identity) };
}

/**
 * The hop to an endpoint of a route, through an east-west gateway where it is in another network: that gateway chooses one of the
 * route's endpoints there (reference section 7.7). Undefined where no gateway leads there.
 */
export function acrossNetworks(
  inventory: Inventory,
  from: Workload,
  { endpoints, service, servicePort }: Extract<SingleRoute, { kind: 'hbone' }>,
  endpoint: Endpoint,
): Extract<Hop, { kind: 'hbone' }> | undefined {
  const { network } = endpoint.workload;
  const named = service?.subjectAltNames ?? [];
  if (network === from.network) {
    const hop = tunnelTo(endpoint);
    return named.length === 0 ? hop : { ...hop, expected: [endpoint.workload.identity, ...named] };
  }
  const through = gatewayBetween(inventory, from, endpoint.workload);
  if (through === undefined || service === undefined || servicePort === undefined) return undefined;
  const inner = endpoints.filter(({ workload }) => workload.network === network).map(({ workload }) => workload.identity);
  const authority = formatAuthority(service.hostname, servicePort.port);
  return { kind: 'hbone', workload: through.workload, authority, inner: [...inner, ...named] };
}

function tunnelTo({ workload, port }: Endpoint): Extract<Hop, { kind: 'hbone' }> {
  return { kind: 'hbone', workload, authority: formatAuthority(workload.address, port) };
}
