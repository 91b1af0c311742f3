import type { GateBinding, GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import { type Authentication, type Candidate, combine, type Outcome } from '../verdict/combine.js';
import { answersAt } from './custom.js';
import { type EnvoyLayer, matchesEnvoyRule } from './envoy-rule.js';
import type { Facts } from './facts.js';
import { resolveRule, trustDomainsOf } from './requirement.js';
import { matchesZtunnelRule } from './ztunnel-rule.js';

/** A rule that matched. */
export interface RuleMatch {
  readonly policy: AuthorizationPolicy;
  readonly rule: number;
}

/** What the policies of a ztunnel come to for one connection, straight from the text (reference sections 2, 4.2 and 4.3). */
export function interpretAtZtunnel(inventory: Inventory, binding: ZtunnelBinding, facts: Facts): Outcome<RuleMatch> {
  const dialect = inventory.dialect.name;
  // Upstream's conversion expands no aliases (reference section 3.8).
  const trustDomains = dialect === 'strict' ? trustDomainsOf(inventory.mesh) : undefined;
  const candidates = inOrder(binding).map((policy) => {
    const { action, dryRun } = policy;
    const context = { dialect, action, dryRun, namespace: policy.metadata.namespace };
    return candidate(policy, (rule) => matchesZtunnelRule(resolveRule(rule, trustDomains), context, facts));
  });
  return combine(candidates);
}

/** What the policies of a waypoint or gateway come to for one request, or one connection of a TCP port (reference sections 2, 3 and 4.1). */
export function interpretAtEnvoy(
  inventory: Inventory,
  binding: WaypointBinding | GatewayBinding,
  layer: EnvoyLayer,
  facts: Facts,
): Outcome<RuleMatch> {
  const trustDomains = trustDomainsOf(inventory.mesh);
  const policies = inOrder(binding);
  const candidates = policies
    .filter((policy) => policy.action !== 'CUSTOM' || answersAt(inventory, policies, policy, layer))
    .map((policy) => {
      const context = { layer, action: policy.action, namespace: policy.metadata.namespace };
      return candidate(policy, (rule) => matchesEnvoyRule(resolveRule(rule, trustDomains), context, facts));
    });
  return combine(candidates, layer === 'http' ? tokenStage(binding) : undefined);
}

/** By namespace, then name: where several policies match, the first of these is named. */
function inOrder(binding: GateBinding): readonly AuthorizationPolicy[] {
  return binding.policies
    .map(({ policy }) => policy)
    .sort((a, b) => compare(a.metadata.namespace, b.metadata.namespace) || compare(a.metadata.name, b.metadata.name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function candidate(
  policy: AuthorizationPolicy,
  matches: (rule: AuthorizationPolicy['rules'][number]) => boolean,
): Candidate<RuleMatch> {
  return {
    action: policy.action,
    dryRun: policy.dryRun,
    match: () => {
      const rule = policy.rules.find(matches);
      return rule === undefined ? undefined : { policy, rule: rule.index };
    },
  };
}

/** Tokens are not evaluated: a gate that would have to look at one denies. */
function tokenStage(binding: WaypointBinding | GatewayBinding): Authentication {
  return () => (binding.requestAuthentications.some((each) => each.jwtRuleCount > 0) ? 'unsupported-policy' : undefined);
}
