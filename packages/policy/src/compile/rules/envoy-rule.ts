import { type Attribute, isHttpOnly } from '../../reference/attribute.js';
import type { EnvoyContext } from '../../reference/envoy-rule.js';
import type { Facts } from '../../reference/facts.js';
import { readIpRange } from '../../reference/ip-range.js';
import type { Requirement, ResolvedRule } from '../../reference/requirement.js';
import type { CompiledRule, Conjunction } from '../rule.js';
import { literalOf } from './literals.js';

/**
 * A rule as a waypoint or gateway reads it: `to`, `from` and the conditions (reference section 3.1). Of a value that the layer cannot
 * evaluate an ALLOW rule dies, and any other rule goes without it. Undefined for a rule that never matches.
 */
export function envoyRule(rule: ResolvedRule, context: EnvoyContext): CompiledRule<Facts> | undefined {
  if (rule.unknownKey !== undefined) return undefined;
  const all = [...rule.to, ...rule.from, ...rule.when].flat();
  if (
    context.action === 'ALLOW' &&
    all.some((requirement) => usableValues(requirement, context).length < requirement.values.length)
  ) {
    return undefined;
  }
  const conjunction = (requirements: readonly Requirement[]) => conjunctionOf(requirements, context);
  const groups = [rule.to, rule.from].filter((entries) => entries.length > 0).map((entries) => entries.map(conjunction));
  return { groups: [...groups, [rule.when.flatMap(conjunction)]] };
}

function conjunctionOf(requirements: readonly Requirement[], context: EnvoyContext): Conjunction<Facts> {
  return requirements.flatMap((requirement) => {
    const values = usableValues(requirement, context);
    if (values.length === 0) return [];
    const { attribute, negated } = requirement;
    const whenAwaited = context.action === 'ALLOW';
    return [literalOf({ attribute, negated, values }, { gate: 'envoy', namespace: context.namespace, whenAwaited })];
  });
}

function usableValues({ attribute, values }: Requirement, { layer }: EnvoyContext): readonly string[] {
  if (layer === 'tcp' && isHttpOnly(attribute)) return [];
  if (isMalformed(attribute)) return [];
  const isAddress = attribute.kind === 'source-ip' || attribute.kind === 'remote-ip' || attribute.kind === 'destination-ip';
  return isAddress ? values.filter((value) => readIpRange(value) !== undefined) : values;
}

function isMalformed(attribute: Attribute): boolean {
  return (
    (attribute.kind === 'header' && attribute.name === undefined) || (attribute.kind === 'claim' && attribute.path === undefined)
  );
}
