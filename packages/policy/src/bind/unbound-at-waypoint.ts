import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { matchesLabels } from '../inventory/labels.js';
import { authorizationIndex } from '../inventory/policy-index.js';
import type { AuthorizationPolicy, TargetRef } from '../resource/model/index.js';
import { inOrder } from './attach-by-selector.js';
import { targetsService } from './attach-by-target.js';
import type { BoundPolicy, UnboundPolicy, UnboundReason } from './binding.js';
import { servicesOf } from './workload-services.js';

/** The policies that a user could expect at a waypoint and that it does not enforce for this target, each with the reason. */
export function unboundAtWaypoint(
  inventory: Inventory,
  gateway: GatewayInfo,
  target: ServiceInfo | Workload,
  bound: readonly BoundPolicy[],
): UnboundPolicy[] {
  const handled = new Set(bound.map(({ policy }) => policy));
  const question: Question = { inventory, gateway, target, workloads: 'workloads' in target ? target.workloads : [target] };
  const unbound = [...candidates(question)]
    .filter((policy) => !handled.has(policy))
    .flatMap((policy): UnboundPolicy[] => {
      const reason = policy.targetRefs.length === 0 ? scopeReason(policy, question) : targetReason(policy, question);
      return reason === undefined ? [] : [{ policy, reason }];
    });
  return inOrder(unbound);
}

interface Question {
  readonly inventory: Inventory;
  readonly gateway: GatewayInfo;
  readonly target: ServiceInfo | Workload;
  readonly workloads: readonly Workload[];
}

function candidates({ inventory, gateway, target }: Question): ReadonlySet<AuthorizationPolicy> {
  const index = authorizationIndex(inventory);
  const scopes = new Set([target.namespace, gateway.resource.metadata.namespace, inventory.mesh.rootNamespace]);
  return new Set([
    ...[...scopes].flatMap((namespace) => index.inNamespace(namespace)),
    ...index.targeting(target.kind, target.name),
    ...index.targeting('Gateway', gateway.resource.metadata.name),
    ...index.targeting('GatewayClass', gateway.resource.gatewayClassName),
  ]);
}

/** A policy without targetRefs stays at the ztunnel; only those that apply behind this waypoint are worth a word. */
function scopeReason(policy: AuthorizationPolicy, { inventory, target, workloads }: Question): UnboundReason | undefined {
  const { namespace } = policy.metadata;
  if (namespace !== target.namespace && namespace !== inventory.mesh.rootNamespace) return undefined;
  const labels = policy.selector?.matchLabels ?? {};
  if (Object.keys(labels).length === 0) return 'namespace-scope-at-waypoint';
  return workloads.some((workload) => matchesLabels(labels, workload.labels)) ? 'selector-at-waypoint' : undefined;
}

function targetReason(policy: AuthorizationPolicy, question: Question): UnboundReason {
  const reasons = policy.targetRefs.map((target) => reasonForTarget(target, policy, question));
  return reasons.find((reason) => reason !== 'targets-other-object') ?? 'targets-other-object';
}

function reasonForTarget(target: TargetRef, policy: AuthorizationPolicy, question: Question): UnboundReason {
  const { inventory, gateway } = question;
  if (target.kind === 'GatewayClass') {
    if (policy.metadata.namespace !== inventory.mesh.rootNamespace) return 'gateway-class-outside-root';
    return target.name === gateway.resource.gatewayClassName ? 'gateway-class-name' : 'targets-other-object';
  }
  if (target.kind === 'Gateway') {
    return target.name === gateway.resource.metadata.name ? 'other-namespace' : 'targets-other-object';
  }
  if (isBehindService(policy, question)) return 'workload-addressed';
  return target.kind === question.target.kind && target.name === question.target.name
    ? 'other-namespace'
    : 'targets-other-object';
}

/** The client dialled a workload, and the policy is for a service in front of it. */
function isBehindService(policy: AuthorizationPolicy, { inventory, target }: Question): boolean {
  if ('workloads' in target) return false;
  return servicesOf(inventory, target).some((service) => targetsService(policy, service));
}
