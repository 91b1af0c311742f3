import type { GateBinding, GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import { type Authentication, type Candidate, combine, type Outcome } from '../verdict/combine.js';
import { answersAt } from './custom.js';
import { type EnvoyLayer, matchesEnvoyRule } from './envoy-rule.js';
import type { Facts } from './facts.js';
import { type ResolvedRule, resolveRule, trustDomainsOf } from './requirement.js';
import { matchesZtunnelRule } from './ztunnel-rule.js';

/** A rule that matched. */
export interface RuleMatch {
  readonly policy: AuthorizationPolicy;
  readonly rule: number;
}

/** What the policies of a ztunnel come to for a connection, straight from the text (reference sections 2, 4.2 and 4.3). */
export function ztunnelInterpreter(inventory: Inventory, binding: ZtunnelBinding): (facts: Facts) => Outcome<RuleMatch> {
  const dialect = inventory.dialect.name;
  // Upstream's conversion expands no aliases (reference section 3.8).
  const policies = resolvedInOrder(binding, dialect === 'strict' ? trustDomainsOf(inventory.mesh) : undefined);
  return (facts) =>
    combine(
      policies.map(({ policy, rules }) => {
        const { action, dryRun } = policy;
        const context = { dialect, action, dryRun, namespace: policy.metadata.namespace };
        return candidate(policy, rules, (rule) => matchesZtunnelRule(rule, context, facts));
      }),
    );
}

/**
 * What the policies of a waypoint or gateway come to for a request, or for a connection of a TCP port (reference sections 2, 3
 * and 4.1).
 */
export function envoyInterpreter(
  inventory: Inventory,
  binding: WaypointBinding | GatewayBinding,
): (layer: EnvoyLayer, facts: Facts) => Outcome<RuleMatch> {
  const policies = resolvedInOrder(binding, trustDomainsOf(inventory.mesh));
  const all = policies.map(({ policy }) => policy);
  return (layer, facts) => {
    const candidates = policies
      .filter(({ policy }) => policy.action !== 'CUSTOM' || answersAt(inventory, all, policy, layer))
      .map(({ policy, rules }) => {
        const context = { layer, action: policy.action, namespace: policy.metadata.namespace };
        return candidate(policy, rules, (rule) => matchesEnvoyRule(rule, context, facts));
      });
    return combine(candidates, layer === 'http' ? tokenStage(binding) : undefined);
  };
}

interface ResolvedPolicy {
  readonly policy: AuthorizationPolicy;
  /** In the order of the policy's own rules. */
  readonly rules: readonly ResolvedRule[];
}

/** By namespace, then name: where several policies match, the first of these is named. */
function resolvedInOrder(binding: GateBinding, trustDomains: readonly string[] | undefined): readonly ResolvedPolicy[] {
  return binding.policies
    .map(({ policy }) => ({ policy, rules: policy.rules.map((rule) => resolveRule(rule, trustDomains)) }))
    .sort(
      ({ policy: { metadata: a } }, { policy: { metadata: b } }) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function candidate(
  policy: AuthorizationPolicy,
  rules: readonly ResolvedRule[],
  matches: (rule: ResolvedRule) => boolean,
): Candidate<RuleMatch> {
  return {
    action: policy.action,
    dryRun: policy.dryRun,
    match: () => {
      const place = rules.findIndex(matches);
      return place < 0 ? undefined : { policy, rule: policy.rules[place]?.index ?? place };
    },
  };
}

/** Tokens are not evaluated: a gate that would have to look at one denies. */
function tokenStage(binding: WaypointBinding | GatewayBinding): Authentication {
  return () => (binding.requestAuthentications.some((each) => each.jwtRuleCount > 0) ? 'unsupported-policy' : undefined);
}
