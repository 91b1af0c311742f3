import type { GateBinding } from '../bind/binding.js';
import { ruleUsesL7 } from '../bind/l7-attribute.js';
import { providersAsked, severalProvidersWork } from '../bind/resolve-provider.js';
import type { Inventory } from '../inventory/inventory.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import { type EnvoyLayer, matchesEnvoyRule } from './envoy-rule.js';
import type { Facts } from './facts.js';
import { type ResolvedRule, trustDomainsOf } from './requirement.js';
import { candidateOf, type ResolvedPolicy, type RuleMatch, resolvedInOrder } from './resolved-policy.js';
import { matchesZtunnelRule } from './ztunnel-rule.js';

/**
 * Whether a CUSTOM policy has a say at this layer. In `upstream` an HTTP provider on a TCP port is passed over, which fails
 * open, unless it is one of several providers, which deny what they match (reference section 2.7).
 */
export function answersAt(
  inventory: Inventory,
  policies: readonly AuthorizationPolicy[],
  policy: AuthorizationPolicy,
  layer: EnvoyLayer,
): boolean {
  if (layer === 'http' || inventory.dialect.name === 'strict') return true;
  if (providersAsked(policies).length > 1 && !severalProvidersWork(inventory)) return true;
  const provider = inventory.mesh.extensionProviders.find(({ name }) => name === policy.provider?.value);
  return provider?.type !== 'envoyExtAuthzHttp';
}

/** A CUSTOM policy that matched. */
export interface CustomMatch extends RuleMatch {
  readonly partial: boolean;
}

/** The layer at which CUSTOM policies are asked: that of an L7 gate, or a ztunnel. */
export type CustomLayer = EnvoyLayer | 'ztunnel';

/**
 * The first CUSTOM policy of one provider that matches. At a ztunnel a rule of which only a part can be evaluated comes before
 * one that is known to match, as nobody may be asked about it (design: "Two dialects").
 */
export function customInterpreter(
  inventory: Inventory,
  binding: GateBinding,
): (layer: CustomLayer, provider: string, facts: Facts) => CustomMatch | undefined {
  const policies = resolvedInOrder(binding, trustDomainsOf(inventory.mesh)).filter(({ policy }) => policy.action === 'CUSTOM');
  return (layer, provider, facts) => {
    const matches = policies
      .filter(({ policy }) => (policy.provider?.value ?? '') === provider)
      .flatMap((resolved) => matchOf(inventory, resolved, layer, facts) ?? []);
    return matches.find(({ partial }) => partial) ?? matches[0];
  };
}

function matchOf({ dialect }: Inventory, resolved: ResolvedPolicy, layer: CustomLayer, facts: Facts): CustomMatch | undefined {
  const { policy } = resolved;
  const { action, dryRun, metadata } = policy;
  const { namespace } = metadata;
  if (layer !== 'ztunnel') {
    const match = candidateOf(resolved, (rule) => matchesEnvoyRule(rule, { layer, action, namespace }, facts)).match();
    return match && { ...match, partial: false };
  }
  const matches = (rule: ResolvedRule) => matchesZtunnelRule(rule, { dialect: dialect.name, action, dryRun, namespace }, facts);
  const usesL7 = new Set(
    resolved.rules.filter((_, place) => policy.rules[place] !== undefined && ruleUsesL7(policy.rules[place])),
  );
  const partial = candidateOf(resolved, (rule) => usesL7.has(rule) && matches(rule)).match();
  if (partial !== undefined) return { ...partial, partial: true };
  const whole = candidateOf(resolved, matches).match();
  return whole && { ...whole, partial: false };
}
