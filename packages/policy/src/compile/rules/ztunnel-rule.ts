import type { Attribute } from '../../reference/attribute.js';
import type { Facts } from '../../reference/facts.js';
import { readIpRange } from '../../reference/ip-range.js';
import type { Requirement, ResolvedRule } from '../../reference/requirement.js';
import type { ZtunnelContext } from '../../reference/ztunnel-rule.js';
import type { CompiledRule, Conjunction } from '../rule.js';
import { literalOf } from './literals.js';

type Place = 'entry' | 'condition';

/**
 * A rule as a ztunnel reads it: a clause for `to`, one for `from`, one for each condition (reference sections 4.2 and 4.3). Undefined for a
 * rule that never matches.
 */
export function ztunnelRule(rule: ResolvedRule, context: ZtunnelContext): CompiledRule<Facts> | undefined {
  if (isRemoved(rule, context)) return undefined;
  const entries = [rule.to, rule.from].filter((clause) => clause.length > 0);
  const conditions = rule.when.map((condition) => [condition]);
  return {
    groups: [
      ...entries.map((clause) => alternatives(clause, 'entry', context)),
      ...conditions.map((clause) => alternatives(clause, 'condition', context)),
    ],
  };
}

/** `upstream`: a match of which nothing is left never holds; `strict`: it does. */
function alternatives(
  clause: readonly (readonly Requirement[])[],
  place: Place,
  context: ZtunnelContext,
): readonly Conjunction<Facts>[] {
  const conjunctions = clause.map((match) => match.flatMap((requirement) => evaluated(requirement, place, context)));
  return context.dialect === 'strict' ? conjunctions : conjunctions.filter((conjunction) => conjunction.length > 0);
}

function evaluated(requirement: Requirement, place: Place, context: ZtunnelContext): Conjunction<Facts> {
  const { attribute, negated } = requirement;
  if (supportOf(attribute, place, context) !== 'evaluated') return [];
  const isAddress = attribute.kind === 'source-ip' || attribute.kind === 'destination-ip';
  const values = requirement.values.filter((value) => !isAddress || readIpRange(value) !== undefined);
  if (values.length === 0) return [];
  return [literalOf({ attribute, negated, values }, { gate: 'ztunnel', namespace: context.namespace, whenAwaited: false })];
}

/** An enforced ALLOW rule, in `upstream` any ALLOW rule, goes as a whole with anything that is reported as L7. */
function isRemoved(rule: ResolvedRule, context: ZtunnelContext): boolean {
  if (context.action !== 'ALLOW' || (context.dialect === 'strict' && context.dryRun)) return false;
  const isL7 = (place: Place) => (requirement: Requirement) => supportOf(requirement.attribute, place, context) === 'l7';
  return (
    rule.unknownKey !== undefined ||
    [...rule.to, ...rule.from].flat().some(isL7('entry')) ||
    rule.when.flat().some(isL7('condition'))
  );
}

function supportOf(attribute: Attribute, place: Place, { dialect }: ZtunnelContext): 'evaluated' | 'l7' | 'dropped' {
  switch (attribute.kind) {
    case 'principal':
    case 'namespace':
    case 'source-ip':
    case 'destination-ip':
    case 'destination-port':
      return 'evaluated';
    case 'service-account':
      return dialect === 'strict' || place === 'entry' ? 'evaluated' : 'l7';
    case 'trust-domain':
      if (dialect === 'strict') return 'evaluated';
      return place === 'entry' ? 'dropped' : 'l7';
    default:
      return 'l7';
  }
}
