import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { type Attachable, authorizationIndex, type PolicyIndex, requestAuthenticationIndex } from '../inventory/policy-index.js';
import { type Attached, attached, inOrder } from './attach-by-selector.js';
import { attachmentAtWaypoint } from './attach-by-target.js';
import type { UnboundPolicy, WaypointBinding } from './binding.js';
import { closuresAtL7 } from './closures.js';
import { rolesAtWaypoint } from './roles/roles-at-gate.js';
import { unboundAtWaypoint } from './unbound-at-waypoint.js';

/**
 * What a waypoint enforces for traffic to one of its services, or to a workload that was dialled itself (reference section
 * 5.2): policies with targetRefs only. Whether the waypoint serves the target at all is `resolveServiceWaypoint`'s question.
 */
export function bindWaypoint(inventory: Inventory, gateway: GatewayInfo, target: ServiceInfo | Workload): WaypointBinding {
  const service = isService(target) ? target : undefined;
  const policies = inOrder(attachByTarget(inventory, authorizationIndex(inventory), gateway, service));
  const authentications = inOrder(attachByTarget(inventory, requestAuthenticationIndex(inventory), gateway, service));
  const requestAuthentications = authentications.map(({ policy }) => policy);
  let unbound: readonly UnboundPolicy[] | undefined;
  return {
    gate: 'waypoint',
    gateway,
    target,
    policies,
    requestAuthentications,
    roles: rolesAtWaypoint(inventory, target, policies),
    closures: closuresAtL7(requestAuthentications),
    get unbound() {
      unbound ??= unboundAtWaypoint(inventory, gateway, target, policies);
      return unbound;
    },
  };
}

/** Tells a service from a workload. */
export function isService(target: ServiceInfo | Workload): target is ServiceInfo {
  return target.kind === 'Service' || target.kind === 'ServiceEntry';
}

function attachByTarget<Policy extends Attachable>(
  inventory: Inventory,
  index: PolicyIndex<Policy>,
  gateway: GatewayInfo,
  service: ServiceInfo | undefined,
): Attached<Policy>[] {
  const candidates = new Set([
    ...(service === undefined ? [] : index.targeting(service.kind, service.name)),
    ...index.targeting('Gateway', gateway.resource.metadata.name),
    ...index.targeting('GatewayClass', gateway.resource.gatewayClassName),
    ...index.targeting('GatewayClass', 'istio-waypoint'),
  ]);
  return [...candidates].flatMap((policy) => {
    const attachment = attachmentAtWaypoint(inventory, gateway, service, policy);
    return attachment === undefined ? [] : [attached(policy, attachment)];
  });
}
