import type { HTTPRoute, Resource, TCPRoute, TLSRoute } from '../resource/model/index.js';
import type { Inventory } from './inventory.js';

/** What sends traffic from a listener or a service to other services. */
export type Route = HTTPRoute | TCPRoute | TLSRoute;

/** The kinds of routes. */
export const routeKinds = ['HTTPRoute', 'TCPRoute', 'TLSRoute'] as const;

/** Whether an object is a route. */
export function isRoute(resource: Resource): resource is Route {
  return routeKinds.some((kind) => kind === resource.kind);
}

/** Every route of every kind. */
export function allRoutes({
  httpRoutes,
  tcpRoutes,
  tlsRoutes,
}: Pick<Inventory, 'httpRoutes' | 'tcpRoutes' | 'tlsRoutes'>): readonly Route[] {
  return [...httpRoutes, ...tcpRoutes, ...tlsRoutes];
}
