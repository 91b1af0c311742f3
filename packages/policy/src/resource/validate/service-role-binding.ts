import type { Fields } from '../decode/fields.js';
import { decodeAccessRule } from '../decode/service-role.js';
import type { ServiceRoleBinding } from '../model/rbac.js';
import type { Report } from './report.js';
import { checkAccessRules } from './rules/access-rules.js';
import { checkSubjects } from './rules/subjects.js';

/** Checks a ServiceRoleBinding (legacy reference section 1.4). */
export function validateServiceRoleBinding(binding: ServiceRoleBinding, object: Fields): void {
  const report: Report = (code, span, message, detail) => object.report(code, span, message, detail);
  const strict = object.context.dialect.name === 'strict';
  if (binding.subjects.length === 0)
    report('binding-without-subjects', binding.metadata.nameSpan, `binding \`${binding.metadata.name}\` has no subject`, {
      hint: 'write at least one subject',
    });
  checkSubjects(binding.subjects, strict, report);
  checkRole(binding, object, strict, report);
}

function checkRole(binding: ServiceRoleBinding, object: Fields, strict: boolean, report: Report): void {
  const spec = object.fields('spec');
  const reference = spec?.fields('roleRef');
  const actions = spec?.fieldsList('actions') ?? [];
  const role = spec?.text('role');
  const written = [reference !== undefined, (role?.value ?? '') !== '', actions.length > 0].filter(Boolean).length;
  if (written !== 1)
    report('binding-role', binding.metadata.nameSpan, 'a binding names its role in exactly one way', {
      hint: 'write `roleRef: {kind: ServiceRole, name: NAME}` and nothing else',
    });
  if (reference !== undefined) checkReference(reference, report);
  if (role?.value === '/')
    report('binding-role', role.span, '`role` names no role', { hint: 'write `roleRef: {kind: ServiceRole, name: NAME}`' });
  checkAccessRules(actions.map(decodeAccessRule), strict, report);
  // Upstream's validation lets it pass, and its control plane then crashes on it (legacy reference section 1.4).
  if (reference === undefined && written === 1)
    report('binding-without-role-ref', binding.metadata.nameSpan, 'a binding without `roleRef` cannot be loaded', {
      hint: 'write a ServiceRole, and name it in `roleRef`',
    });
}

function checkReference(reference: Fields, report: Report): void {
  const kind = reference.text('kind');
  if (kind?.value !== 'ServiceRole')
    report('binding-role', reference.valueSpan('kind'), `\`${kind?.value ?? ''}\` is not a kind that a binding can name`, {
      hint: 'write `kind: ServiceRole`',
    });
  if ((reference.text('name')?.value ?? '') === '')
    report('binding-role', reference.valueSpan('name'), 'the reference names no role', { hint: 'name a role of this namespace' });
}
