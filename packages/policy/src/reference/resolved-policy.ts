import type { GateBinding } from '../bind/binding.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import type { Candidate } from '../verdict/combine.js';
import { type ResolvedRule, resolveRule } from './requirement.js';

/** A rule that matched. */
export interface RuleMatch {
  readonly policy: AuthorizationPolicy;
  readonly rule: number;
  /** At a ztunnel: the rule has conditions that it cannot evaluate, so that only a part of it is known to match. */
  readonly partial?: boolean;
}

/** A policy of a gate with its rules ready to be asked. */
export interface ResolvedPolicy {
  readonly policy: AuthorizationPolicy;
  /** In the order of the policy's own rules. */
  readonly rules: readonly ResolvedRule[];
}

/** By namespace, then name: where several policies match, the first of these is named. */
export function resolvedInOrder(
  binding: Pick<GateBinding, 'policies'>,
  trustDomains: readonly string[] | undefined,
): readonly ResolvedPolicy[] {
  return binding.policies
    .map(({ policy }) => ({ policy, rules: policy.rules.map((rule) => resolveRule(rule, trustDomains)) }))
    .sort(
      ({ policy: { metadata: a } }, { policy: { metadata: b } }) => compare(a.namespace, b.namespace) || compare(a.name, b.name),
    );
}

/** The policy as the combining algorithm sees it: its first rule that matches. */
export function candidateOf({ policy, rules }: ResolvedPolicy, matches: (rule: ResolvedRule) => boolean): Candidate<RuleMatch> {
  return {
    action: policy.action,
    dryRun: policy.dryRun,
    match: () => {
      const place = rules.findIndex(matches);
      return place < 0 ? undefined : { policy, rule: policy.rules[place]?.index ?? place };
    },
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
