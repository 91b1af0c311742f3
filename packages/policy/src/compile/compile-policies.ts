import { assertNever } from '../assert-never.js';
import type { GateBinding, ZtunnelBinding } from '../bind/binding.js';
import { ruleUsesL7 } from '../bind/l7-attribute.js';
import type { Inventory } from '../inventory/inventory.js';
import { answersAt } from '../reference/custom.js';
import type { EnvoyLayer } from '../reference/envoy-rule.js';
import type { Facts } from '../reference/facts.js';
import { type ResolvedRule, trustDomainsOf } from '../reference/requirement.js';
import { type ResolvedPolicy, type RuleMatch, resolvedInOrder } from '../reference/resolved-policy.js';
import type { AuthorizationPolicy, Rule } from '../resource/model/index.js';
import type { Outcome } from '../verdict/combine.js';
import { type CompileOptions, defaultOptions } from './options.js';
import { type CompiledPolicy, type Part, PolicyTable } from './policy-table.js';
import type { CompiledRule } from './rule.js';
import { envoyRule } from './rules/envoy-rule.js';
import { ztunnelRule } from './rules/ztunnel-rule.js';

/** Compiles the policies of a ztunnel. */
export function compileZtunnel<Conclusion>(
  inventory: Inventory,
  binding: ZtunnelBinding,
  conclude: (outcome: Outcome<RuleMatch>) => Conclusion,
  options: CompileOptions = defaultOptions,
): PolicyTable<Conclusion> {
  const policies = resolvedAtZtunnel(inventory, binding).map((resolved) =>
    compiledPolicy(resolved, partOf(resolved.policy), (rule) => atZtunnel(inventory, resolved, rule), ruleUsesL7),
  );
  return new PolicyTable(policies, options, conclude);
}

/** Compiles the policies of a waypoint or gateway, for requests or for connections of a TCP port. */
export function compileEnvoy<Conclusion>(
  inventory: Inventory,
  binding: Pick<GateBinding, 'policies'>,
  layer: EnvoyLayer,
  conclude: (outcome: Outcome<RuleMatch>) => Conclusion,
  options: CompileOptions = defaultOptions,
): PolicyTable<Conclusion> {
  const resolved = resolvedInOrder(binding, trustDomainsOf(inventory.mesh));
  const all = resolved.map(({ policy }) => policy);
  const policies = resolved.map((each) => {
    const isAsked = each.policy.action !== 'CUSTOM' || answersAt(inventory, all, each.policy, layer);
    return compiledPolicy(each, isAsked ? partOf(each.policy) : 'none', (rule) => atEnvoy(each, layer, rule));
  });
  return new PolicyTable(policies, options, conclude);
}

/**
 * `isPartial`: of which rules only a part can be evaluated, and so only a part is known to match.
 */
function compiledPolicy(
  { policy, rules }: ResolvedPolicy,
  part: Part,
  compile: (rule: ResolvedRule) => CompiledRule<Facts> | undefined,
  isPartial: (rule: Rule) => boolean = () => false,
): CompiledPolicy {
  return {
    part,
    rules: rules.flatMap((resolved, place) => {
      const compiled = compile(resolved);
      const rule = policy.rules[place];
      if (compiled === undefined || rule === undefined) return [];
      return [{ match: { policy, rule: rule.index, ...(isPartial(rule) ? { partial: true } : {}) }, compiled }];
    }),
  };
}

function partOf({ action, dryRun }: AuthorizationPolicy): Part {
  switch (action) {
    case 'CUSTOM':
      return dryRun ? 'none' : 'custom';
    case 'AUDIT':
      return dryRun ? 'none' : 'audit';
    case 'DENY':
      return dryRun ? 'deny-dry-run' : 'deny';
    case 'ALLOW':
      return dryRun ? 'allow-dry-run' : 'allow';
    default:
      return assertNever(action);
  }
}

/** Upstream's ztunnel expands no aliases (reference section 3.8). */
function resolvedAtZtunnel(inventory: Inventory, binding: Pick<GateBinding, 'policies'>): readonly ResolvedPolicy[] {
  return resolvedInOrder(binding, inventory.dialect.name === 'strict' ? trustDomainsOf(inventory.mesh) : undefined);
}

export function atZtunnel(
  { dialect }: Inventory,
  { policy }: ResolvedPolicy,
  rule: ResolvedRule,
): CompiledRule<Facts> | undefined {
  const { action, dryRun, metadata } = policy;
  return ztunnelRule(rule, { dialect: dialect.name, action, dryRun, namespace: metadata.namespace });
}

export function atEnvoy({ policy }: ResolvedPolicy, layer: EnvoyLayer, rule: ResolvedRule): CompiledRule<Facts> | undefined {
  return envoyRule(rule, { layer, action: policy.action, namespace: policy.metadata.namespace });
}
