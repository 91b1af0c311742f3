import type { ZtunnelBinding } from '../../bind/binding.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { type FindingContext, listNames } from '../finding-context.js';
import type { Front } from '../gates.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * An ALLOW policy at a ztunnel lists clients and not the waypoint in front: the ztunnel sees the waypoint's identity, never the
 * client's, so every request through the waypoint is refused.
 */
export function waypointNotAdmitted(context: FindingContext): void {
  const found = new Map<AuthorizationPolicy, { front: Front; workloads: Set<string> }>();
  for (const front of context.gates.fronts) {
    for (const { endpoints } of front.service.ports) {
      for (const { workload, port } of endpoints) {
        if (workload.capture !== 'captured') continue;
        const binding = context.gates.ztunnel(workload);
        const { identity, address } = front.gateway.workload;
        const verdict = context.gates
          .decider(binding)
          .connection({ identity, sourceIp: address, destinationIp: workload.address, destinationPort: port });
        const policy = verdict.reason === 'no-allow-match' ? listing(binding) : undefined;
        if (policy === undefined) continue;
        const entry = found.get(policy) ?? { front, workloads: new Set() };
        entry.workloads.add(`${workload.namespace}/${workload.ownerName}`);
        found.set(policy, entry);
      }
    }
  }
  for (const [policy, { front, workloads }] of found) report(context, policy, front, [...workloads]);
}

/** The policy to change: an enforced ALLOW with rules. One without any is a lock, and meant to be. */
function listing(binding: ZtunnelBinding): AuthorizationPolicy | undefined {
  return binding.policies
    .map((bound) => bound.policy)
    .find((policy) => policy.action === 'ALLOW' && !policy.dryRun && policy.rules.length > 0);
}

function report(context: FindingContext, policy: AuthorizationPolicy, front: Front, workloads: readonly string[]): void {
  const principal = front.gateway.workload.identity.slice('spiffe://'.length);
  const message = `\`${qualifiedName(policy.metadata)}\` does not admit waypoint \`${front.gateway.key}\`, so ${listNames(workloads)} ${workloads.length === 1 ? 'refuses' : 'refuse'} everything that comes through it`;
  context.report('waypoint-not-admitted', policy.metadata.nameSpan, message, {
    hint: `add the principal \`${principal}\`, and list clients in a policy with \`targetRefs\`: behind a waypoint the ztunnel sees the waypoint's identity`,
    related: [{ message: `\`${front.service.hostname}\` is behind the waypoint`, span: front.service.span }],
  });
}
