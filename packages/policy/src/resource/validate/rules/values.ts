import { negatedName } from '../../decode/authorization-policy.js';
import type { Term } from '../../model/authorization-policy.js';
import { checkIpBlocks } from '../values/ip-blocks.js';
import { checkPaths } from '../values/paths.js';
import { checkPorts } from '../values/ports.js';
import { checkTrustDomains } from '../values/trust-domains.js';
import type { PolicyContext, PolicyRule } from './policy-rule.js';

/** The values of `from` and `to` are well-formed, field by field (reference section 1.3, E22, E23, E25 to E27). */
export const checkTermValues: PolicyRule = (context) => {
  for (const rule of context.policy.rules) {
    for (const entry of [...rule.from, ...rule.to]) for (const term of entry.terms) checkTerm(term, context);
  }
};

function checkTerm(term: Term, context: PolicyContext): void {
  const { report, strict } = context;
  const name = term.negated ? negatedName(term.field) : term.field;
  for (const { value, span } of term.values) {
    if (value === '')
      report('empty-value', span, `\`${name}\` has an empty value`, { hint: 'remove it, or write `*` for any value' });
  }
  const values = term.values.filter(({ value }) => value !== '');
  if (term.field === 'ipBlocks' || term.field === 'remoteIpBlocks') checkIpBlocks(values, report, strict);
  else if (term.field === 'trustDomains') checkTrustDomains(values, report, false);
  else if (term.field === 'ports') checkPorts(values, report);
  else if (term.field === 'paths') checkPaths(values, report, strict);
}
