import { assertNever } from '../../assert-never.js';
import type { Decision } from '../explanation.js';

/** Why a gate decided as it did, as one clause for people: the policy and rule with their place, where one decided. */
export function describeReason(decision: Decision & { readonly detail?: string | null }): string {
  const by = rulePlace(decision);
  const detail = decision.detail ? `: ${decision.detail}` : '';
  switch (decision.reason) {
    case 'no-policy':
      return 'no policy applies here, so it allows';
    case 'allow-policy':
      return `ALLOW ${by}`;
    case 'no-allow-policy':
      return 'no DENY policy matches, and no ALLOW policy applies';
    case 'deny-policy':
      return `DENY ${by}`;
    case 'no-allow-match':
      return 'ALLOW policies apply, and none of their rules matches';
    case 'mtls-required':
      return `mutual TLS is required by ${by}, and this is plaintext`;
    case 'l7-at-ztunnel':
      return `${by} closes this workload${detail || ': it needs HTTP attributes, which no ztunnel can evaluate'}`;
    case 'policy-without-waypoint':
      return `${by} closes this workload${detail || ': it targets a Service that has no waypoint'}`;
    case 'waypoint-unavailable':
      return `the waypoint cannot be used${detail || placeOf(decision)}`;
    case 'invalid-token':
      return `${by} refuses the token of the request${detail}`;
    case 'unsupported-policy':
      return `${by} needs something that this gate does not evaluate${detail}`;
    case 'custom-policy':
      return `CUSTOM ${by}${detail}`;
    case 'role-match':
      return `role ${by} is bound to this client${bindingPlace(decision)}`;
    case 'no-role-match':
      return `RBAC is on by ${by}, and no role grants this${detail}`;
    case 'bad-request':
      return `the request itself is unacceptable${detail}`;
    case 'unreadable-attribute':
      return `no policy can be asked${detail}`;
    case 'internal-error':
      return `the gate failed inside${detail}`;
    default:
      return assertNever(decision.reason);
  }
}

/** `NAMESPACE/NAME rule N at FILE:LINE`. */
function rulePlace(decision: Decision): string {
  if (decision.policy === null) return 'a policy';
  const rule = decision.rule === null ? '' : ` rule ${decision.rule}`;
  return `${decision.policy}${rule}${placeOf(decision)}`;
}

/** ` by NAMESPACE/NAME subject N at FILE:LINE`. */
function bindingPlace({ binding }: Decision): string {
  if (!binding) return '';
  const subject = binding.subject === null ? '' : ` subject ${binding.subject}`;
  return ` by ${binding.policy}${subject} at ${binding.file}:${binding.line}`;
}

function placeOf(decision: Decision): string {
  return decision.file === null ? '' : ` at ${decision.file}:${decision.line}`;
}
