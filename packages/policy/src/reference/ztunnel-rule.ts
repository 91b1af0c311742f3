import type { Action } from '../resource/model/index.js';
import type { Attribute } from './attribute.js';
import type { Facts } from './facts.js';
import { matchesPrincipal, matchesTrustDomain, readIdentity } from './identity.js';
import { type IpAddress, rangeHolds, readIpRange } from './ip-range.js';
import type { Requirement, ResolvedRule } from './requirement.js';
import { matchesPattern } from './string-pattern.js';

/** Where a rule stands. */
export interface ZtunnelContext {
  readonly dialect: 'strict' | 'upstream';
  readonly action: Action;
  readonly dryRun: boolean;
  /** Namespace of the policy, for bare service accounts. */
  readonly namespace: string;
}

/**
 * Whether a rule matches at a ztunnel. A rule is a list of clauses, all of which must hold: one for `to`, one for `from`, one
 * for each condition; a clause holds if one of its matches does (reference sections 4.2 and 4.3). A rule without clauses
 * matches everything.
 *
 * `upstream`: an L7 attribute removes an ALLOW rule; elsewhere it is left out, and a match with nothing left never holds
 * (section 0.8). `strict`: a gate with an enforced ALLOW or DENY that needs L7 is closed before it comes to this; what is only
 * tried out, logged or sent to an authorizer is judged by its L4 part, and a match with nothing left holds (design: "Two
 * dialects").
 */
export function matchesZtunnelRule(rule: ResolvedRule, context: ZtunnelContext, facts: Facts): boolean {
  if (isRemoved(rule, context)) return false;
  const conditions = rule.when.map((condition) => [kept(condition, context, 'condition')]);
  const entries = [rule.to, rule.from].filter((clause) => clause.length > 0);
  const clauses = [...entries.map((clause) => clause.map((match) => kept(match, context, 'entry'))), ...conditions];
  return clauses.every((clause) => clause.some((match) => matchHolds(match, context, facts)));
}

type Place = 'entry' | 'condition';
type Support = 'l4' | 'l7' | 'dropped';

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

function isRemoved(rule: ResolvedRule, context: ZtunnelContext): boolean {
  if (context.action !== 'ALLOW' || (context.dialect === 'strict' && context.dryRun)) return false;
  const has = (requirements: readonly Requirement[], place: Place) =>
    requirements.some(({ attribute }) => support(attribute, place, context) === 'l7');
  return rule.unknownKey !== undefined || has([...rule.to, ...rule.from].flat(), 'entry') || has(rule.when.flat(), 'condition');
}

/** The part of a match that a ztunnel evaluates, without values that it cannot read and fields that have no others. */
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

function matchHolds(match: readonly Requirement[], context: ZtunnelContext, facts: Facts): boolean {
  if (match.length === 0) return context.dialect === 'strict';
  return match.every(({ attribute, negated, values }) => {
    const matches = values.some((value) => matchesValue(attribute, value, context.namespace, facts));
    return matches !== negated;
  });
}

function matchesValue(attribute: Attribute, value: string, policyNamespace: string, facts: Facts): boolean {
  const peer = facts.identity === undefined ? undefined : readIdentity(facts.identity);
  switch (attribute.kind) {
    case 'principal':
      return matchesPrincipal(value, facts.identity);
    case 'namespace':
      return peer !== undefined && matchesPattern(value, peer.namespace);
    case 'service-account': {
      const [namespace, account] = value.includes('/') ? value.split('/') : [policyNamespace, value];
      return peer !== undefined && peer.namespace === namespace && peer.serviceAccount === account;
    }
    case 'trust-domain':
      return matchesTrustDomain(value, facts.identity);
    case 'source-ip':
      return facts.sourceIp !== undefined && holds(value, facts.sourceIp);
    case 'destination-ip':
      return holds(value, facts.destinationIp);
    case 'destination-port':
      return Number(value) === facts.destinationPort;
    default:
      throw new TypeError(`a ztunnel does not evaluate ${attribute.kind}`);
  }
}

function holds(value: string, address: IpAddress): boolean {
  const range = readIpRange(value);
  return range !== undefined && rangeHolds(range, address);
}
