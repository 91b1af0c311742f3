import type { Inventory, ServiceInfo, Workload } from '../../inventory/inventory.js';
import { isTrueLabel, ownValue } from '../../inventory/labels.js';
import { meshVisibility } from '../mesh-visibility.js';
import { resolveCanary } from '../resolve-canary.js';
import { conditionOf, type Outcome, type StatusCondition, type StatusOptions } from './status-condition.js';
import { claimOfService, claimOfWorkload, type WaypointClaim } from './waypoint-claim.js';

const serviceManager = 'istio-ambient-service';

/**
 * What istiod writes on a Service or ServiceEntry: the waypoint that it is bound to, or why it is not. `hosts` are all hosts of a
 * ServiceEntry.
 */
export function serviceConditions(
  inventory: Inventory,
  service: ServiceInfo,
  hosts: readonly string[],
  options: StatusOptions,
): StatusCondition[] {
  // The control plane passes over what is hidden from everyone, and over mere names.
  if (service.kind === 'ServiceEntry' && meshVisibility(inventory, service.namespace) === 'NONE') return [];
  if (service.externalName !== undefined) return [];
  const claim = claimOfService(inventory, service, options);
  const bound = boundOutcome(inventory, service, claim, options);
  const entry = service.kind === 'ServiceEntry' ? entryOutcomes(inventory, service, hosts, claim) : {};
  const outcomes = { ...entry, ...(bound === undefined ? {} : { 'istio.io/WaypointBound': bound }) };
  return Object.entries(outcomes).map(([type, outcome]) => conditionOf(type, serviceManager, outcome));
}

/** What istiod writes on a WorkloadEntry. */
export function workloadConditions(inventory: Inventory, workload: Workload, options: StatusOptions): StatusCondition[] {
  const claim = claimOfWorkload(inventory, workload, options);
  if (claim.kind === 'none') return [];
  const outcome = claim.kind === 'refused' ? claim.outcome : accepted(`Successfully attached to waypoint ${claim.gateway.key}`);
  return [conditionOf('istio.io/WaypointBound', 'istio-ambient-workloadentry', outcome)];
}

function boundOutcome(
  inventory: Inventory,
  service: ServiceInfo,
  claim: WaypointClaim,
  options: StatusOptions,
): Outcome | undefined {
  if (claim.kind === 'none') return undefined;
  if (claim.kind === 'refused') return claim.outcome;
  const canary = resolveCanary(inventory, service, claim.gateway, options);
  const problem = canary.kind === 'refused' ? `. Canary waypoint not attached: ${canary.problem}` : '';
  return accepted(`Successfully attached to waypoint ${claim.gateway.key}${aboutIngress(inventory, service)}${problem}`);
}

function accepted(message: string): Outcome {
  return { holds: true, reason: 'WaypointAccepted', message };
}

function aboutIngress(inventory: Inventory, { labels, namespace }: ServiceInfo): string {
  const label = 'istio.io/ingress-use-waypoint';
  const value = ownValue(labels, label) ?? ownValue(inventory.namespaces.get(namespace)?.metadata.labels ?? {}, label);
  if (value === undefined) return '';
  if (isTrueLabel(value)) return '. Ingress traffic will traverse the waypoint';
  return `. Ingress traffic is not using the waypoint, set the ${label} label to true if desired.`;
}

/** What only ServiceEntries get: whether they lack a waypoint that they need, and who sees them. */
function entryOutcomes(
  inventory: Inventory,
  service: ServiceInfo,
  hosts: readonly string[],
  claim: WaypointClaim,
): Record<string, Outcome> {
  const missing = claim.kind === 'bound' ? undefined : missingWaypoint(service, hosts);
  const visibility = inventory.mesh.serviceEntryVisibility && visibilityOutcome(meshVisibility(inventory, service.namespace));
  return {
    ...(visibility === undefined ? {} : { 'istio.io/VisibilityApplied': visibility }),
    ...(missing === undefined ? {} : { 'istio.io/WaypointMissing': missing }),
  };
}

/** The connect strategy is looked at last and overrides. */
function missingWaypoint({ annotations }: ServiceInfo, hosts: readonly string[]): Outcome | undefined {
  if (ownValue(annotations, 'istio.io/connect-strategy')?.toUpperCase() === 'RACE_FIRST_TCP_CONNECT') {
    return {
      holds: true,
      reason: 'NoWaypointForRacingConnectStrategy',
      message:
        'ServiceEntry has a non-default connect strategy but no waypoint bound. A waypoint is required for connect strategies to take effect for ambient clients.',
    };
  }
  if (!hosts.some((host) => host.startsWith('*'))) return undefined;
  return {
    holds: true,
    reason: 'NoWaypointForWildcardService',
    message: 'ServiceEntry will not apply until it is bound to a valid waypoint.',
  };
}

function visibilityOutcome(visibility: ReturnType<typeof meshVisibility>): Outcome {
  if (visibility !== 'NAMESPACE') {
    return { holds: true, reason: 'Public', message: 'ServiceEntry is visible to the entire mesh (PUBLIC).' };
  }
  const message = 'ServiceEntry is visible only within its own namespace (NAMESPACE), per mesh serviceEntryVisibility.';
  return { holds: true, reason: 'Namespace', message };
}
