import type { Condition, Entry, OperationField, Rule, SourceField } from '../resource/model/index.js';
import { type Attribute, attributeOfField, attributeOfKey } from './attribute.js';
import { expandPrincipal, expandTrustDomain } from './trust-domain-aliases.js';

/** An attribute with the values that it must, or with `negated` must not, match one of. */
export interface Requirement {
  readonly attribute: Attribute;
  readonly negated: boolean;
  readonly values: readonly string[];
}

/**
 * A rule with its fields and keys resolved to attributes. Entries of `from` and `to` are alternatives, all of `when` must hold.
 */
export interface ResolvedRule {
  readonly from: readonly (readonly Requirement[])[];
  readonly to: readonly (readonly Requirement[])[];
  /** One list per condition. */
  readonly when: readonly (readonly Requirement[])[];
  /** A `when` key that upstream does not know: the rule matches nothing (reference section 3.9). */
  readonly unknownKey?: string;
}

/**
 * Resolves a rule's fields and keys. With `trustDomains` (the mesh's own, then its aliases) principals and trust domains are
 * expanded to all of them (reference section 3.8).
 */
export function resolveRule(rule: Rule, trustDomains?: readonly string[]): ResolvedRule {
  const unknown = rule.when.find((condition) => attributeOfKey(condition.key.value) === undefined);
  return {
    from: rule.from.map((entry) => resolveEntry(entry, trustDomains)),
    to: rule.to.map((entry) => resolveEntry(entry, trustDomains)),
    when: rule.when.map((condition) => resolveCondition(condition, trustDomains)),
    ...(unknown === undefined ? {} : { unknownKey: unknown.key.value }),
  };
}

/** The trust domains of a mesh, its own first. */
export function trustDomainsOf(mesh: {
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
}): readonly string[] {
  return [mesh.trustDomain, ...mesh.trustDomainAliases];
}

function resolveEntry(entry: Entry<SourceField | OperationField>, trustDomains: readonly string[] | undefined): Requirement[] {
  return entry.terms.map((term) => requirement(attributeOfField(term.field), term.negated, term.values, trustDomains));
}

function resolveCondition(condition: Condition, trustDomains: readonly string[] | undefined): Requirement[] {
  const attribute = attributeOfKey(condition.key.value);
  if (attribute === undefined) return [];
  return [
    ...(condition.values.length === 0 ? [] : [requirement(attribute, false, condition.values, trustDomains)]),
    ...(condition.notValues.length === 0 ? [] : [requirement(attribute, true, condition.notValues, trustDomains)]),
  ];
}

function requirement(
  attribute: Attribute,
  negated: boolean,
  texts: readonly { readonly value: string }[],
  trustDomains: readonly string[] | undefined,
): Requirement {
  return { attribute, negated, values: texts.flatMap((text) => expand(attribute, text.value, trustDomains)) };
}

function expand(attribute: Attribute, value: string, trustDomains: readonly string[] | undefined): readonly string[] {
  if (trustDomains === undefined) return [value];
  if (attribute.kind === 'principal') return expandPrincipal(value, trustDomains);
  return attribute.kind === 'trust-domain' ? expandTrustDomain(value, trustDomains) : [value];
}
