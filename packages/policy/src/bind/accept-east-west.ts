import type { Endpoint, GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { isGlobal } from '../inventory/networks.js';
import { badAuthority, parseAuthority, refuse } from './accept.js';
import { waypointsOf } from './resolve-canary.js';
import { serviceByHostname } from './resolve-host.js';
import { resolveServiceWaypoint } from './resolve-waypoint.js';
import type { InboundTarget } from './route.js';
import { ingressUsesWaypoint } from './route-outbound.js';

/** A tunnel that has come to an east-west gateway. */
export interface CrossingTunnel {
  readonly authority: string;
  /** Of the certificate of whoever opened it. */
  readonly identity: string;
  /** Its header `x-istio-source`: which kind of gate at L7 has judged what is inside, as it says itself. */
  readonly judgedBy?: string | undefined;
}

/** The gates that a tunnel may be handed on to, which end the tunnel inside and judge it; or the status that refuses it. */
export type CrossingTarget =
  | {
      readonly kind: 'gates';
      readonly gates: readonly Workload[];
      readonly service: ServiceInfo;
      /** Where the gates are waypoints: each one's share of new tunnels, in their order. Else they take turns. */
      readonly weights?: readonly number[];
    }
  | Extract<InboundTarget, { readonly kind: 'refused' }>;

/**
 * What an east-west gateway makes of a tunnel (reference section 7.7): it is asked for a port of a global service by name, and hands on to that
 * service's waypoint, or past it what has been judged at L7 already, to a ztunnel. It judges nothing itself. Upstream believes anybody
 * who says so; `strict` the service's own waypoint, and ingress gateways where they may go past it.
 */
export function acceptAtEastWest(inventory: Inventory, gateway: GatewayInfo, tunnel: CrossingTunnel): CrossingTarget {
  const parsed = parseAuthority(tunnel.authority);
  if (parsed === undefined) return badAuthority(tunnel.authority);
  const service =
    parsed.address === undefined ? serviceByHostname(inventory, parsed.host, gateway.workload.namespace) : undefined;
  if (service === undefined || !isGlobal(service)) return refuse(400, `${tunnel.authority} is no global service`);
  const waypoint = resolveServiceWaypoint(inventory, service);
  if (waypoint.kind === 'refused') return refuse(503, `waypoint ${waypoint.named} of ${service.hostname} cannot be used`);
  const servicePort = service.ports.find(({ port }) => port === parsed.port);
  if (servicePort === undefined) return refuse(503, `${service.hostname} has no port ${parsed.port}`);
  const { network } = gateway.workload;
  if (waypoint.kind === 'bound' && !isJudged(inventory, service, tunnel)) {
    // With a canary, whoever opened the tunnel has chosen the network by weight, and here its waypoints share it.
    const here = waypointsOf(inventory, service).filter(({ gateway: { workload } }) => workload.network === network);
    return here.length > 0
      ? { kind: 'gates', gates: here.map((share) => share.gateway.workload), weights: here.map(({ weight }) => weight), service }
      : refuse(503, `waypoint ${waypoint.gateway.key} of ${service.hostname} is in another network`);
  }
  const gates = servicePort.endpoints.filter((endpoint) => isHere(endpoint, network)).map(({ workload }) => workload);
  return gates.length > 0 ? { kind: 'gates', gates, service } : refuse(503, `${tunnel.authority} has no ready endpoint here`);
}

function isHere({ workload }: Endpoint, network: string): boolean {
  return workload.network === network && workload.ready && workload.capture === 'captured';
}

function isJudged(inventory: Inventory, service: ServiceInfo, tunnel: CrossingTunnel): boolean {
  const { judgedBy, identity } = tunnel;
  const believesAll = inventory.dialect.name === 'upstream';
  if (judgedBy === 'waypoint') {
    return believesAll || waypointsOf(inventory, service).some(({ gateway }) => gateway.workload.identity === identity);
  }
  if (judgedBy !== 'gateway' || ingressUsesWaypoint(inventory, service)) return false;
  return (
    believesAll || [...inventory.gateways.values()].some((each) => each.role === 'ingress' && each.workload.identity === identity)
  );
}
