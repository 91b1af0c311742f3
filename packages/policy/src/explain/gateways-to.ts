import { allRoutes, type Route } from '../inventory/all-routes.js';
import type { GatewayInfo, Inventory, ServiceInfo } from '../inventory/inventory.js';
import type { BackendRef } from '../resource/model/index.js';

/** The ingress gateways that have a route to a service. */
export function gatewaysTo(inventory: Inventory, service: ServiceInfo): GatewayInfo[] {
  const parents = allRoutes(inventory)
    .filter((route) => leadsTo(route, service))
    .flatMap((route) => route.parentRefs);
  const keys = new Set(
    parents.filter((parent) => parent.kind === 'Gateway').map((parent) => `${parent.namespace}/${parent.name}`),
  );
  return [...keys].flatMap((key) => {
    const gateway = inventory.gateways.get(key);
    return gateway?.role === 'ingress' ? [gateway] : [];
  });
}

/** The backend references of a route that name a service. */
export function backendsOf(route: Route, service: ServiceInfo): BackendRef[] {
  return route.rules.flatMap((rule) => rule.backendRefs).filter((backend) => backend.weight > 0 && names(backend, service));
}

function leadsTo(route: Route, service: ServiceInfo): boolean {
  return backendsOf(route, service).length > 0;
}

function names(backend: BackendRef, service: ServiceInfo): boolean {
  if (backend.kind === 'Hostname') return backend.name.toLowerCase() === service.hostname.toLowerCase();
  return backend.kind === service.kind && backend.namespace === service.namespace && backend.name === service.name;
}
