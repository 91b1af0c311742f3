import type { HttpRouting, OutboundRoute } from '../../bind/route.js';
import { routeFromGate } from '../../bind/route-outbound.js';
import type { GatewayInfo } from '../../inventory/inventory.js';
import type { RequestAttributes } from '../../verdict/attributes.js';
import { type Branch, deadEnd, joinBranches } from './branch.js';
import type { Sender, Walk } from './walk.js';

/** How a walk goes on from a sender; passed in, as waypoints and outbound routes follow each other. */
export type Onward = (walk: Walk, sender: Sender, route: OutboundRoute, request: RequestAttributes) => Branch;

/** Every backend that an L7 gate may choose, each followed to its end with the gate's own identity. */
export function walkBackends(
  walk: Walk,
  gateway: GatewayInfo,
  routing: HttpRouting,
  request: RequestAttributes,
  onward: Onward,
): Branch {
  if (routing.kind === 'none') {
    return deadEnd(gateway.key, {
      reason: 'no-route',
      detail: `no route of \`${gateway.key}\` matches: HTTP gets 404, TCP is closed`,
    });
  }
  if (routing.kind === 'invalid') return deadEnd(gateway.key, { reason: 'bad-backend', detail: routing.detail });
  const live = routing.backends.filter((backend) => backend.weight > 0);
  if (live.length === 0)
    return deadEnd(gateway.key, { reason: 'bad-backend', detail: 'every backend of the route has weight 0' });
  const sender = gateAsSender(gateway);
  const branches = live.map(({ service, port }) => {
    const branch = onward(walk, sender, routeFromGate(walk.inventory, gateway, service, port), request);
    return live.length === 1 ? branch : { ...branch, label: service.hostname };
  });
  return joinBranches(branches);
}

/** The sender that a gate is to the next one: its own identity and address. */
export function gateAsSender(gateway: GatewayInfo): Sender {
  return {
    identity: gateway.workload.identity,
    address: gateway.workload.address,
    network: gateway.workload.network,
    name: gateway.key,
    gate: gateway.role === 'ingress' ? 'gateway' : 'waypoint',
  };
}
