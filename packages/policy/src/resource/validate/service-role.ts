import { negatedName } from '../decode/authorization-policy.js';
import type { Fields } from '../decode/fields.js';
import { spellings } from '../decode/spelling.js';
import type { ServiceRole } from '../model/rbac.js';
import type { Report } from './report.js';
import { checkAccessRules } from './rules/access-rules.js';
import { refuseEmpty } from './rules/empty-lists.js';

const fields = ['hosts', 'methods', 'paths', 'ports'];
const lists = ['services', 'constraints', ...fields, ...fields.map(negatedName).flatMap(spellings)];

/** Checks a ServiceRole (legacy reference section 1.3). */
export function validateServiceRole(role: ServiceRole, object: Fields): void {
  const report: Report = (code, span, message, detail) => object.report(code, span, message, detail);
  if (role.rules.length === 0)
    report('role-without-rules', role.metadata.nameSpan, `role \`${role.metadata.name}\` has no rule`, {
      hint: 'write at least one rule',
    });
  checkAccessRules(role.rules, object.context.dialect.name === 'strict', report);
  for (const rule of object.fields('spec')?.fieldsList('rules') ?? []) refuseEmpty(rule, lists);
}
