import type { Inventory } from '../inventory/inventory.js';
import type { HttpRouting } from './route.js';
import { backendsOf } from './route-backends.js';
import { type RouteParent, routesOf } from './route-parents.js';

/**
 * Where an L7 gate sends a TCP connection: to the first rule of the oldest TCPRoute of the parent. A service without TCPRoutes
 * is its own backend; a listener without one leads nowhere.
 */
export function routeTcp(inventory: Inventory, parent: RouteParent): HttpRouting {
  const [route] = routesOf(inventory, inventory.tcpRoutes, parent);
  const rule = route?.rules[0];
  if (route !== undefined && rule !== undefined) return backendsOf(inventory, parent, route, rule);
  return 'service' in parent
    ? { kind: 'backends', backends: [{ service: parent.service, port: parent.port, weight: 1 }] }
    : { kind: 'none' };
}
