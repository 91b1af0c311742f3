import { routeFromGate } from '../../bind/route-outbound.js';
import { allRoutes } from '../../inventory/all-routes.js';
import type { GatewayInfo } from '../../inventory/inventory.js';
import { type FindingContext, listNames } from '../finding-context.js';
import type { Front } from '../gates.js';
import { backendsOf, gatewaysTo } from '../gateways-to.js';
import { qualifiedName } from '../walk/gate-view.js';
import { protectingPolicies } from './waypoint-bypass.js';

/** An ingress gateway goes past the waypoint of a service whose policies somebody relies on (reference section 9). */
export function ingressSkipsWaypoint(context: FindingContext): void {
  for (const front of context.gates.fronts) {
    if (protectingPolicies(front).length === 0) continue;
    for (const gateway of gatewaysTo(context.inventory, front.service)) {
      const past = front.service.ports.some(
        (port) => routeFromGate(context.inventory, gateway, front.service, port.port).kind === 'hbone',
      );
      if (past) report(context, front, gateway);
    }
  }
}

function report(context: FindingContext, front: Front, gateway: GatewayInfo): void {
  const { inventory } = context;
  const routes = allRoutes(inventory).filter((route) =>
    route.parentRefs.some((parent) => parent.kind === 'Gateway' && `${parent.namespace}/${parent.name}` === gateway.key),
  );
  const span = routes.flatMap((route) => backendsOf(route, front.service))[0]?.span ?? front.service.span;
  const policies = protectingPolicies(front).map((policy) => qualifiedName(policy.metadata));
  const message = `gateway \`${gateway.key}\` sends to \`${front.service.hostname}\` past waypoint \`${front.gateway.key}\`, where ${listNames(policies, 2)} would decide`;
  context.report('ingress-skips-waypoint', span, message, {
    hint: 'label the Service or its namespace `istio.io/ingress-use-waypoint: "true"`',
    related: [{ message: 'the Service', span: front.service.span }],
  });
}
