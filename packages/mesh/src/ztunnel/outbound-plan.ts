import { isIP } from 'node:net';
import {
  type Destination,
  type Endpoint,
  type Inventory,
  type OutboundRoute,
  type RouteShare,
  routeFromWorkload,
  type ServiceInfo,
  type SingleRoute,
  type Verdict,
  type Workload,
} from '@sallyport/policy';
import type { AddressBook, Snapshot } from '../gate.js';
import { acrossNetworks, type Hop, toWaypoint } from '../l7/hop.js';
import { weightedChoice } from '../l7/weighted-choice.js';
import { hbonePort } from './ports.js';
import { RoundRobin } from './round-robin.js';

/** What the source side does with one connection: the route, with the endpoint that was chosen and the sockets that stand for it. */
export type OutboundPlan =
  | {
      readonly kind: 'hbone';
      /** Entitles to the tunnel: the other gate judges. */
      readonly permit: Extract<SingleRoute, { readonly kind: 'waypoint' | 'hbone' }>;
      /** Whose gate is dialled, and must prove this workload's identity. */
      readonly workload: Workload;
      /** Whom it may prove to be; the workload itself where absent. */
      readonly expected: readonly string[] | undefined;
      /** Behind an east-west gateway: who may end the tunnel inside (reference section 7.7). */
      readonly inner: readonly string[] | undefined;
      readonly socketAddress: string;
      readonly socketPort: number;
      readonly authority: string;
      readonly service: ServiceInfo | undefined;
    }
  | {
      readonly kind: 'plaintext';
      readonly workload: Workload;
      readonly port: number;
      readonly socketAddress: string;
      readonly socketPort: number;
      readonly service: ServiceInfo | undefined;
    }
  | { readonly kind: 'passthrough'; readonly host: string; readonly port: number; readonly service: ServiceInfo | undefined }
  | { readonly kind: 'refused'; readonly detail: string; readonly verdict?: Verdict; readonly service: ServiceInfo | undefined };

/**
 * Plans a connection of a workload (reference section 7.3). Endpoints of a service take turns, and a canary waypoint gets its share by
 * `random`. Total: what is missing or throws is a refusal.
 */
export function planOutbound(
  snapshot: Snapshot,
  clientKey: string,
  destination: Destination,
  turns: RoundRobin,
  random: () => number = Math.random,
): OutboundPlan {
  return plan(snapshot, clientKey, destination, (ways) => weightedChoice(ways, random), turns);
}

/** Makes a plan where `choose` is asked for the way of a split. */
function plan(
  snapshot: Snapshot,
  clientKey: string,
  destination: Destination,
  choose: (ways: readonly RouteShare[]) => RouteShare | undefined,
  turns: RoundRobin,
): OutboundPlan {
  try {
    const client = snapshot.inventory.workloads.get(clientKey);
    if (client === undefined) return refused(`workload \`${clientKey}\` is not known`);
    const route = routeOf(snapshot.inventory, client, destination);
    const single = route.kind === 'split' ? choose(route.ways)?.route : route;
    return single === undefined ? refused('no waypoint of the service has a weight') : ofRoute(snapshot, client, single, turns);
  } catch (error) {
    return refused(`no route: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function ofRoute(snapshot: Snapshot, client: Workload, route: SingleRoute, turns: RoundRobin): OutboundPlan {
  switch (route.kind) {
    case 'waypoint':
      return tunnel(snapshot, client, route, toWaypoint(route));
    case 'hbone':
      return toTunnel(snapshot, client, route, pick(route, turns));
    case 'plaintext':
      return toPlaintext(snapshot, client, route, pick(route, turns));
    case 'passthrough':
      return { kind: 'passthrough', host: route.host, port: route.port, service: route.service };
    case 'refused':
      return refusedRoute(route);
    default:
      return assertNever(route);
  }
}

/** Routes that are remembered of one snapshot; with more it begins anew. */
const mostRoutes = 1000;

const routes = new WeakMap<Inventory, Map<string, OutboundRoute>>();

/** A route follows from the inventory, which never changes: it is looked for once. */
function routeOf(inventory: Inventory, client: Workload, destination: Destination): OutboundRoute {
  const known = routes.get(inventory) ?? new Map<string, OutboundRoute>();
  routes.set(inventory, known);
  const key = `${client.key} ${destination.port} ${destination.host}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const route = routeFromWorkload(inventory, client, destination);
  if (known.size >= mostRoutes) known.clear();
  known.set(key, route);
  return route;
}

function toTunnel(
  snapshot: Snapshot,
  client: Workload,
  route: Extract<SingleRoute, { kind: 'hbone' }>,
  endpoint: Endpoint | undefined,
): OutboundPlan {
  if (endpoint === undefined) return refused('no ready endpoint', route.service);
  const hop = acrossNetworks(snapshot.inventory, client, route, endpoint);
  return hop === undefined ? refused('no gateway leads to its network', route.service) : tunnel(snapshot, client, route, hop);
}

function tunnel(
  { addresses }: Snapshot,
  client: Workload,
  route: Extract<SingleRoute, { kind: 'waypoint' | 'hbone' }>,
  { workload, authority, expected, inner }: Omit<Extract<Hop, { readonly kind: 'hbone' }>, 'kind'>,
): OutboundPlan {
  if (client.capture !== 'captured') return refused(`\`${client.key}\` has no ztunnel and thus no identity`, route.service);
  const socketAddress = socketFor(addresses, client, workload);
  if (socketAddress === undefined) return refused(`\`${workload.key}\` has no gate here`, route.service);
  const socketPort = addresses.socketPort(hbonePort);
  return {
    kind: 'hbone',
    permit: route,
    workload,
    expected,
    inner,
    socketAddress,
    socketPort,
    authority,
    service: route.service,
  };
}

function toPlaintext(
  { addresses }: Snapshot,
  client: Workload,
  route: Extract<SingleRoute, { kind: 'plaintext' }>,
  endpoint: Endpoint | undefined,
): OutboundPlan {
  if (endpoint === undefined) return refused('no ready endpoint', route.service);
  const { workload, port } = endpoint;
  const socketAddress = socketFor(addresses, client, workload);
  if (socketAddress === undefined) return refused(`\`${workload.key}\` has no socket here`, route.service);
  const socketPort = addresses.socketPort(port);
  return { kind: 'plaintext', workload, port, socketAddress, socketPort, service: route.service };
}

/** Where a workload is dialled; in namespaces, at an address of a family that the client has. */
function socketFor(addresses: AddressBook, client: Workload, workload: Workload): string | undefined {
  if (addresses.namespaces === undefined) return addresses.socketAddress(workload.address);
  const families = new Set(client.addresses.map(isIP));
  return workload.addresses.find((address) => families.has(isIP(address)) && addresses.socketAddress(address) !== undefined);
}

/** A service's ready endpoints take turns; a pod that was dialled by its own address is dialled, ready or not. */
function pick(route: Extract<SingleRoute, { kind: 'hbone' | 'plaintext' }>, turns: RoundRobin): Endpoint | undefined {
  if (route.service === undefined) return route.endpoints[0];
  const ready = route.endpoints.filter(({ workload }) => workload.ready);
  return turns.pick(`${route.service.key} ${ready[0]?.port}`, ready);
}

function refused(detail: string, to?: ServiceInfo): OutboundPlan {
  return { kind: 'refused', detail, service: to };
}

function refusedRoute(route: Extract<SingleRoute, { kind: 'refused' }>): OutboundPlan {
  const { reason, detail } = route;
  if (reason !== 'waypoint-unavailable') return refused(detail, route.service);
  return { kind: 'refused', detail, verdict: { effect: 'deny', reason, audit: [], detail }, service: route.service };
}

/**
 * Whether a connection that was made by one plan could be made now: to the same gate by the same authority, or to an endpoint that is
 * still where it was. Which endpoint is chosen does not matter, nor which of the waypoints that serve a service, whatever their weights.
 */
export function isStillPlanned(made: OutboundPlan, snapshot: Snapshot, clientKey: string, destination: Destination): boolean {
  // Turns of its own: judging again is no turn.
  const now = plan(
    snapshot,
    clientKey,
    destination,
    (ways) => ways.find((way) => leadsThrough(way, made)) ?? ways[0],
    new RoundRobin(),
  );
  return isSamePlan(made, now, snapshot);
}

function leadsThrough({ waypoint }: RouteShare, made: OutboundPlan): boolean {
  return made.kind === 'hbone' && made.permit.kind === 'waypoint' && made.permit.gateway.key === waypoint.key;
}

function isSamePlan(made: OutboundPlan, now: OutboundPlan, snapshot: Snapshot): boolean {
  if (made.kind === 'passthrough') return now.kind === 'passthrough' && now.host === made.host && now.port === made.port;
  if (made.kind === 'refused' || now.kind !== made.kind) return false;
  const workload = snapshot.inventory.workloads.get(made.workload.key) ?? gatewayWorkload(snapshot, made.workload);
  if (workload === undefined || !isSameGate(made.workload, workload)) return false;
  if (made.kind !== 'hbone' || now.kind !== 'hbone') return true;
  if (made.permit.kind !== now.permit.kind) return false;
  if (made.inner !== undefined && !stillLeadsTo(made.workload.network, now.permit)) return false;
  return made.permit.kind === 'hbone' || (made.workload.key === now.workload.key && made.authority === now.authority);
}

/** Whether endpoints of a route, or its waypoint, are in this network still. */
function stillLeadsTo(network: string, permit: Extract<OutboundPlan, { kind: 'hbone' }>['permit']): boolean {
  return permit.kind === 'waypoint'
    ? permit.gateway.workload.network === network
    : permit.endpoints.some(({ workload }) => workload.network === network);
}

function gatewayWorkload({ inventory }: Snapshot, { gateway }: Workload): Workload | undefined {
  return gateway === undefined ? undefined : inventory.gateways.get(gateway)?.workload;
}

/** Whether two states of a workload are the same to its peers. */
export function isSameGate(a: Workload, b: Workload): boolean {
  return a.identity === b.identity && a.address === b.address && a.capture === b.capture;
}

function assertNever(value: never): never {
  throw new Error(`unexpected route ${JSON.stringify(value)}`);
}
