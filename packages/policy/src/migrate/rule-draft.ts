/** The fields of `from.source` and `to.operation` that a migration writes. */
type DraftField = 'principals' | 'namespaces' | 'ipBlocks' | 'requestPrincipals' | 'ports' | 'methods' | 'paths';

/** The fields that `when` has a key for, so that one of them can be asked twice. */
const keys = { principals: 'source.principal', namespaces: 'source.namespace', ipBlocks: 'source.ip' } as const;

/** One entry of `when`. */
export interface DraftCondition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

/** One rule of an AuthorizationPolicy in the making: all of its parts hold. */
export interface RuleDraft {
  readonly source: Readonly<Record<string, readonly string[]>>;
  readonly operation: Readonly<Record<string, readonly string[]>>;
  readonly when: readonly DraftCondition[];
  /** Whether it looks at HTTP, so that a connection never matches it. */
  readonly http: boolean;
  /** What a reader of the rule should know. */
  readonly notes: readonly string[];
}

/** A rule that holds for everything. */
export const anything: RuleDraft = { source: {}, operation: {}, when: [], http: false, notes: [] };

/** The rule, with one of the fields of its source asked for too; the second time by a condition. */
export function withSource(
  rule: RuleDraft,
  field: keyof typeof keys | 'requestPrincipals',
  values: readonly string[],
  negated = false,
): RuleDraft {
  const name = negated ? negatedName(field) : field;
  if (!Object.hasOwn(rule.source, name)) return { ...rule, source: { ...rule.source, [name]: values } };
  return withCondition(rule, field === 'requestPrincipals' ? 'request.auth.principal' : keys[field], values, negated);
}

/** The rule, with one of the fields of its operation asked for too. */
export function withOperation(
  rule: RuleDraft,
  field: 'ports' | 'methods' | 'paths',
  values: readonly string[],
  negated = false,
): RuleDraft {
  const name = negated ? negatedName(field) : field;
  const http = rule.http || field !== 'ports';
  return { ...rule, http, operation: { ...rule.operation, [name]: [...(rule.operation[name] ?? []), ...values] } };
}

/** The rule, with a condition more. */
export function withCondition(rule: RuleDraft, key: string, values: readonly string[], negated = false): RuleDraft {
  const condition = negated ? { key, notValues: values } : { key, values };
  return { ...rule, http: rule.http || key.startsWith('request.'), when: [...rule.when, condition] };
}

/** The rule, with a note more; none is made twice. */
export function withNote(rule: RuleDraft, note: string): RuleDraft {
  return rule.notes.includes(note) ? rule : { ...rule, notes: [...rule.notes, note] };
}

function negatedName(field: DraftField): string {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}
