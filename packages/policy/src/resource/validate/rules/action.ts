import { type PolicyRule, policySpan } from './policy-rule.js';

/** CUSTOM and DENY need rules, CUSTOM a provider, and nothing else has one (reference section 1.3, E7, E8, E10, E11). */
export const checkAction: PolicyRule = (context) => {
  const { policy, spec, report } = context;
  const { action } = policy;
  const actionSpan = spec?.has('action') ? spec.valueSpan('action') : policySpan(context);
  const withoutRules = policy.rules.length === 0;
  if (withoutRules && (action === 'DENY' || action === 'CUSTOM')) {
    report('action-without-rules', actionSpan, `${action} without rules never does anything`, {
      hint: 'add a rule; `rules: [{}]` is every request',
    });
  }
  if (action === 'CUSTOM' && !withoutRules && !policy.provider?.value) {
    report(
      'custom-without-provider',
      spec?.has('provider') ? spec.valueSpan('provider') : actionSpan,
      'CUSTOM does not name its provider',
      {
        hint: 'add `provider: {name: …}` with a name of MeshConfig `extensionProviders`',
      },
    );
  }
  if (action !== 'CUSTOM' && spec?.has('provider')) {
    report('provider-without-custom', spec.nameSpan('provider'), `\`provider\` has no meaning with ${action}`, {
      hint: 'remove it, or write `action: CUSTOM`',
    });
  }
};
