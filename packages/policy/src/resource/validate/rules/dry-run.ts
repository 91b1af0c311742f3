import { parseGoBoolean } from '../../dialect.js';
import { type PolicyRule, policySpan } from './policy-rule.js';

const annotation = 'istio.io/dry-run';

/** The dry-run annotation is a boolean as Go reads it, on ALLOW or DENY only (reference section 1.3, annotations). */
export const checkDryRun: PolicyRule = (context) => {
  const { policy, report } = context;
  const value = policy.metadata.annotations[annotation];
  if (value === undefined) return;
  const span = policy.metadata.annotationSpans[annotation] ?? policySpan(context);
  if (parseGoBoolean(value) === undefined)
    report('dry-run-value', span, `\`${value}\` is not a boolean for \`${annotation}\``, { hint: 'write `"true"` or `"false"`' });
  if (policy.action === 'ALLOW' || policy.action === 'DENY') return;
  report('dry-run-action', span, `\`${annotation}\` is not supported with ${policy.action}`, {
    hint: 'remove the annotation: only ALLOW and DENY can be tried out',
  });
};
