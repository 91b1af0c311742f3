import type { Rule, SourceField } from '../../model/authorization-policy.js';
import type { PolicyRule } from './policy-rule.js';

const connectionFields: ReadonlySet<SourceField> = new Set([
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
]);

/**
 * A DENY rule that looks at HTTP only denies everything on TCP ports in its scope, where an Envoy enforces it (reference section 1.3,
 * W2, and 4.1).
 */
export const warnDenyClosesTcp: PolicyRule = ({ policy, report }) => {
  if (policy.action !== 'DENY') return;
  for (const rule of policy.rules.filter(looksAtHttpOnly)) {
    report('deny-closes-tcp', rule.span, 'this DENY rule looks at HTTP only: on a TCP port it denies every connection', {
      hint: 'say which `ports` of the operation it is for',
    });
  }
};

function looksAtHttpOnly({ from, to }: Rule): boolean {
  if (to.length > 0) return !to.some((entry) => entry.terms.some(({ field }) => field === 'ports'));
  return from.length > 0 && !from.some((entry) => entry.terms.some(({ field }) => connectionFields.has(field)));
}
