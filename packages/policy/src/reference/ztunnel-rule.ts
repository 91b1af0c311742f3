import type { Attribute } from './attribute.js';
import type { Facts } from './facts.js';
import { matchesPrincipal, matchesTrustDomain, readIdentity } from './identity.js';
import { type IpAddress, rangeHolds, readIpRange } from './ip-range.js';
import type { Requirement, ResolvedRule } from './requirement.js';
import { matchesPattern } from './string-pattern.js';
import { type ZtunnelContext, ztunnelClauses } from './ztunnel-clauses.js';

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
  const clauses = ztunnelClauses(rule, context);
  return clauses?.every((clause) => clause.some((match) => matchHolds(match, context, facts))) ?? false;
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
