import type { Text } from '../../diagnostic/span.js';
import type { Term } from '../model/authorization-policy.js';
import type { ResourceBase } from '../model/metadata.js';
import type { AccessField, AccessRule, Constraint, ServiceRole } from '../model/rbac.js';
import { negatedName } from './authorization-policy.js';
import type { Fields } from './fields.js';
import { refuseUnknownInStrict, spelled } from './spelling.js';

const accessFields: readonly AccessField[] = ['hosts', 'methods', 'paths', 'ports'];

/** Decodes a ServiceRole (legacy reference section 1.3). */
export function decodeServiceRole(object: Fields, base: ResourceBase): ServiceRole {
  const spec = object.fields('spec');
  const decoded: ServiceRole = { ...base, kind: 'ServiceRole', rules: spec?.fieldsList('rules').map(decodeAccessRule) ?? [] };
  refuseUnknownInStrict(spec);
  return decoded;
}

/** Decodes one access rule, of a role or of the `actions` of a binding. */
export function decodeAccessRule(rule: Fields, index: number): AccessRule {
  const decoded: AccessRule = {
    index,
    services: rule.texts('services'),
    terms: accessFields.flatMap((field) => [...decodeTerm(rule, field, false), ...decodeTerm(rule, field, true)]),
    constraints: rule.fieldsList('constraints').map(decodeConstraint),
    span: rule.span,
  };
  refuseUnknownInStrict(rule);
  return decoded;
}

function decodeTerm(rule: Fields, field: AccessField, negated: boolean): Term<AccessField>[] {
  const name = spelled(rule, negated ? negatedName(field) : field);
  const values = field === 'ports' ? decodePorts(rule, name) : rule.texts(name);
  return values.length === 0 ? [] : [{ field, negated, values, span: rule.spanOf(name) }];
}

/** Ports are numbers, or numbers in quotes, as protocol buffers read them. Their range is a matter of validation. */
function decodePorts(rule: Fields, name: string): Text[] {
  return rule.integers(name, -0x8000_0000, 0x7fff_ffff).map(({ value, span }) => ({ value: String(value), span }));
}

function decodeConstraint(constraint: Fields): Constraint {
  const key = constraint.text('key') ?? { value: '', span: constraint.valueSpan('key') };
  const decoded = { key, values: constraint.texts('values'), span: constraint.span };
  refuseUnknownInStrict(constraint);
  return decoded;
}
