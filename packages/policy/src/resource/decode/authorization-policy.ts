import type { Text } from '../../diagnostic/span.js';
import { parseGoBoolean } from '../dialect.js';
import type {
  Action,
  AuthorizationPolicy,
  Condition,
  Entry,
  OperationField,
  Rule,
  SourceField,
  Term,
} from '../model/authorization-policy.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Fields } from './fields.js';
import { decodeTargetRefs, decodeWorkloadSelector } from './selector.js';

const actions: readonly Action[] = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'];

/** The fields of a source, in the order of the API. */
const sourceFields: readonly SourceField[] = [
  'principals',
  'requestPrincipals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'remoteIpBlocks',
];

const operationFields: readonly OperationField[] = ['hosts', 'ports', 'methods', 'paths'];

/** The name of a field's negated form: `principals` becomes `notPrincipals`. */
export function negatedName(field: string): string {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

/** Decodes an AuthorizationPolicy (reference section 1.1). Without a spec it is an ALLOW policy without rules. */
export function decodeAuthorizationPolicy(object: Fields, base: ResourceBase): AuthorizationPolicy {
  const spec = object.fields('spec');
  return spec === undefined ? emptyPolicy(base) : decodeSpec(spec, base);
}

function emptyPolicy(base: ResourceBase): AuthorizationPolicy {
  return { ...base, kind: 'AuthorizationPolicy', targetRefs: [], action: 'ALLOW', dryRun: isDryRun(base), rules: [] };
}

function decodeSpec(spec: Fields, base: ResourceBase): AuthorizationPolicy {
  const selector = decodeWorkloadSelector(spec);
  const provider = decodeProvider(spec);
  const policy: AuthorizationPolicy = {
    ...emptyPolicy(base),
    ...(selector === undefined ? {} : { selector }),
    targetRefs: decodeTargetRefs(spec),
    action: spec.oneOf('action', actions) ?? 'ALLOW',
    ...(provider === undefined ? {} : { provider }),
    rules: spec.fieldsList('rules').map(decodeRule),
  };
  spec.refuseUnknown();
  return policy;
}

/** `istio.io/dry-run` in any spelling of true that Go knows (reference section 1.3). */
function isDryRun(base: ResourceBase): boolean {
  return parseGoBoolean(base.metadata.annotations['istio.io/dry-run'] ?? '') === true;
}

function decodeProvider(spec: Fields): Text | undefined {
  const provider = spec.fields('provider');
  const name = provider?.text('name');
  provider?.refuseUnknown();
  return name;
}

function decodeRule(rule: Fields, index: number): Rule {
  const decoded: Rule = {
    index,
    from: rule.fieldsList('from').map((from) => decodeEntry(from, 'source', sourceFields)),
    to: rule.fieldsList('to').map((to) => decodeEntry(to, 'operation', operationFields)),
    when: rule.fieldsList('when').map(decodeCondition),
    span: rule.span,
  };
  rule.refuseUnknown();
  return decoded;
}

function decodeEntry<Field extends string>(entry: Fields, name: 'source' | 'operation', fields: readonly Field[]): Entry<Field> {
  const inner = entry.fields(name);
  const terms =
    inner === undefined ? [] : fields.flatMap((field) => [...decodeTerm(inner, field, false), ...decodeTerm(inner, field, true)]);
  inner?.refuseUnknown();
  entry.refuseUnknown();
  return { terms, span: entry.span };
}

/** An empty list is no term: it says nothing, as for upstream. */
function decodeTerm<Field extends string>(fields: Fields, field: Field, negated: boolean): Term<Field>[] {
  const name = negated ? negatedName(field) : field;
  const values = fields.texts(name);
  return values.length === 0 ? [] : [{ field, negated, values, span: fields.spanOf(name) }];
}

function decodeCondition(condition: Fields): Condition {
  condition.require('key', 'name the attribute that this condition looks at');
  const decoded = {
    key: condition.text('key') ?? { value: '', span: condition.span },
    values: condition.texts('values'),
    notValues: condition.texts('notValues'),
    span: condition.span,
  };
  condition.refuseUnknown();
  return decoded;
}
