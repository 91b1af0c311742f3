import type { Closure, GateBinding } from '../bind/binding.js';
import type { Unreadable } from '../reference/facts.js';
import { isHeaderValue } from '../reference/request-defect.js';
import type { RuleMatch } from '../reference/resolved-policy.js';
import type { PeerAuthentication } from '../resource/model/index.js';
import type { Authentication, TokenRefusal } from '../verdict/attributes.js';
import type { Outcome, Shadow } from '../verdict/combine.js';
import type { PolicyReference, Verdict } from '../verdict/verdict.js';

/** The verdict that an outcome of the combining algorithm comes to; of a token that refuses the request it does not say which. */
export function verdictOf(outcome: Outcome<RuleMatch>, allowPolicies?: () => readonly PolicyReference[]): Verdict {
  if (outcome.reason === 'invalid-token') return invalidTokenVerdict(undefined);
  const [first] = outcome.decisive;
  const dryRun = dryRunOf(outcome.shadow);
  return {
    effect: outcome.effect,
    reason: outcome.reason,
    ...(first === undefined ? {} : { policy: referenceTo(first) }),
    ...(outcome.reason === 'no-allow-match' && allowPolicies !== undefined ? { unmatched: allowPolicies() } : {}),
    audit: outcome.audit.map(referenceTo),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(outcome.reason === 'internal-error' ? { detail: `a policy could not be evaluated: ${String(outcome.failure)}` } : {}),
  };
}

/** The enforced ALLOW policies of a binding: what did not match where nothing was allowed. */
export function allowPoliciesOf({ policies }: Pick<GateBinding, 'policies'>): readonly PolicyReference[] {
  return policies.flatMap(({ policy: { action, dryRun, metadata } }) => {
    const { namespace, name, nameSpan } = metadata;
    return action === 'ALLOW' && !dryRun ? [{ kind: 'AuthorizationPolicy', namespace, name, span: nameSpan }] : [];
  });
}

/** A token that refuses the request, answered as Envoy answers it (reference section 8.3). */
export function invalidTokenVerdict(refused: TokenRefusal | undefined): Verdict {
  const base: Verdict = { effect: 'deny', reason: 'invalid-token', audit: [] };
  if (refused === undefined) return base;
  const { status, body, wwwAuthenticate, policy } = refused;
  const response = { status, headers: [['www-authenticate', wwwAuthenticate] as const], body };
  return { ...base, ...(policy === undefined ? {} : { policy }), status, response, detail: body };
}

/** A request that was given a header which no message may have, from a claim with a line break: it cannot be forwarded. */
export function unsendableVerdict(authentication: Authentication | undefined): Verdict | undefined {
  if (authentication === undefined) return undefined;
  for (const [name, value] of authentication.edits.added) {
    if (isHeaderValue(value)) continue;
    const body = `invalid header value for: ${name}`;
    const response = { status: 503, headers: [], body };
    return { effect: 'deny', reason: 'bad-request', audit: [], status: 503, response, detail: body };
  }
  return undefined;
}

/** A gate that is closed before any rule is asked. */
export function closedVerdict(closure: Closure): Verdict {
  const { namespace, name } = closure.policy.metadata;
  const rule = closure.rule === undefined ? {} : { rule: closure.rule };
  const policy: PolicyReference = { kind: closure.kind, namespace, name, ...rule, span: closure.span };
  return { effect: 'deny', reason: closure.reason, policy, audit: [], detail: closure.detail };
}

/** Plaintext where mutual TLS is demanded; `demand` is absent where no object says so. */
export function plaintextVerdict(demand: PeerAuthentication | undefined): Verdict {
  const base: Verdict = { effect: 'deny', reason: 'mtls-required', audit: [], detail: 'plaintext where mutual TLS is required' };
  if (demand === undefined) return base;
  const { namespace, name } = demand.metadata;
  return { ...base, policy: { kind: 'PeerAuthentication', namespace, name, span: demand.span } };
}

/** Attributes that cannot be read satisfy no policy, and no policy's exception. The detail names which. */
export function unreadableVerdict({ unreadable }: Unreadable): Verdict {
  return { effect: 'deny', reason: 'unreadable-attribute', audit: [], detail: `${unreadable} cannot be read` };
}

/** What the gate refuses before policy. */
export function refusedVerdict(refused: { readonly refused: string; readonly status: number }): Verdict {
  return { effect: 'deny', reason: 'bad-request', audit: [], status: refused.status, detail: refused.refused };
}

/** Names a rule that matched. */
export function referenceTo({ policy, rule, partial }: RuleMatch): PolicyReference {
  const { namespace, name } = policy.metadata;
  const span = policy.rules.find((each) => each.index === rule)?.span ?? policy.span;
  return { kind: 'AuthorizationPolicy', namespace, name, rule, span, ...(partial === true ? { partial } : {}) };
}

/** What would have happened had the dry-run policies been the only ones: DENY first, then ALLOW. */
function dryRunOf({ deny, allow }: Outcome<RuleMatch>['shadow']): Verdict['dryRun'] {
  const first = deny?.effect === 'deny' ? deny : (allow ?? deny);
  return first === undefined ? undefined : shadowVerdict(first);
}

function shadowVerdict({ effect, match }: Shadow<RuleMatch>): Verdict['dryRun'] {
  return { effect, ...(match === undefined ? {} : { policy: referenceTo(match) }) };
}
