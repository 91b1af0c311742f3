import type { ZtunnelBinding } from '../../bind/binding.js';
import type { GatewayInfo } from '../../inventory/inventory.js';
import type { AuthorizationPolicy } from '../../resource/model/index.js';
import { type FindingContext, listNames } from '../finding-context.js';
import type { Front } from '../gates.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * An ALLOW policy at a ztunnel lists clients and not the waypoint in front: the ztunnel sees the waypoint's identity, never the
 * client's, so every request through the waypoint is refused.
 */
export function waypointNotAdmitted(context: FindingContext): void {
  const found = new Map<AuthorizationPolicy, Found>();
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
        const entry = found.get(policy) ?? { front, gateways: new Set(), workloads: new Set() };
        entry.gateways.add(front.gateway);
        entry.workloads.add(`${workload.namespace}/${workload.ownerName}`);
        found.set(policy, entry);
      }
    }
  }
  for (const [policy, entry] of found) report(context, policy, entry);
}

interface Found {
  readonly front: Front;
  readonly gateways: Set<GatewayInfo>;
  readonly workloads: Set<string>;
}

/** The policy to change: an enforced ALLOW with rules. One without any is a lock, and meant to be. */
function listing(binding: ZtunnelBinding): AuthorizationPolicy | undefined {
  return binding.policies
    .map((bound) => bound.policy)
    .find((policy) => policy.action === 'ALLOW' && !policy.dryRun && policy.rules.length > 0);
}

function report(context: FindingContext, policy: AuthorizationPolicy, { front, ...found }: Found): void {
  const [gateways, workloads] = [[...found.gateways], [...found.workloads]];
  const principals = [...new Set(gateways.map(({ workload }) => workload.identity.slice('spiffe://'.length)))];
  const [waypoint, it] = gateways.length === 1 ? ['waypoint', 'it'] : ['waypoints', 'them'];
  const message = `\`${qualifiedName(policy.metadata)}\` does not admit ${waypoint} ${listNames(gateways.map(({ key }) => key))}, so ${listNames(workloads)} ${workloads.length === 1 ? 'refuses' : 'refuse'} everything that comes through ${it}`;
  context.report('waypoint-not-admitted', policy.metadata.nameSpan, message, {
    hint: `add the ${principals.length === 1 ? 'principal' : 'principals'} ${listNames(principals)}, and list clients in a policy with \`targetRefs\`: behind a waypoint the ztunnel sees the waypoint's identity`,
    related: [{ message: `\`${front.service.hostname}\` is behind the waypoint`, span: front.service.span }],
  });
}
