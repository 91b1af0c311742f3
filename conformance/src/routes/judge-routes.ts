import {
  acceptAtWaypoint,
  acceptAtZtunnel,
  type Dialect,
  type GatewayInfo,
  gatewayBetween,
  type InboundTarget,
  type Inventory,
  type OutboundRoute,
  resolveHost,
  routeFromGate,
  routeFromWorkload,
  strict,
  upstream,
  type Workload,
} from '@sallyport/policy';
import type { Manifest } from '../cases/case.js';
import { inventoryOf } from '../cases/interpreter.js';
import type { Tally } from '../recorded/tally.js';
import type { RouteRow, RouteTable } from './route-table.js';

const dialects: readonly Dialect[] = [strict, upstream];

/** Compares where each row's connection goes, or what its gate makes of a tunnel, in both dialects. */
export function judgeRoutes({ theme, manifests = [], rows }: RouteTable, common: readonly Manifest[], tally: Tally): void {
  for (const row of rows) {
    const mesh = replaced(replaced(common, manifests), row.manifests ?? []);
    for (const dialect of dialects) {
      const expected = row[dialect.name] ?? row.both;
      const got = answerOf(row, inventoryOf({ manifests: mesh, meshConfig: row.meshConfig ?? {} }, dialect));
      const wrong = got === expected ? [] : [`expected ${expected}, got ${got}`, `rule: reference ${row.reference}`];
      tally.judge(`${theme}: ${row.title} [${dialect.name}]`, wrong);
    }
  }
}

/** An object takes the place of one of its kind and name. */
function replaced(common: readonly Manifest[], own: readonly Manifest[]): readonly Manifest[] {
  const gone = new Set(own.map(keyOf));
  return [...common.filter((manifest) => !gone.has(keyOf(manifest))), ...own];
}

function keyOf({ kind, metadata }: Manifest): string {
  const { name, namespace } = (metadata ?? {}) as { name?: string; namespace?: string };
  return `${kind} ${namespace}/${name}`;
}

function answerOf({ from = 'Pod/shop/web', to, at, authority }: RouteRow, inventory: Inventory): string {
  if (to !== undefined) return showRoute(inventory, from, routeOf(inventory, from, to));
  return showTarget(acceptAt(inventory, at ?? '', authority ?? ''));
}

function routeOf(inventory: Inventory, from: string, to: string): OutboundRoute {
  const colon = to.lastIndexOf(':');
  const host = to.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(to.slice(colon + 1));
  if (!from.startsWith('Gateway/')) return routeFromWorkload(inventory, workloadNamed(inventory, from), { host, port });
  const gateway = gatewayNamed(inventory, from);
  const service = resolveHost(inventory, host, gateway.resource.metadata.namespace);
  if (service === undefined || !('hostname' in service)) throw new Error(`the mesh has no service \`${host}\``);
  return routeFromGate(inventory, gateway, service, port);
}

function acceptAt(inventory: Inventory, at: string, authority: string): InboundTarget {
  return at.startsWith('Gateway/')
    ? acceptAtWaypoint(inventory, gatewayNamed(inventory, at), authority)
    : acceptAtZtunnel(inventory, workloadNamed(inventory, at), authority);
}

function workloadNamed(inventory: Inventory, name: string): Workload {
  const workload = inventory.workloads.get(name.slice(name.indexOf('/') + 1));
  if (workload === undefined) throw new Error(`the mesh has no \`${name}\``);
  return workload;
}

function gatewayNamed(inventory: Inventory, name: string): GatewayInfo {
  const gateway = inventory.gateways.get(name.slice(name.indexOf('/') + 1));
  if (gateway === undefined) throw new Error(`the mesh has no \`${name}\``);
  return gateway;
}

function showRoute(inventory: Inventory, from: string, route: OutboundRoute): string {
  switch (route.kind) {
    case 'split':
      return route.ways.map((way) => `${way.weight} % ${showRoute(inventory, from, way.route)}`).join(', ');
    case 'waypoint':
      return `waypoint ${route.gateway.key} for ${route.authority}${through(route.through)}`;
    case 'hbone':
    case 'plaintext': {
      const sender = from.startsWith('Gateway/') ? gatewayNamed(inventory, from).workload : workloadNamed(inventory, from);
      const endpoints = route.endpoints.map(
        ({ workload, port }) => `${workload.key}:${port}${through(gatewayBetween(inventory, sender, workload))}`,
      );
      return `${route.kind} ${endpoints.join(' ')}`;
    }
    case 'passthrough':
      return `outside ${route.host}:${route.port}`;
    case 'refused':
      return `refused ${route.reason}`;
  }
}

/** What a PROXY header tells the application that the client wanted. */
function proxiedFor({ proxied }: Extract<InboundTarget, { kind: 'workload' }>): string {
  return proxied === undefined ? '' : ` for ${proxied.address}:${proxied.port}`;
}

/** The east-west gateway on the way to another network. */
function through(gateway: GatewayInfo | undefined): string {
  return gateway === undefined ? '' : ` through ${gateway.key}`;
}

function showTarget(target: InboundTarget): string {
  switch (target.kind) {
    case 'workload':
      return `${target.workload.key}:${target.port}${proxiedFor(target)}`;
    case 'service':
      return `${target.service.key}:${target.servicePort.port}`;
    case 'refused':
      return `refused ${target.status}`;
  }
}
