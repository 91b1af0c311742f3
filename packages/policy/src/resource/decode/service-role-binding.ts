import type { Text } from '../../diagnostic/span.js';
import type { Term } from '../model/authorization-policy.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Property, ServiceRoleBinding, Subject, SubjectField } from '../model/rbac.js';
import { negatedName } from './authorization-policy.js';
import type { Fields } from './fields.js';
import { decodeAccessRule } from './service-role.js';
import { decodeEnum, refuseUnknownInStrict, spelled } from './spelling.js';

const bindingModes = ['ENFORCED', 'PERMISSIVE'] as const;
const lists = ['names', 'groups', 'namespaces', 'ips'] as const satisfies readonly SubjectField[];
const single = ['user', 'group'] as const satisfies readonly SubjectField[];

/** Decodes a ServiceRoleBinding (legacy reference section 1.4). */
export function decodeServiceRoleBinding(object: Fields, base: ResourceBase): ServiceRoleBinding {
  const spec = object.fields('spec');
  const decoded: ServiceRoleBinding = {
    ...base,
    kind: 'ServiceRoleBinding',
    subjects: spec?.fieldsList('subjects').map(decodeSubject) ?? [],
    role: decodeRoleRef(spec) ?? { value: '', span: base.metadata.nameSpan },
    // Upstream enforces a binding whatever other number its mode is.
    permissive: spec !== undefined && decodeEnum(spec, 'mode', bindingModes, 'ENFORCED') === 'PERMISSIVE',
  };
  // Fields of a kind that only one release had; validation says what becomes of them.
  spec?.text('role');
  spec?.fieldsList('actions').forEach(decodeAccessRule);
  refuseUnknownInStrict(spec);
  return decoded;
}

function decodeRoleRef(spec: Fields | undefined): Text | undefined {
  const reference = spec?.fields('roleRef');
  reference?.text('kind');
  const name = reference?.text('name');
  refuseUnknownInStrict(reference);
  return name;
}

function decodeSubject(subject: Fields, index: number): Subject {
  const decoded: Subject = {
    index,
    terms: [
      ...single.flatMap((field) => decodeSingle(subject, field)),
      ...lists.flatMap((field) => [...decodeList(subject, field, false), ...decodeList(subject, field, true)]),
    ],
    properties: decodeProperties(subject),
    span: subject.span,
  };
  refuseUnknownInStrict(subject);
  return decoded;
}

/** An empty text is no term, as protocol buffers cannot tell it from an absent one. */
function decodeSingle(subject: Fields, field: SubjectField): Term<SubjectField>[] {
  const text = subject.text(field);
  return text === undefined || text.value === '' ? [] : [{ field, negated: false, values: [text], span: subject.spanOf(field) }];
}

function decodeList(subject: Fields, field: SubjectField, negated: boolean): Term<SubjectField>[] {
  const name = spelled(subject, negated ? negatedName(field) : field);
  const values = subject.texts(name);
  return values.length === 0 ? [] : [{ field, negated, values, span: subject.spanOf(name) }];
}

function decodeProperties(subject: Fields): Property[] {
  const map = subject.stringMap('properties');
  return Object.entries(map?.values ?? {}).map(([key, value]) => ({
    key: { value: key, span: map?.keySpans[key] ?? subject.span },
    value: { value, span: map?.spans[key] ?? subject.span },
  }));
}
