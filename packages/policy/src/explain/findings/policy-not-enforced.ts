import type { GateBinding, UnboundPolicy } from '../../bind/binding.js';
import { describeUnbound } from '../../bind/describe-unbound.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { selectedWorkloads } from '../selected-workloads.js';
import { tellingOf } from '../telling.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Policies that no gate enforces, with the reason that the gate nearest to what they mean gives. */
export function policyNotEnforced(context: FindingContext): void {
  const enforced = new Set<AuthorizationPolicy>();
  const reasons = new Map<AuthorizationPolicy, UnboundPolicy>();
  for (const binding of context.gates.all()) collect(binding, enforced, reasons);
  for (const policy of context.inventory.policies) {
    if (!enforced.has(policy)) report(context, policy, reasons.get(policy));
  }
}

function collect(
  binding: GateBinding,
  enforced: Set<AuthorizationPolicy>,
  reasons: Map<AuthorizationPolicy, UnboundPolicy>,
): void {
  for (const { policy } of binding.policies) enforced.add(policy);
  for (const { policy } of binding.closures) if (policy.kind === 'AuthorizationPolicy') enforced.add(policy);
  for (const unbound of binding.unbound) {
    const known = reasons.get(unbound.policy);
    if (known === undefined || tellingOf(unbound.reason) > tellingOf(known.reason)) reasons.set(unbound.policy, unbound);
  }
}

function report(context: FindingContext, policy: AuthorizationPolicy, unbound: UnboundPolicy | undefined): void {
  const selected = selectedWorkloads(context.inventory, policy);
  const uncaptured = selected.length > 0 && selected.every((workload) => workload.capture !== 'captured');
  // Two other codes say it better: one about what it selects, one about what it targets.
  if (uncaptured || targetsNothing(context, policy) || unbound?.reason === 'dry-run-flag-off') return;
  context.report(
    'policy-not-enforced',
    policy.metadata.nameSpan,
    `no gate enforces \`${qualifiedName(policy.metadata)}\`: ${why(context, policy, unbound)}`,
  );
}

function targetsNothing({ inventory }: FindingContext, policy: AuthorizationPolicy): boolean {
  if (policy.targetRefs.length === 0) return false;
  const { namespace } = policy.metadata;
  return policy.targetRefs.every(({ kind, name }) => {
    if (kind === 'GatewayClass') return false;
    if (kind === 'Gateway') return !inventory.gateways.has(`${namespace}/${name}`);
    return ![...inventory.services.values()].some(
      (service) => service.kind === kind && service.namespace === namespace && service.name === name,
    );
  });
}

function why(context: FindingContext, policy: AuthorizationPolicy, unbound: UnboundPolicy | undefined): string {
  if (unbound !== undefined && tellingOf(unbound.reason) === 2) return describeUnbound(unbound);
  if (policy.selector !== undefined) {
    const labels = Object.entries(policy.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
    return `no workload has the labels ${listNames(labels)}`;
  }
  if (policy.targetRefs.length > 0)
    return unbound === undefined ? 'no gate stands in front of its targets' : describeUnbound(unbound);
  const inMesh =
    policy.metadata.namespace === context.inventory.mesh.rootNamespace
      ? 'the mesh'
      : `namespace \`${policy.metadata.namespace}\``;
  return `${inMesh} has no workload with a ztunnel`;
}
