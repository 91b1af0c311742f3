import { formatPlace, type PolicyReference, type Verdict } from '@sallyport/policy';
import type { LogField } from './log-line.js';

/** What the log says of a connection that policy refused; the first two sentences are ztunnel's (reference sections 7.5, 7.12). */
export function describeDenial(verdict: Verdict): string {
  return `connection closed due to policy rejection: ${why(verdict)}`;
}

/** The error of a connection that was open when the policy changed (reference section 7.8). */
export const policyChange = 'connection closed due to policy change';

function why(verdict: Verdict): string {
  const { reason, policy, detail } = verdict;
  if (reason === 'deny-policy' || reason === 'mtls-required') return `explicitly denied by: ${nameOf(policy)}`;
  if (reason === 'no-allow-match') return 'allow policies exist, but none allowed';
  return [reason, policy && `by: ${nameOf(policy)}`, detail && `(${detail})`].filter(Boolean).join(' ');
}

function nameOf(policy: PolicyReference | undefined): string {
  return policy === undefined ? 'unknown' : `${policy.namespace}/${policy.name}`;
}

/**
 * The fields that follow those of ztunnel: for a denial the reason, policy, rule and place, or the policies none of which allowed;
 * in any case what AUDIT and dry-run policies had to say.
 */
export function verdictFields(verdict: Verdict): LogField[] {
  if (saysNothing(verdict)) return [];
  const { policy } = verdict;
  const denied = verdict.effect === 'deny';
  return [
    { name: 'reason', value: denied ? verdict.reason : undefined },
    { name: 'policy', value: denied && policy ? `${policy.kind}/${nameOf(policy)}` : undefined },
    { name: 'rule', value: denied ? policy?.rule : undefined },
    { name: 'place', value: denied && policy ? formatPlace(policy.span) : undefined },
    { name: 'unmatched', value: verdict.unmatched?.slice(0, namedUnmatched).map(nameAndPlace).join(',') },
    { name: 'audit', value: verdict.audit.length > 0 ? verdict.audit.map(nameAndRule).join(',') : undefined },
    { name: 'dry_run', value: verdict.dryRun && [verdict.dryRun.effect, dryRunPolicy(verdict)].filter(Boolean).join(' ') },
  ];
}

/** Most verdicts: there is nothing to say. */
function saysNothing({ effect, audit, dryRun }: Verdict): boolean {
  return effect === 'allow' && audit.length === 0 && dryRun === undefined;
}

/** Policies that a line names where none of them matched; a line stays a line. */
const namedUnmatched = 5;

function nameAndPlace(policy: PolicyReference): string {
  return `${nameOf(policy)} ${formatPlace(policy.span)}`;
}

function dryRunPolicy({ dryRun }: Verdict): string | undefined {
  return dryRun?.policy && nameAndRule(dryRun.policy);
}

/** A policy that only says what it would do; at a ztunnel that may be by a part of its rule. */
function nameAndRule(policy: PolicyReference): string {
  const rule = policy.rule === undefined ? '' : ` rule ${policy.rule}`;
  return `${nameOf(policy)}${rule}${policy.partial === true ? ' (partial)' : ''}`;
}
