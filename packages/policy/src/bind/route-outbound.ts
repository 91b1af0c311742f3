import type { GatewayInfo, Inventory, ServiceInfo, ServicePortInfo, Workload } from '../inventory/inventory.js';
import { parseIpAddress } from '../inventory/ip-address.js';
import { isTrueLabel, ownValue } from '../inventory/labels.js';
import { isGlobal, networkGateway } from '../inventory/networks.js';
import { flagEnabled } from '../resource/dialect.js';
import { authorityOf } from './authority.js';
import { isService } from './bind-waypoint.js';
import type { WaypointResolution } from './binding.js';
import { policiesWithoutWaypoint } from './closures.js';
import { forbiddenPassthrough, isInnerGate, isOwnPort } from './illegal-target.js';
import { nameOf, overHbone, refused, toEndpoints } from './onward.js';
import { waypointsOf } from './resolve-canary.js';
import { resolveHost } from './resolve-host.js';
import { resolveServiceWaypoint, resolveWorkloadWaypoint } from './resolve-waypoint.js';
import type { Destination, OutboundRoute, SingleRoute } from './route.js';

/** What a client asked for, with the place that it asks from. */
interface Request extends Destination {
  readonly client: Workload;
}

/** How many ExternalName services may point at each other. */
const maximumAliases = 4;

/**
 * What the source side does with a connection of a workload (reference section 7.3). A client without a ztunnel connects
 * plainly, past every waypoint. In `strict` a waypoint that is named and unusable refuses.
 */
export function routeFromWorkload(inventory: Inventory, client: Workload, destination: Destination): OutboundRoute {
  return route(inventory, { client, host: destination.host, port: destination.port }, 0);
}

function route(inventory: Inventory, request: Request, aliases: number): OutboundRoute {
  const found = resolveHost(inventory, request.host, request.client.namespace);
  if (found === undefined) return toOutside(request);
  if (!isService(found)) return toWorkload(inventory, request, found);
  const alias = externalName(found);
  if (alias !== undefined && aliases < maximumAliases && resolveHost(inventory, alias, found.namespace) !== undefined) {
    return route(inventory, { ...request, host: alias }, aliases + 1);
  }
  return toService(inventory, request, found);
}

function externalName(service: ServiceInfo): string | undefined {
  return service.kind === 'Service' && service.workloads.length === 0 && service.addresses.length === 0
    ? service.externalEndpoints[0]?.address
    : undefined;
}

function toOutside({ host, port }: Request): OutboundRoute {
  const forbidden = forbiddenPassthrough(host.toLowerCase());
  if (forbidden !== undefined) return refused('illegal-target', `\`${host}\` is ${forbidden}, and belongs to no workload`);
  if (isOwnPort(port)) return refused('illegal-target', `port ${port} belongs to ztunnel`);
  if (isClusterName(host)) return refused('unknown-host', `no service is called \`${host}\``);
  return { kind: 'passthrough', host, port };
}

/** Whether a name can only be one of the cluster's. */
function isClusterName(host: string): boolean {
  if (parseIpAddress(host) !== undefined) return false;
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
  return !name.includes('.') || name.endsWith('.svc') || name.endsWith('.cluster.local');
}

function toService(inventory: Inventory, request: Request, service: ServiceInfo): OutboundRoute {
  if (isHeadless(service)) return toHeadless(inventory, request, service);
  const servicePort = service.ports.find(({ port }) => port === request.port);
  if (servicePort === undefined) return refused('unknown-port', `${nameOf(service)} has no port ${request.port}`, service);
  if (request.client.capture !== 'captured')
    return asPlaintext(toEndpoints(inventory, request.client, service, servicePort, request.host));
  const byWaypoint = throughWaypoint(inventory, request.client, { service, servicePort, address: vipFor(service, request.host) });
  const direct = toEndpoints(inventory, request.client, service, servicePort, request.host);
  if (byWaypoint === undefined) return unlessUnenforced(inventory, service, direct);
  // Upstream sends a waypoint that dials its own service to itself.
  const isItself = waypointsOf(inventory, service).some(({ gateway }) => leadsToItself(request.client, gateway));
  return isItself && inventory.dialect.name === 'strict' ? direct : byWaypoint;
}

/**
 * Endpoints outside the mesh have no ztunnel to close them: in `strict` the source side refuses what leads there past a
 * policy that nothing enforces.
 */
function unlessUnenforced(inventory: Inventory, service: ServiceInfo, route: OutboundRoute): OutboundRoute {
  if (route.kind !== 'passthrough' || inventory.dialect.name === 'upstream') return route;
  const [closure] = policiesWithoutWaypoint(inventory, service);
  return closure === undefined ? route : { ...refused('waypoint-unavailable', closure.detail, service), span: closure.span };
}

/** A Service without an address of its own, whose name leads to its pods. */
function isHeadless(service: ServiceInfo): boolean {
  return service.addresses.length === 0 && service.workloads.length > 0;
}

/** The client dials a pod: the port is the pod's own, and the waypoint is the pod's. */
function toHeadless(inventory: Inventory, request: Request, service: ServiceInfo): SingleRoute {
  const workload = service.workloads.find(({ ready, network }) => ready && network === request.client.network);
  if (workload === undefined) return refused('no-endpoints', `${nameOf(service)} has no ready endpoint`, service);
  const routed = toWorkload(inventory, request, workload);
  return routed.kind === 'waypoint' ? routed : { ...routed, service };
}

/** The address that the client dialled, where it did dial one of the service's. */
function vipFor({ addresses }: ServiceInfo, host: string): string | undefined {
  const dialled = parseIpAddress(host);
  return dialled !== undefined && addresses.includes(dialled) ? dialled : addresses[0];
}

/** The route to a service's waypoint, or a refusal; undefined where there is none, or no address for it to know the service by. */
function throughWaypoint(
  inventory: Inventory,
  from: Workload,
  { service, servicePort, address }: { service: ServiceInfo; servicePort: ServicePortInfo; address: string | undefined },
): OutboundRoute | undefined {
  const resolution = resolveServiceWaypoint(inventory, service);
  if (resolution.kind === 'refused') return waypointRefused(resolution, nameOf(service), service);
  if (resolution.kind === 'none' || address === undefined) return undefined;
  const ways = waypointsOf(inventory, service).map(({ gateway, weight }) => {
    return { waypoint: gateway, weight, route: toWaypoint(inventory, from, gateway, { service, servicePort, address }) };
  });
  const [own] = ways;
  return ways.length > 1 ? { kind: 'split', ways } : own?.route;
}

function toWaypoint(
  inventory: Inventory,
  from: Workload,
  gateway: GatewayInfo,
  { service, servicePort, address }: { service: ServiceInfo; servicePort: ServicePortInfo; address: string },
): SingleRoute {
  const route = { kind: 'waypoint', gateway, service, servicePort } as const;
  if (gateway.workload.network === from.network) return { ...route, authority: authorityOf(address, servicePort.port) };
  const through = isGlobal(service) ? networkGateway(inventory, gateway.workload.network) : undefined;
  // Across networks it is asked for by name (reference section 7.7).
  return through === undefined
    ? beyondReach(gateway, nameOf(service), service)
    : {
        ...route,
        authority: authorityOf(service.hostname, servicePort.port),
        through,
        behind: beside(inventory, gateway, service),
      };
}

/** The waypoints of a service that are in the network of one of them. */
function beside(inventory: Inventory, { workload }: GatewayInfo, service: ServiceInfo): GatewayInfo[] {
  const gateways = waypointsOf(inventory, service).map(({ gateway }) => gateway);
  return gateways.filter((gateway) => gateway.workload.network === workload.network);
}

/** A waypoint in another network, to which no east-west gateway leads for this traffic. */
function beyondReach({ key, workload, resource: { span } }: GatewayInfo, what: string, service?: ServiceInfo): SingleRoute {
  const detail = `${what} has waypoint \`${key}\` in network \`${workload.network}\`, which only global services reach, through an east-west gateway`;
  return { ...refused('waypoint-unavailable', detail, service), span };
}

function waypointRefused(
  { named, why, span }: Extract<WaypointResolution, { kind: 'refused' }>,
  what: string,
  service?: ServiceInfo,
): SingleRoute {
  const lacks = {
    missing: 'does not exist',
    'not-ready': 'is not ready',
    'not-allowed': 'does not admit its namespace',
    'not-a-waypoint': 'is not a waypoint',
  };
  const detail = `${what} names waypoint \`${named}\`, which ${lacks[why]}`;
  return { kind: 'refused', reason: 'waypoint-unavailable', detail, span, ...(service === undefined ? {} : { service }) };
}

function toWorkload(inventory: Inventory, { client, port }: Request, workload: Workload): SingleRoute {
  if (isOwnPort(port)) return refused('illegal-target', `port ${port} belongs to ztunnel`);
  if (isInnerGate(inventory, workload)) return refused('illegal-target', `\`${workload.key}\` is a gate of the mesh`);
  if (workload.network !== client.network) {
    return refused('no-endpoints', `\`${workload.key}\` is in network \`${workload.network}\`, which only global services reach`);
  }
  const endpoint = { workload, port };
  if (client.capture !== 'captured') return { kind: 'plaintext', endpoints: [endpoint] };
  const resolution = resolveWorkloadWaypoint(inventory, workload);
  if (resolution.kind === 'refused') return waypointRefused(resolution, `workload \`${workload.key}\``);
  if (resolution.kind === 'none' || leadsToItself(client, resolution.gateway)) return overHbone([endpoint]);
  const { gateway } = resolution;
  if (gateway.workload.network !== client.network) return beyondReach(gateway, `workload \`${workload.key}\``);
  return { kind: 'waypoint', gateway, authority: authorityOf(workload.address, port), workload };
}

/** Whether a waypoint behind its own ztunnel is what stands in the way of its own connection. */
function leadsToItself({ gateway }: Workload, { key }: GatewayInfo): boolean {
  return gateway === key;
}

function asPlaintext(routed: OutboundRoute): OutboundRoute {
  return routed.kind === 'hbone' ? { ...routed, kind: 'plaintext' } : routed;
}

/**
 * The onward hop of a waypoint, to the endpoints themselves, or of an ingress gateway: past the waypoint unless
 * `istio.io/ingress-use-waypoint` on the service, else on its namespace, says otherwise (reference section 9).
 */
export function routeFromGate(inventory: Inventory, gateway: GatewayInfo, service: ServiceInfo, port: number): OutboundRoute {
  const servicePort = service.ports.find((candidate) => candidate.port === port);
  if (servicePort === undefined) return refused('unknown-port', `${nameOf(service)} has no port ${port}`, service);
  const byWaypoint =
    gateway.role === 'ingress' && ingressUsesWaypoint(inventory, service)
      ? throughWaypoint(inventory, gateway.workload, { service, servicePort, address: service.addresses[0] })
      : undefined;
  return (
    byWaypoint ??
    unlessUnenforced(inventory, service, toEndpoints(inventory, gateway.workload, service, servicePort, service.hostname))
  );
}

/** Whether an ingress gateway's traffic to a service goes through its waypoint. */
export function ingressUsesWaypoint(inventory: Inventory, service: ServiceInfo): boolean {
  const label = 'istio.io/ingress-use-waypoint';
  const written = ownValue(service.labels, label) ?? ownValue(inventory.namespaceLabels(service.namespace), label);
  return isTrueLabel(written) && flagEnabled(inventory.dialect, 'ENABLE_INGRESS_WAYPOINT_ROUTING', true);
}
