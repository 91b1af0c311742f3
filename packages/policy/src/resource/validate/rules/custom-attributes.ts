import type { SourceField } from '../../model/authorization-policy.js';
import type { PolicyRule } from './policy-rule.js';

const identityFields: ReadonlySet<SourceField> = new Set([
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'principals',
  'requestPrincipals',
]);
const identityKeys: ReadonlySet<string> = new Set([
  'source.namespace',
  'source.serviceAccount',
  'source.trustDomain',
  'source.principal',
]);
const hint = 'external authorization is asked before identities and tokens are evaluated; use addresses, operations or headers';

/** CUSTOM rules cannot look at identities or tokens (reference section 1.3, E9). */
export const checkCustomAttributes: PolicyRule = ({ policy, report }) => {
  if (policy.action !== 'CUSTOM') return;
  for (const rule of policy.rules) {
    for (const { field, span } of rule.from.flatMap((entry) => entry.terms)) {
      if (identityFields.has(field)) report('custom-identity', span, `\`${field}\` is not supported with CUSTOM`, { hint });
    }
    for (const { key } of rule.when) {
      if (identityKeys.has(key.value) || key.value.startsWith('request.auth.'))
        report('custom-identity', key.span, `\`${key.value}\` is not supported with CUSTOM`, { hint });
    }
  }
};
