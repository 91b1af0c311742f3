import type { GatewayInfo, Inventory, Workload } from '../inventory/inventory.js';
import { memoized } from '../inventory/memoized.js';
import { flagEnabled } from '../resource/dialect.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import { resolveServiceWaypoint, resolveWorkloadWaypoint } from './resolve-waypoint.js';
import { servicesOf } from './workload-services.js';

const policiesByGateway = new WeakMap<Inventory['gateways'], Map<string, AuthorizationPolicy>>();

/**
 * The policies that admit the waypoints of a workload at its ztunnel, where the control plane is told to make them by
 * PILOT_AUTO_ALLOW_WAYPOINT_POLICY (reference section 5.3, item 11). As ALLOW policies they shut out everyone else, a canary
 * waypoint among them: upstream makes none for it, and `check` tells (`waypoint-not-admitted`).
 */
export function implicitWaypointPolicies(inventory: Inventory, workload: Workload): readonly AuthorizationPolicy[] {
  if (!flagEnabled(inventory.dialect, 'PILOT_AUTO_ALLOW_WAYPOINT_POLICY')) return [];
  const made = memoized(policiesByGateway, inventory.gateways, () => new Map<string, AuthorizationPolicy>());
  return waypointsOf(inventory, workload).map((gateway) => {
    const policy = made.get(gateway.key) ?? policyFor(gateway);
    made.set(gateway.key, policy);
    return policy;
  });
}

function waypointsOf(inventory: Inventory, workload: Workload): GatewayInfo[] {
  const resolutions = [
    resolveWorkloadWaypoint(inventory, workload),
    ...servicesOf(inventory, workload).map((service) => resolveServiceWaypoint(inventory, service)),
  ];
  return [...new Set(resolutions.flatMap((resolution) => (resolution.kind === 'bound' ? [resolution.gateway] : [])))];
}

/** The Gateway stands for the place of a policy that nobody wrote. */
function policyFor({ resource, workload }: GatewayInfo): AuthorizationPolicy {
  const { span } = resource;
  const { namespace, name, nameSpan } = resource.metadata;
  const principal = { value: workload.identity.slice('spiffe://'.length), span };
  return {
    kind: 'AuthorizationPolicy',
    apiVersion: 'security.istio.io/v1',
    metadata: {
      name: `istio_allow_waypoint_${namespace}_${name}`,
      namespace,
      labels: {},
      annotations: {},
      nameSpan,
      labelSpans: {},
      annotationSpans: {},
    },
    targetRefs: [],
    action: 'ALLOW',
    dryRun: false,
    rules: [
      {
        index: 0,
        from: [{ terms: [{ field: 'principals', negated: false, values: [principal], span }], span }],
        to: [],
        when: [],
        span,
      },
    ],
    span,
  };
}
