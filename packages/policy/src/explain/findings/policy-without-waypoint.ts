import { closedGates } from '../closed-gates.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/** Workloads that are closed because a policy targets their Service and no waypoint is there to enforce it (`strict` only). */
export function policyWithoutWaypoint(context: FindingContext): void {
  for (const { closure, gates } of closedGates(context.gates.ztunnels(), 'policy-without-waypoint')) {
    const deny = gates.length === 1 ? 'denies' : 'deny';
    const message = `\`${qualifiedName(closure.policy.metadata)}\` cannot be enforced, as ${closure.detail.split(', so')[0]}: ${listNames(gates)} ${deny} all traffic`;
    context.report('policy-without-waypoint', closure.span, message, {
      hint: 'put a waypoint in front of the Service, or select the pods with `selector` if the policy needs no HTTP attributes',
    });
  }
}
