import type { Inventory } from '../inventory/inventory.js';
import type { HttpRouting } from './route.js';
import { backendsOf } from './route-backends.js';
import { mostSpecificRoutes } from './route-host.js';
import { listenerOf, type RouteParent, routesOf } from './route-parents.js';

/**
 * Where a gateway passes a TLS connection on to: the first rule of the oldest TLSRoute with the most specific host name that covers the
 * server name the client asked for. Where it asked for none, only a route without host names on a listener without one covers it.
 */
export function routeTls(
  inventory: Inventory,
  parent: Extract<RouteParent, { gateway: unknown }>,
  serverName: string | undefined,
): HttpRouting {
  const routes = routesOf(inventory, inventory.tlsRoutes, parent);
  const [route] = mostSpecificRoutes(routes, listenerOf(parent)?.hostname, (serverName ?? '').toLowerCase());
  const rule = route?.rules[0];
  if (route === undefined || rule === undefined) return { kind: 'none' };
  return backendsOf(inventory, parent, route, rule);
}
