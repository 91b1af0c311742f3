import { checkServiceAccounts } from '../values/service-accounts.js';
import type { PolicyRule } from './policy-rule.js';

const serviceAccountFields = ['serviceAccounts', 'notServiceAccounts'] as const;
const otherFields = ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'] as const;

/**
 * Service accounts are well-formed and stand beside no principals or namespaces (reference sections 1.2 and 1.3, E21, E24). Presence
 * counts for the second: an empty list is one too.
 */
export const checkServiceAccountFields: PolicyRule = ({ policy, writtenRules, report }) => {
  for (const { field, values, span } of policy.rules.flatMap((rule) => rule.from).flatMap((entry) => entry.terms)) {
    if (field === 'serviceAccounts') checkServiceAccounts(values, span, report);
  }
  for (const source of writtenRules.flatMap((rule) => rule.fieldsList('from')).flatMap((from) => from.fields('source') ?? [])) {
    const accounts = serviceAccountFields.find((name) => source.has(name));
    const other = otherFields.find((name) => source.has(name));
    if (accounts === undefined || other === undefined) continue;
    report('service-accounts-mixed', source.nameSpan(accounts), `\`${accounts}\` stands beside \`${other}\` in one source`, {
      hint: 'write `NAMESPACE/SERVICE-ACCOUNT` in `serviceAccounts`, or principals only',
      related: [{ message: `\`${other}\` is here`, span: source.nameSpan(other) }],
    });
  }
};
