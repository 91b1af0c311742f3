import type { Span } from '../diagnostic/span.js';
import { allRoutes, type Route } from '../inventory/all-routes.js';
import type { Inventory, ServiceInfo } from '../inventory/inventory.js';
import { isGranted } from '../inventory/reference-grants.js';
import type { BackendRef } from '../resource/model/index.js';
import { serviceByHostname } from './resolve-host.js';
import type { HttpRouting, WeightedBackend } from './route.js';
import { type RouteParent, routesOf } from './route-parents.js';

/** What of a rule says where it leads. */
interface RuleBackends {
  readonly backendRefs: readonly BackendRef[];
  readonly span: Span;
}

/**
 * The backends of a matching rule. One that does not exist makes the whole rule invalid: no share of its traffic goes astray. So does one of
 * another namespace that does not grant it to routes of gateways; of routes at a waypoint upstream asks no grant.
 */
export function backendsOf(inventory: Inventory, parent: RouteParent, route: Route, rule: RuleBackends): HttpRouting {
  const { namespace } = route.metadata;
  const backends: WeightedBackend[] = [];
  for (const ref of rule.backendRefs.filter(({ weight }) => weight > 0)) {
    if ('gateway' in parent && !isGranted(inventory.referenceGrants, route, ref)) {
      return invalid(`no ReferenceGrant lets a ${route.kind} of \`${namespace}\` send to \`${ref.namespace}/${ref.name}\``);
    }
    const service = backendService(inventory, ref, namespace);
    const port = ref.port;
    if (service === undefined) return invalid(`backend \`${ref.namespace}/${ref.name}\` does not exist`);
    if (port === undefined || !service.ports.some((candidate) => candidate.port === port)) {
      return invalid(`backend \`${ref.namespace}/${ref.name}\` has no port ${port ?? 'of that kind'}`);
    }
    backends.push({ service, port, weight: ref.weight });
  }
  return backends.length > 0
    ? { kind: 'backends', backends, routeSpan: rule.span }
    : invalid('the route has no backend with a weight');
}

/** Every backend that a route of the parent may lead to, whatever the request. */
export function backendsBehind(inventory: Inventory, parent: RouteParent): readonly WeightedBackend[] {
  const routes = routesOf(inventory, allRoutes(inventory), parent);
  return routes.flatMap((route) =>
    route.rules.flatMap((rule) => {
      const routing = backendsOf(inventory, parent, route, rule);
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
