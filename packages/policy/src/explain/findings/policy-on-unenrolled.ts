import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { selectedWorkloads } from '../selected-workloads.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Policies that mean workloads without a ztunnel. For a policy of the root namespace only where it has a selector: that one
 * without a selector does not reach everything is no surprise.
 */
export function policyOnUnenrolled(context: FindingContext): void {
  const { inventory } = context;
  for (const policy of inventory.policies) {
    if (policy.selector === undefined && policy.metadata.namespace === inventory.mesh.rootNamespace) continue;
    const bare = selectedWorkloads(inventory, policy).filter(
      ({ capture }) => capture !== 'captured' && capture !== 'gateway' && capture !== 'sidecar',
    );
    if (bare.length > 0)
      report(context, policy, [...new Set(bare.map((workload) => `${workload.namespace}/${workload.ownerName}`))]);
  }
}

function report(context: FindingContext, policy: AuthorizationPolicy, workloads: readonly string[]): void {
  const message = `\`${qualifiedName(policy.metadata)}\` selects ${listNames(workloads)}, which ${workloads.length === 1 ? 'has' : 'have'} no ztunnel: nothing enforces it there`;
  context.report('policy-on-unenrolled', policy.selector?.span ?? policy.metadata.nameSpan, message, {
    hint: 'label the namespace `istio.io/dataplane-mode: ambient`; pods on the host network cannot be enrolled',
  });
}
