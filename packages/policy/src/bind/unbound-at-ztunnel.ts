import type { GatewayInfo, Inventory, Workload } from '../inventory/inventory.js';
import { authorizationIndex } from '../inventory/policy-index.js';
import type { AuthorizationPolicy, TargetRef } from '../resource/model/index.js';
import { inOrder } from './attach-by-selector.js';
import type { BoundPolicy, Closure, UnboundPolicy, UnboundReason } from './binding.js';
import { waypointsOf } from './resolve-canary.js';
import { resolveWorkloadWaypoint } from './resolve-waypoint.js';
import { servicesOf } from './workload-services.js';

interface Enforced {
  readonly policies: readonly BoundPolicy[];
  readonly closures: readonly Closure[];
  readonly dropped: readonly UnboundPolicy[];
}

/** The policies that a user could expect at a workload's ztunnel and that it does not enforce, each with the reason. */
export function unboundAtZtunnel(inventory: Inventory, workload: Workload, enforced: Enforced): UnboundPolicy[] {
  const handled = new Set<unknown>([...enforced.policies, ...enforced.closures, ...enforced.dropped].map(({ policy }) => policy));
  const path = pathTo(inventory, workload);
  const rest = [...candidates(inventory, workload, path)]
    .filter((policy) => !handled.has(policy))
    .map((policy): UnboundPolicy => ({ policy, reason: reasonFor(policy, inventory, workload, path) }));
  return inOrder([...enforced.dropped, ...rest]);
}

/** The objects in front of a workload that a targetRef could name. */
interface Path {
  readonly services: ReadonlyMap<string, 'with-waypoint' | 'without-waypoint'>;
  readonly waypoints: readonly GatewayInfo[];
}

function pathTo(inventory: Inventory, workload: Workload): Path {
  const services = new Map<string, 'with-waypoint' | 'without-waypoint'>();
  const waypoints = new Set<GatewayInfo>();
  for (const service of servicesOf(inventory, workload)) {
    const shares = waypointsOf(inventory, service);
    const key = `${service.kind}/${service.namespace}/${service.name}`;
    services.set(key, shares.length > 0 ? 'with-waypoint' : 'without-waypoint');
    for (const { gateway } of shares) waypoints.add(gateway);
  }
  const direct = resolveWorkloadWaypoint(inventory, workload);
  if (direct.kind === 'bound') waypoints.add(direct.gateway);
  return { services, waypoints: [...waypoints] };
}

/** Everything in the two namespaces in scope, what selects the workload from elsewhere, and what targets its waypoints. */
function candidates(inventory: Inventory, workload: Workload, { waypoints }: Path): ReadonlySet<AuthorizationPolicy> {
  const index = authorizationIndex(inventory);
  const { rootNamespace } = inventory.mesh;
  const ofRoot = index.inNamespace(rootNamespace).filter((policy) => policy.targetRefs.length === 0 || waypoints.length > 0);
  return new Set([
    ...index.inNamespace(workload.namespace),
    ...ofRoot,
    ...index.selectingAnywhere(workload.labels),
    ...waypoints.flatMap(({ resource: { metadata } }) =>
      index.targeting('Gateway', metadata.name).filter((policy) => policy.metadata.namespace === metadata.namespace),
    ),
  ]);
}

function reasonFor(policy: AuthorizationPolicy, inventory: Inventory, workload: Workload, path: Path): UnboundReason {
  if (policy.targetRefs.length > 0) return targetReason(policy, path);
  const { namespace } = policy.metadata;
  if (namespace !== workload.namespace && namespace !== inventory.mesh.rootNamespace) return 'other-namespace';
  return Object.keys(policy.selector?.matchLabels ?? {}).length === 0 ? 'empty-selector' : 'selector-mismatch';
}

function targetReason(policy: AuthorizationPolicy, path: Path): UnboundReason {
  const states = policy.targetRefs.map((target) =>
    path.services.get(`${target.kind}/${policy.metadata.namespace}/${target.name}`),
  );
  if (states.includes('with-waypoint')) return 'targets-service-at-ztunnel';
  if (states.includes('without-waypoint')) return 'service-without-waypoint';
  const onPath = policy.targetRefs.some((target) => path.waypoints.some((waypoint) => namesGateway(target, policy, waypoint)));
  return onPath ? 'targets-gateway-at-ztunnel' : 'targets-other-object';
}

function namesGateway(target: TargetRef, policy: AuthorizationPolicy, { resource }: GatewayInfo): boolean {
  if (target.kind === 'GatewayClass') return target.name === resource.gatewayClassName;
  const { name, namespace } = resource.metadata;
  return target.kind === 'Gateway' && target.name === name && policy.metadata.namespace === namespace;
}
