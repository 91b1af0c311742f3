import type { Action } from '../resource/model/index.js';
import type { Attribute } from './attribute.js';
import { readIpRange } from './ip-range.js';
import type { Requirement, ResolvedRule } from './requirement.js';

/** Where a rule stands. */
export interface ZtunnelContext {
  readonly dialect: 'strict' | 'upstream';
  readonly action: Action;
  readonly dryRun: boolean;
  /** Namespace of the policy, for bare service accounts. */
  readonly namespace: string;
}

/** Alternatives, of which one has to hold; each is a list of requirements, all of which have to. */
export type ZtunnelClause = readonly (readonly Requirement[])[];

type Place = 'entry' | 'condition';
type Support = 'l4' | 'l7' | 'dropped';

/**
 * The clauses of a rule as a ztunnel has them, all of which must hold: one for `to`, one for `from`, one for each condition, without what a ztunnel does not
 * evaluate, values that it cannot read, and fields that have no others (reference sections 4.2 and 4.3). Undefined for a rule that is removed: an ALLOW
 * rule with an L7 attribute.
 */
export function ztunnelClauses(rule: ResolvedRule, context: ZtunnelContext): readonly ZtunnelClause[] | undefined {
  if (isRemoved(rule, context)) return undefined;
  const entries = [rule.to, rule.from].filter((clause) => clause.length > 0);
  return [
    ...entries.map((clause) => clause.map((match) => kept(match, context, 'entry'))),
    ...rule.when.map((condition) => [kept(condition, context, 'condition')]),
  ];
}

/** What a ztunnel makes of an attribute: evaluates it, reports it as L7, or drops it without a word. */
function support(attribute: Attribute, place: Place, { dialect }: ZtunnelContext): Support {
  switch (attribute.kind) {
    case 'principal':
    case 'namespace':
    case 'source-ip':
    case 'destination-ip':
    case 'destination-port':
      return 'l4';
    case 'service-account':
      return dialect === 'strict' || place === 'entry' ? 'l4' : 'l7';
    case 'trust-domain':
      if (dialect === 'strict') return 'l4';
      return place === 'entry' ? 'dropped' : 'l7';
    default:
      return 'l7';
  }
}

/** An enforced ALLOW rule, in `upstream` any ALLOW rule, goes as a whole with anything that is reported as L7. */
function isRemoved(rule: ResolvedRule, context: ZtunnelContext): boolean {
  if (context.action !== 'ALLOW' || (context.dialect === 'strict' && context.dryRun)) return false;
  const has = (requirements: readonly Requirement[], place: Place) =>
    requirements.some(({ attribute }) => support(attribute, place, context) === 'l7');
  return rule.unknownKey !== undefined || has([...rule.to, ...rule.from].flat(), 'entry') || has(rule.when.flat(), 'condition');
}

function kept(match: readonly Requirement[], context: ZtunnelContext, place: Place): readonly Requirement[] {
  return match
    .filter(({ attribute }) => support(attribute, place, context) === 'l4')
    .map((requirement) => ({
      ...requirement,
      values: requirement.values.filter((value) => isReadable(requirement.attribute, value)),
    }))
    .filter(({ values }) => values.length > 0);
}

function isReadable(attribute: Attribute, value: string): boolean {
  const isIp = attribute.kind === 'source-ip' || attribute.kind === 'destination-ip';
  return !isIp || readIpRange(value) !== undefined;
}
