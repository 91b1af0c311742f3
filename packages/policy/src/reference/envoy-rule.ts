import type { Action } from '../resource/model/index.js';
import { isHttpOnly } from './attribute.js';
import type { Facts } from './facts.js';
import { readIpRange } from './ip-range.js';
import { matchesValue } from './match-value.js';
import { isAwaited } from './metadata.js';
import type { Requirement, ResolvedRule } from './requirement.js';

/** What a rule is read for at an Envoy gate: HTTP requests, or connections of a TCP port. */
export type EnvoyLayer = 'http' | 'tcp';

/** Where a rule stands. */
export interface EnvoyContext {
  readonly layer: EnvoyLayer;
  readonly action: Action;
  /** Namespace of the policy, for bare service accounts. */
  readonly namespace: string;
}

/**
 * Whether a rule matches at a waypoint or gateway: one of `to`, one of `from`, and every condition (reference section 3.1). A
 * value that the layer cannot evaluate takes an ALLOW rule out as a whole; from the rules of any other action it is left out,
 * and a field that has no value left holds, so that they match more, not less (reference sections 3.9 and 4.1).
 */
export function matchesEnvoyRule(rule: ResolvedRule, context: EnvoyContext, facts: Facts): boolean {
  if (rule.unknownKey !== undefined) return false;
  if (context.action === 'ALLOW' && everyRequirement(rule).some((each) => each.values.some(unusable(each, context))))
    return false;
  const holds = (requirement: Requirement) => requirementHolds(requirement, context, facts);
  return (
    (rule.to.length === 0 || rule.to.some((entry) => entry.every(holds))) &&
    (rule.from.length === 0 || rule.from.some((entry) => entry.every(holds))) &&
    rule.when.every((condition) => condition.every(holds))
  );
}

function everyRequirement(rule: ResolvedRule): readonly Requirement[] {
  return [...rule.to, ...rule.from, ...rule.when].flat();
}

function requirementHolds(requirement: Requirement, context: EnvoyContext, facts: Facts): boolean {
  const isUnusable = unusable(requirement, context);
  const values = requirement.values.filter((value) => !isUnusable(value));
  if (values.length === 0) return true;
  const { attribute } = requirement;
  // In the connection's favour: no rule that would turn it away holds because of what is not known yet.
  if (attribute.kind === 'metadata' && isAwaited(attribute, facts.metadata)) return context.action === 'ALLOW';
  const matches = values.some((value) => matchesValue(attribute, value, context.namespace, facts));
  return matches !== requirement.negated;
}

function unusable({ attribute }: Requirement, { layer }: EnvoyContext): (value: string) => boolean {
  if (layer === 'tcp' && isHttpOnly(attribute)) return () => true;
  switch (attribute.kind) {
    case 'header':
      return () => attribute.name === undefined;
    case 'claim':
      return () => attribute.path === undefined;
    case 'source-ip':
    case 'remote-ip':
    case 'destination-ip':
      return (value) => readIpRange(value) === undefined;
    default:
      return () => false;
  }
}
