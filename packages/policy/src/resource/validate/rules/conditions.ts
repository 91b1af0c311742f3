import type { Condition } from '../../model/authorization-policy.js';
import { checkIpBlocks } from '../values/ip-blocks.js';
import { checkPorts } from '../values/ports.js';
import { checkServiceAccounts } from '../values/service-accounts.js';
import { checkTrustDomains } from '../values/trust-domains.js';
import { findConditionKey, hintForUnknown, isBracketed, keyProblem } from './condition-key.js';
import type { PolicyContext, PolicyRule } from './policy-rule.js';

/** Conditions have a known key and values that fit it (reference section 1.3, E28 to E31 and its table). */
export const checkConditions: PolicyRule = (context) => {
  for (const condition of context.policy.rules.flatMap((rule) => rule.when)) checkCondition(condition, context);
};

function checkCondition(condition: Condition, context: PolicyContext): void {
  const { key, values, notValues } = condition;
  const { report } = context;
  if (values.length === 0 && notValues.length === 0) {
    report('condition-without-values', condition.span, 'a condition has neither `values` nor `notValues`', {
      hint: 'write the values that the attribute may, or may not, have',
    });
  }
  for (const { value, span } of [...values, ...notValues]) {
    if (value === '')
      report('empty-value', span, `condition \`${key.value}\` has an empty value`, {
        hint: 'remove it, or write `*` for any value',
      });
  }
  if (key.value === '')
    report('condition-key', key.span, 'a condition has an empty key', {
      hint: 'name the attribute that it looks at, such as `source.ip`',
    });
  else checkKey(condition, context);
}

function checkKey(condition: Condition, context: PolicyContext): void {
  const { key } = condition;
  const { report, strict } = context;
  const known = findConditionKey(key.value);
  if (known === undefined) {
    report('condition-key', key.span, `no attribute is named \`${key.value}\``, { hint: hintForUnknown(key.value) });
    return;
  }
  if (known.bracketed && !isBracketed(key.value)) {
    report('condition-key', key.span, `\`${key.value}\` does not end in a name in brackets`, {
      hint: `write \`${known.shown}\``,
    });
    return;
  }
  const problem = strict && known.bracketed ? keyProblem(known, key.value) : undefined;
  if (problem !== undefined)
    report('condition-key-near-miss', key.span, `\`${key.value}\` would never match: ${problem}`, {
      hint: `write \`${known.shown}\``,
    });
  checkValues(condition, context);
}

function checkValues({ key, values, notValues, span }: Condition, { report, strict }: PolicyContext): void {
  for (const list of [values, notValues]) {
    const texts = list.filter(({ value }) => value !== '');
    if (key.value === 'source.ip' || key.value === 'remote.ip' || key.value === 'destination.ip')
      checkIpBlocks(texts, report, strict);
    else if (key.value === 'destination.port') checkPorts(texts, report);
    else if (key.value === 'source.serviceAccount') checkServiceAccounts(texts, span, report);
    else if (key.value === 'source.trustDomain') checkTrustDomains(texts, report, !strict);
  }
}
