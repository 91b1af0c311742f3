import type { Fields } from '../decode/fields.js';
import type { AuthorizationPolicy } from '../model/authorization-policy.js';
import { checkAction } from './rules/action.js';
import { checkAttachment } from './rules/attachment.js';
import { checkConditions } from './rules/conditions.js';
import { checkCustomAttributes } from './rules/custom-attributes.js';
import { warnDenyClosesTcp } from './rules/deny-closes-tcp.js';
import { checkDryRun } from './rules/dry-run.js';
import { refuseEmptyLists } from './rules/empty-lists.js';
import { checkEntries } from './rules/entries.js';
import type { PolicyContext, PolicyRule } from './rules/policy-rule.js';
import { checkSelector } from './rules/selector.js';
import { checkServiceAccountFields } from './rules/service-accounts.js';
import { checkTargetRefs } from './rules/target-refs.js';
import { checkTermValues } from './rules/values.js';

const rules: readonly PolicyRule[] = [
  attachment,
  checkAction,
  checkCustomAttributes,
  checkEntries,
  refuseEmptyLists,
  checkServiceAccountFields,
  checkTermValues,
  checkConditions,
  checkDryRun,
  warnDenyClosesTcp,
];

/** Checks an AuthorizationPolicy by every rule of reference section 1. All of them run, whatever the others found. */
export function validateAuthorizationPolicy(policy: AuthorizationPolicy, object: Fields): void {
  const spec = object.fields('spec');
  const context: PolicyContext = {
    policy,
    spec,
    writtenRules: spec?.fieldsList('rules') ?? [],
    strict: object.context.dialect.name === 'strict',
    report: (code, span, message, detail) => object.report(code, span, message, detail),
  };
  for (const rule of rules) rule(context);
}

function attachment({ spec }: PolicyContext): void {
  if (spec === undefined) return;
  checkAttachment(spec);
  checkSelector(spec);
  checkTargetRefs(spec);
}
