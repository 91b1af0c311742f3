import type { AuthorizationPolicy, Term } from '../../resource/model/index.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { ztunnelPolicies } from '../ztunnel-policies.js';

/** `trustDomains` at a ztunnel: enforced in `strict`, silently left out by `upstream` (reference section 4.3). */
export function trustDomainsAtZtunnel(context: FindingContext): void {
  for (const [policy, workloads] of ztunnelPolicies(context, (policy) => trustDomainTerms(policy).length > 0)) {
    const [term] = trustDomainTerms(policy);
    if (term === undefined) continue;
    const field = term.negated ? 'notTrustDomains' : 'trustDomains';
    const outcome = policy.action === 'ALLOW' ? 'and may allow more' : 'and may deny nothing';
    const message = `a ztunnel of \`upstream\` drops \`${field}\` ${outcome}: it is bound to the ztunnel of ${listNames(workloads, 2)}`;
    context.report('trust-domains-at-ztunnel', term.span, message, {
      hint: 'name the trust domain in `principals`, as `TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`',
    });
  }
}

function trustDomainTerms(policy: AuthorizationPolicy): Term[] {
  return policy.rules
    .flatMap((rule) => rule.from.flatMap((entry) => entry.terms))
    .filter((term) => term.field === 'trustDomains');
}
