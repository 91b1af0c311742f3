import type { Span } from '../diagnostic/span.js';
import type { AuthorizationPolicy, OperationField, Rule, SourceField, Term } from '../resource/model/index.js';

/** An attribute of a policy that no ztunnel can evaluate. */
export interface L7Attribute {
  readonly rule: number;
  /** As written: `methods`, `notPaths`, `request.headers[x]`. */
  readonly name: string;
  readonly span: Span;
}

const l4Fields: ReadonlySet<SourceField | OperationField> = new Set<SourceField | OperationField>([
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'ipBlocks',
  'ports',
]);

const l4Keys: ReadonlySet<string> = new Set([
  'source.ip',
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'source.trustDomain',
  'destination.ip',
  'destination.port',
]);

/** The first attribute of a policy, in its own order, that a ztunnel cannot evaluate (the row of `strict` in design: "which keys are L7"). */
export function firstL7Attribute(policy: AuthorizationPolicy): L7Attribute | undefined {
  for (const rule of policy.rules) {
    const found = firstInRule(rule);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether a rule has an attribute that no ztunnel can evaluate. */
export function ruleUsesL7(rule: Rule): boolean {
  return firstInRule(rule) !== undefined;
}

function firstInRule(rule: Rule): L7Attribute | undefined {
  const terms: readonly Term[] = [...rule.from, ...rule.to].flatMap((entry): readonly Term[] => entry.terms);
  const term = terms.find(({ field }) => !l4Fields.has(field));
  if (term !== undefined) return { rule: rule.index, name: fieldName(term), span: rule.span };
  const condition = rule.when.find(({ key }) => !l4Keys.has(key.value));
  return condition && { rule: rule.index, name: condition.key.value, span: rule.span };
}

function fieldName({ field, negated }: Term): string {
  return negated ? `not${field.charAt(0).toUpperCase()}${field.slice(1)}` : field;
}
