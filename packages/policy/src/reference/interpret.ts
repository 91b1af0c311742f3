import type { GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import { ruleUsesL7 } from '../bind/l7-attribute.js';
import type { Inventory } from '../inventory/inventory.js';
import { type Candidate, combine, type Outcome } from '../verdict/combine.js';
import { answersAt } from './custom.js';
import { type EnvoyLayer, matchesEnvoyRule } from './envoy-rule.js';
import type { Facts } from './facts.js';
import { trustDomainsOf } from './requirement.js';
import { candidateOf, type ResolvedPolicy, type RuleMatch, resolvedInOrder } from './resolved-policy.js';
import { matchesZtunnelRule } from './ztunnel-rule.js';

/** Whether the CUSTOM policies have been settled already; where they have not, those that match deny. */
export type CustomSettled = 'custom-settled' | 'custom-unsettled';

/** What the policies of a ztunnel come to for a connection, straight from the text (reference sections 2, 4.2 and 4.3). */
export function ztunnelInterpreter(
  inventory: Inventory,
  binding: ZtunnelBinding,
): (facts: Facts, custom: CustomSettled) => Outcome<RuleMatch> {
  const dialect = inventory.dialect.name;
  // Upstream's conversion expands no aliases (reference section 3.8).
  const trustDomains = dialect === 'strict' ? trustDomainsOf(inventory.mesh) : undefined;
  const policies = resolvedInOrder(binding, trustDomains).map((resolved) => ({ resolved, inPart: rulesInPart(resolved) }));
  return (facts, custom) =>
    combine(
      policies.map(({ resolved, inPart }) => {
        const { action, dryRun, metadata } = resolved.policy;
        if (action === 'CUSTOM' && custom === 'custom-settled') return neverMatching(resolved);
        const context = { dialect, action, dryRun, namespace: metadata.namespace };
        const candidate = candidateOf(resolved, (rule) => matchesZtunnelRule(rule, context, facts));
        return { ...candidate, match: () => markedInPart(candidate.match(), inPart) };
      }),
    );
}

/** A policy that has had its say already, or has none: it applies, and matches nothing. */
function neverMatching({ policy: { action, dryRun } }: ResolvedPolicy): Candidate<RuleMatch> {
  return { action, dryRun, match: () => undefined };
}

/**
 * What the policies of a waypoint or gateway come to for a request, or for a connection of a TCP port (reference sections 2, 3
 * and 4.1).
 */
export function envoyInterpreter(
  inventory: Inventory,
  binding: Pick<WaypointBinding | GatewayBinding, 'policies'>,
): (layer: EnvoyLayer, facts: Facts, custom: CustomSettled) => Outcome<RuleMatch> {
  const policies = resolvedInOrder(binding, trustDomainsOf(inventory.mesh));
  const all = policies.map(({ policy }) => policy);
  return (layer, facts, custom) => {
    const candidates = policies.map((resolved) => {
      const { policy } = resolved;
      const isAsked = custom === 'custom-unsettled' && answersAt(inventory, all, policy, layer);
      if (policy.action === 'CUSTOM' && !isAsked) return neverMatching(resolved);
      const context = { layer, action: policy.action, namespace: policy.metadata.namespace };
      return candidateOf(resolved, (rule) => matchesEnvoyRule(rule, context, facts));
    });
    return combine(candidates, () => (facts.http?.tokenRefused ? 'invalid-token' : undefined));
  };
}

/** The rules that a ztunnel judges by their L4 part: what is only logged or tried out has to say where there is more to it. */
function rulesInPart({ policy }: ResolvedPolicy): ReadonlySet<number> {
  return new Set(policy.rules.filter(ruleUsesL7).map(({ index }) => index));
}

function markedInPart(match: RuleMatch | undefined, inPart: ReadonlySet<number>): RuleMatch | undefined {
  return match === undefined || !inPart.has(match.rule) ? match : { ...match, partial: true };
}
