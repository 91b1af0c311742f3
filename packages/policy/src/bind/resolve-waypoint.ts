import type { Span } from '../diagnostic/span.js';
import { gatewayNameLabel } from '../inventory/gateway-roles.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { type Labels, matchesLabels, ownValue } from '../inventory/labels.js';
import type { WaypointResolution } from './binding.js';
import { meshVisibility } from './mesh-visibility.js';
import { waypointListener } from './waypoint-listener.js';

/** The label that names a waypoint, on an object or its namespace. */
const useWaypointLabel = 'istio.io/use-waypoint';

type Purpose = 'service' | 'workload';
type Lack = Extract<WaypointResolution, { kind: 'refused' }>['why'];

/** A waypoint that an object or its namespace names. */
export interface NamedWaypoint {
  readonly namespace: string;
  readonly name: string;
  readonly by: 'object' | 'namespace';
  readonly span: Span;
}

/**
 * The waypoint of traffic that is addressed to a service (reference section 5.3). In `strict` a waypoint that is named and
 * cannot be used refuses; in `upstream` there is then no waypoint.
 */
export function resolveServiceWaypoint(inventory: Inventory, service: ServiceInfo): WaypointResolution {
  if (isGateObject(inventory, service)) return { kind: 'none', why: 'is-waypoint' };
  const resolution = resolve(inventory, service, 'service');
  if (resolution.kind !== 'bound' || mayCross(inventory, service, resolution.gateway)) return resolution;
  return unusable(inventory, { ...keyOf(resolution.gateway), by: resolution.by, span: service.span }, 'not-allowed');
}

/** The waypoint of traffic that is addressed to a workload itself (reference section 5.3). */
export function resolveWorkloadWaypoint(inventory: Inventory, workload: Workload): WaypointResolution {
  if (workload.applicationTunnel !== undefined || isGateObject(inventory, workload)) return { kind: 'none', why: 'is-waypoint' };
  return resolve(inventory, workload, 'workload');
}

function resolve(
  inventory: Inventory,
  object: { readonly namespace: string; readonly labels: Labels; readonly span: Span },
  purpose: Purpose,
): WaypointResolution {
  const named = namedWaypoint(inventory, object);
  if (named === undefined) return { kind: 'none', why: 'not-named' };
  if (named === 'none') return { kind: 'none', why: 'opted-out' };
  const gateway = inventory.gateways.get(`${named.namespace}/${named.name}`);
  if (gateway === undefined) return missing(inventory, named, purpose);
  const lack = lackOf(inventory, gateway, object.namespace);
  const serves = gateway.waypointFor === purpose || gateway.waypointFor === 'all';
  // In `strict` a waypoint that would not serve this traffic anyway refuses none of it; upstream looks at readiness first.
  if (!serves && (lack === undefined || inventory.dialect.name === 'strict')) return { kind: 'none', why: 'traffic-type' };
  return lack === undefined ? { kind: 'bound', gateway, by: named.by } : unusable(inventory, named, lack);
}

/**
 * Why a waypoint that exists cannot be used. Upstream never looks at its class: any Gateway with an address counts (section 0, item 9). In
 * `strict` one of another implementation has to say how its pods get what their ztunnels have admitted.
 */
function lackOf(inventory: Inventory, gateway: GatewayInfo, namespace: string): Lack | undefined {
  if (gateway.role !== 'waypoint' && !isBehindZtunnel(gateway) && inventory.dialect.name === 'strict') return 'not-a-waypoint';
  if (!gateway.ready) return 'not-ready';
  return admits(inventory, gateway, namespace) ? undefined : 'not-allowed';
}

/** Whether it is a waypoint in pods that are in the mesh themselves. */
function isBehindZtunnel({ workload }: GatewayInfo): boolean {
  return workload.applicationTunnel !== undefined && workload.capture === 'captured';
}

/** The object's label wins, even where its waypoint does not exist: there is no falling through to the namespace. */
export function namedWaypoint(
  inventory: Inventory,
  object: { readonly namespace: string; readonly labels: Labels; readonly span: Span },
): NamedWaypoint | 'none' | undefined {
  const own = namedBy(object.labels, object.namespace, 'object', object.span);
  if (own !== undefined) return own;
  const metadata = inventory.namespaces.get(object.namespace)?.metadata;
  if (metadata === undefined) return undefined;
  const span = ownValue(metadata.labelSpans, useWaypointLabel) ?? metadata.nameSpan;
  return namedBy(metadata.labels, object.namespace, 'namespace', span);
}

function namedBy(labels: Labels, namespace: string, by: NamedWaypoint['by'], span: Span): NamedWaypoint | 'none' | undefined {
  const name = ownValue(labels, useWaypointLabel);
  if (name === undefined || name === 'none') return name;
  return { name, namespace: ownValue(labels, 'istio.io/use-waypoint-namespace') ?? namespace, by, span };
}

/**
 * A namespace's label for a waypoint that does not exist says nothing about traffic to workloads: waypoints serve services
 * unless they say otherwise. On the workload itself it does.
 */
function missing(inventory: Inventory, named: NamedWaypoint, purpose: Purpose): WaypointResolution {
  if (purpose === 'workload' && named.by === 'namespace') return { kind: 'none', why: 'unusable' };
  return unusable(inventory, named, 'missing');
}

function unusable(inventory: Inventory, { namespace, name, span }: NamedWaypoint, why: Lack): WaypointResolution {
  if (inventory.dialect.name === 'upstream') return { kind: 'none', why: 'unusable' };
  return { kind: 'refused', named: `${namespace}/${name}`, why, span };
}

/** Whether the listener of a waypoint admits a namespace; only its own where it says nothing (reference section 5.3, item 6). */
export function admits(inventory: Inventory, gateway: GatewayInfo, namespace: string): boolean {
  const listener = waypointListener(inventory, gateway);
  const from = listener?.allowedRoutes.from ?? 'Same';
  // Upstream takes `None` for what it does not know, and that for `Same`.
  if (from === 'Same' || (from === 'None' && inventory.dialect.name === 'upstream'))
    return namespace === gateway.resource.metadata.namespace;
  if (from !== 'Selector') return from === 'All';
  const selector = listener?.allowedRoutes.selector;
  return selector !== undefined && matchesLabels(selector.matchLabels, inventory.namespaceLabels(namespace));
}

/**
 * A service that only its own namespace may use cannot have a waypoint elsewhere. Upstream looks at MeshConfig's
 * `serviceEntryVisibility` only; `strict` at `exportTo` as well.
 */
function mayCross(inventory: Inventory, service: ServiceInfo, gateway: GatewayInfo): boolean {
  if (service.namespace === gateway.resource.metadata.namespace) return true;
  if (inventory.dialect.name === 'strict' && service.visibility !== 'public') return false;
  return service.kind === 'Service' || meshVisibility(inventory, service.namespace) !== 'NAMESPACE';
}

/** Whether a waypoint that status takes for a service's canary may be one: in `strict` only where it could be its waypoint. */
export function isUsableCanary(inventory: Inventory, service: ServiceInfo, gateway: GatewayInfo): boolean {
  if (inventory.dialect.name === 'upstream') return true;
  return lackOf(inventory, gateway, service.namespace) === undefined && mayCross(inventory, service, gateway);
}

function keyOf({ resource: { metadata } }: GatewayInfo): { namespace: string; name: string } {
  return { namespace: metadata.namespace, name: metadata.name };
}

/** What the label `gateway.istio.io/managed` says on the Service of a waypoint or east-west gateway. */
export const gateManagers: ReadonlySet<string> = new Set(['istio.io-mesh-controller', 'istio.io-eastwest-controller']);

/** Whether this is the Service or the pod of a waypoint or east-west gateway, which never has a waypoint in front. */
function isGateObject(inventory: Inventory, object: { readonly namespace: string; readonly labels: Labels }): boolean {
  if (gateManagers.has(ownValue(object.labels, 'gateway.istio.io/managed') ?? '')) return true;
  const name = ownValue(object.labels, gatewayNameLabel);
  const role = name === undefined ? undefined : inventory.gateways.get(`${object.namespace}/${name}`)?.role;
  return role === 'waypoint' || role === 'east-west';
}
