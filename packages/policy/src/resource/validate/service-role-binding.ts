import { negatedName } from '../decode/authorization-policy.js';
import type { Fields } from '../decode/fields.js';
import { decodeAccessRule } from '../decode/service-role.js';
import { spellings } from '../decode/spelling.js';
import type { ServiceRoleBinding } from '../model/rbac.js';
import type { Report } from './report.js';
import { checkAccessRules } from './rules/access-rules.js';
import { refuseEmpty, reportEmpty } from './rules/empty-lists.js';
import { checkSubjects, saysNothing } from './rules/subjects.js';

const fields = ['names', 'groups', 'namespaces', 'ips'];
const lists = [...fields, ...fields.map(negatedName).flatMap(spellings)];

/** Checks a ServiceRoleBinding (legacy reference section 1.4). */
export function validateServiceRoleBinding(binding: ServiceRoleBinding, object: Fields): void {
  const report: Report = (code, span, message, detail) => object.report(code, span, message, detail);
  const strict = object.context.dialect.name === 'strict';
  if (binding.subjects.length === 0)
    report('binding-without-subjects', binding.metadata.nameSpan, `binding \`${binding.metadata.name}\` has no subject`, {
      hint: 'write at least one subject',
    });
  checkSubjects(binding.subjects, strict, report);
  const written = object.fields('spec')?.fieldsList('subjects') ?? [];
  for (const subject of binding.subjects) if (strict && !saysNothing(subject)) checkWritten(written[subject.index], report);
  checkRole(binding, object, strict, report);
}

/** Whether a subject is anyone or nobody goes by what was written in it (legacy reference section 6, item 3), so that nothing in it is empty. */
function checkWritten(subject: Fields | undefined, report: Report): void {
  refuseEmpty(subject, lists);
  if (subject?.fields('properties')?.node.entries.size === 0) reportEmpty(subject, 'properties');
  for (const name of ['user', 'group']) {
    const text = subject?.text(name);
    if (text?.value === '') report('role-value', text.span, `\`${name}\` is empty`, { hint: 'remove it' });
  }
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
