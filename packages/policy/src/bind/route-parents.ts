import type { Route } from '../inventory/all-routes.js';
import type { GatewayInfo, Inventory, ServiceInfo } from '../inventory/inventory.js';
import { matchesLabels } from '../inventory/labels.js';
import type { AllowedRoutes, Listener, ParentRef } from '../resource/model/index.js';

/** What routes belong to: one listener of a Gateway, or one port of a service. */
export type RouteParent =
  | { readonly gateway: GatewayInfo; readonly listenerName: string }
  | { readonly service: ServiceInfo; readonly port: number };

/** The listener that a parent names; undefined for services and for names that the Gateway does not have. */
export function listenerOf(parent: RouteParent): Listener | undefined {
  if ('service' in parent) return undefined;
  return parent.gateway.resource.listeners.find(({ name }) => name === parent.listenerName);
}

/** The routes that belong to a parent and are admitted by it, oldest first, then by namespace and name. */
export function routesOf<Kind extends Route>(inventory: Inventory, routes: readonly Kind[], parent: RouteParent): Kind[] {
  return routes.filter((route) => route.parentRefs.some((ref) => belongs(inventory, route, ref, parent))).sort(byAge);
}

function belongs(inventory: Inventory, route: Route, ref: ParentRef, parent: RouteParent): boolean {
  return 'service' in parent ? belongsToService(route, ref, parent) : belongsToListener(inventory, route, ref, parent);
}

/** Only the namespace of a service routes its traffic at the waypoint: nobody else may redirect it. */
function belongsToService(route: Route, ref: ParentRef, { service, port }: Extract<RouteParent, { service: unknown }>): boolean {
  const named = ref.kind === 'Hostname' ? ref.name.toLowerCase() === service.hostname : namesService(ref, service);
  return named && route.metadata.namespace === service.namespace && (ref.port === undefined || ref.port === port);
}

function namesService({ kind, namespace, name }: ParentRef, service: ServiceInfo): boolean {
  return kind === service.kind && namespace === service.namespace && name === service.name;
}

function belongsToListener(
  inventory: Inventory,
  route: Route,
  ref: ParentRef,
  parent: Extract<RouteParent, { gateway: unknown }>,
): boolean {
  const { metadata } = parent.gateway.resource;
  const listener = listenerOf(parent);
  if (listener === undefined || ref.kind !== 'Gateway') return false;
  if (ref.namespace !== metadata.namespace || ref.name !== metadata.name) return false;
  if (ref.sectionName !== undefined && ref.sectionName !== listener.name) return false;
  if (ref.port !== undefined && ref.port !== listener.port) return false;
  return admitsRoute(inventory, listener.allowedRoutes, metadata.namespace, route.metadata.namespace);
}

function admitsRoute(inventory: Inventory, { from, selector }: AllowedRoutes, own: string, namespace: string): boolean {
  if (from === 'Same') return own === namespace;
  if (from !== 'Selector') return from === 'All';
  return selector !== undefined && matchesLabels(selector.matchLabels, inventory.namespaceLabels(namespace));
}

function byAge(a: Route, b: Route): number {
  const [left, right] = [ageKey(a), ageKey(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Timestamps of the API server are UTC in one format, so that they sort as text; a route without one is as new as can be. */
function ageKey({ metadata: { creationTimestamp, namespace, name } }: Route): string {
  return `${creationTimestamp ?? '~'} ${namespace}/${name}`;
}
