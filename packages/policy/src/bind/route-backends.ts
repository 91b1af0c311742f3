import type { Span } from '../diagnostic/span.js';
import { allRoutes } from '../inventory/all-routes.js';
import type { Inventory, ServiceInfo } from '../inventory/inventory.js';
import type { BackendRef } from '../resource/model/index.js';
import { serviceByHostname } from './resolve-host.js';
import type { HttpRouting, WeightedBackend } from './route.js';
import { type RouteParent, routesOf } from './route-parents.js';

/** The backends of a matching rule. One that does not exist makes the whole rule invalid: no share of its traffic goes astray. */
export function backendsOf(inventory: Inventory, refs: readonly BackendRef[], namespace: string, routeSpan: Span): HttpRouting {
  const backends: WeightedBackend[] = [];
  for (const ref of refs.filter(({ weight }) => weight > 0)) {
    const service = backendService(inventory, ref, namespace);
    const port = ref.port;
    if (service === undefined) return invalid(`backend \`${ref.namespace}/${ref.name}\` does not exist`);
    if (port === undefined || !service.ports.some((candidate) => candidate.port === port)) {
      return invalid(`backend \`${ref.namespace}/${ref.name}\` has no port ${port ?? 'of that kind'}`);
    }
    backends.push({ service, port, weight: ref.weight });
  }
  return backends.length > 0 ? { kind: 'backends', backends, routeSpan } : invalid('the route has no backend with a weight');
}

/** Every backend that a route of the parent may lead to, whatever the request. */
export function backendsBehind(inventory: Inventory, parent: RouteParent): readonly WeightedBackend[] {
  const routes = routesOf(inventory, allRoutes(inventory), parent);
  return routes.flatMap(({ metadata, rules }) =>
    rules.flatMap(({ backendRefs, span }) => {
      const routing = backendsOf(inventory, backendRefs, metadata.namespace, span);
      return routing.kind === 'backends' ? routing.backends : [];
    }),
  );
}

function backendService(
  inventory: Inventory,
  { kind, namespace, name }: BackendRef,
  routeNamespace: string,
): ServiceInfo | undefined {
  if (kind === 'Service') return inventory.services.get(`Service/${namespace}/${name}`);
  return kind === 'Hostname' ? serviceByHostname(inventory, name.toLowerCase(), routeNamespace) : undefined;
}

function invalid(detail: string): HttpRouting {
  return { kind: 'invalid', detail };
}
