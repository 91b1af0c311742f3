import type { Inventory } from '../../inventory/inventory.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { ownPolicyOutcome, ownServiceOutcome } from './own-outcome.js';
import { serviceConditions, workloadConditions } from './service-status.js';
import { conditionOf, type ObjectStatus, type StatusCondition, type StatusOptions } from './status-condition.js';
import { waypointOutcome } from './waypoint-outcome.js';
import { writtenServices } from './written-services.js';
import { ztunnelOutcome } from './ztunnel-outcome.js';

/** The type of the condition that only `strict` has. */
const ownType = 'sallyport/Enforced';

/**
 * The status of every object that a control plane reports on, sorted by kind, namespace and name: what istiod writes (reference
 * sections 4.4, 4.5, 5.3 and 0, item 9), and in `strict` a condition `sallyport/Enforced` where the gates here do something else.
 * On PeerAuthentications and RequestAuthentications nothing is written.
 */
export function statuses(inventory: Inventory, options: StatusOptions = {}): readonly ObjectStatus[] {
  const found = [
    ...inventory.policies.map((policy) => objectOf(policy, policyConditions(inventory, policy, options))),
    ...inventory.peerAuthentications.map((object) => objectOf(object, [])),
    ...inventory.requestAuthentications.map((object) => objectOf(object, [])),
    ...serviceStatuses(inventory, options),
    ...workloadStatuses(inventory, options),
  ];
  return found.sort((a, b) => compare(a.kind, b.kind) || compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

/** The conditions of one policy, sorted by type. */
export function policyConditions(
  inventory: Inventory,
  policy: AuthorizationPolicy,
  options: StatusOptions = {},
): readonly StatusCondition[] {
  // The API server begins to count at 1.
  const generation = policy.metadata.generation ?? 1;
  const atWaypoint = waypointOutcome(inventory, policy, options);
  const atZtunnel = ztunnelOutcome(policy, inventory.dialect);
  const own = ownPolicyOutcome(inventory, policy);
  return [
    ...(atWaypoint === undefined
      ? []
      : [conditionOf('WaypointAccepted', 'istio-ambient-waypoint-policy', atWaypoint, generation)]),
    ...(atZtunnel === undefined ? [] : [conditionOf('ZtunnelAccepted', 'istio-ambient-ztunnel-policy', atZtunnel, generation)]),
    ...(own === undefined ? [] : [conditionOf(ownType, 'sallyport', own, generation)]),
  ];
}

function serviceStatuses(inventory: Inventory, options: StatusOptions): ObjectStatus[] {
  return [...writtenServices(inventory).values()].flatMap((hosts) => {
    const [service] = hosts;
    if (service === undefined) return [];
    const names = hosts.map(({ hostname }) => hostname);
    const own = ownServiceOutcome(inventory, service);
    const conditions = [
      ...serviceConditions(inventory, service, names, options),
      ...(own === undefined ? [] : [conditionOf(ownType, 'sallyport', own)]),
    ];
    const { kind, namespace, name, span } = service;
    return [{ kind, namespace, name, conditions, span }];
  });
}

function workloadStatuses(inventory: Inventory, options: StatusOptions): ObjectStatus[] {
  return [...inventory.workloads.values()]
    .filter(({ kind }) => kind === 'WorkloadEntry')
    .map((workload) => ({
      kind: 'WorkloadEntry',
      namespace: workload.namespace,
      name: workload.name,
      conditions: workloadConditions(inventory, workload, options),
      span: workload.span,
    }));
}

type Written = Pick<AuthorizationPolicy, 'metadata' | 'span'> & {
  readonly kind: 'AuthorizationPolicy' | 'PeerAuthentication' | 'RequestAuthentication';
};

function objectOf({ kind, metadata, span }: Written, conditions: readonly StatusCondition[]): ObjectStatus {
  return { kind, namespace: metadata.namespace, name: metadata.name, conditions, span };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
