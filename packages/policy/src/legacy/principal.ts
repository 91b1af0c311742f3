import { nameInBrackets } from '../bind/roles/concerns-destination.js';
import type { Text } from '../diagnostic/span.js';
import type { Subject, SubjectField, Term } from '../resource/model/index.js';
import { authenticationFilter } from './authentication-metadata.js';
import { roleRange } from './cidr.js';
import { claimsKey, type RoleAttribute, type RoleClause, type Wanted } from './clause.js';
import { headerAttribute, wantedOfHeader } from './header-clause.js';
import type { ReadingContext } from './test.js';
import { expandTrustDomains } from './trust-domains.js';
import { wantedNamespace } from './wanted-namespace.js';

const headersKey = 'request.headers';
const plainKeys: ReadonlySet<string> = new Set([
  'source.user',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
]);

/** Holds of nobody. */
const nobody: RoleClause = { attribute: { kind: 'peer-name' }, negated: false, wanted: [] };

/**
 * Who a subject is; undefined for one that the layer cannot evaluate, which then is nobody (legacy reference sections 2.5, 2.8 and 2.9). A
 * subject with nothing left is nobody.
 */
export function principalOf(subject: Subject, context: ReadingContext): readonly RoleClause[] | undefined {
  if (context.layer === 'tcp' && !evaluatesOnTcp(subject, context)) return undefined;
  const clauses = [
    ...subject.terms.flatMap((term) => termClause(term, context) ?? []),
    ...subject.properties.flatMap(({ key, value }) => propertyClause(key, value, context) ?? []),
  ];
  return clauses.length === 0 ? [nobody] : clauses;
}

/**
 * Whether a subject can be evaluated for TCP. In `strict` names that end in something, and namespaces with a star, are left out too:
 * upstream compares them with a text that they never equal, so that their negation admits everyone.
 */
export function evaluatesOnTcp({ terms, properties }: Subject, { dialect }: Pick<ReadingContext, 'dialect'>): boolean {
  if (terms.some(({ field }) => field === 'group' || field === 'groups')) return false;
  if (properties.some(({ key }) => key.value.startsWith('request.') || key.value === 'source.user')) return false;
  if (dialect === 'upstream') return true;
  return !(
    terms.some(({ field, values }) => values.some(({ value }) => neverEqualOnTcp(attributes[field], value))) ||
    properties.some(({ key, value }) => neverEqualOnTcp(key.value, value.value))
  );
}

function neverEqualOnTcp(attribute: string, value: string): boolean {
  if (attribute === 'source.namespace') return value.includes('*') && value !== '*';
  return attribute === 'source.principal' && value.startsWith('*') && value !== '*';
}

const attributes: Readonly<Record<SubjectField, string>> = {
  user: 'source.principal',
  names: 'source.principal',
  group: `${claimsKey}[groups]`,
  groups: `${claimsKey}[groups]`,
  namespaces: 'source.namespace',
  ips: 'source.ip',
};

function termClause({ field, negated, values, span }: Term<SubjectField>, context: ReadingContext): RoleClause | undefined {
  const key = attributes[field];
  const attribute = attributeOf(key, context);
  if (attribute === undefined) return undefined;
  const wanted = values.flatMap((value) => {
    const alternatives = field === 'user' ? expandTrustDomains(value.value, context.trustDomains) : [value.value];
    return alternatives.flatMap((each) => wantedAt(key, { ...value, value: each }, context) ?? []);
  });
  if (wanted.length === 0 && !negated) return undefined;
  if (wanted.length === 0) context.refuse('a negation has no usable value, and the control plane fails on it', span);
  return { attribute, negated, wanted };
}

/** Undefined for a value or key that upstream drops in silence (legacy reference section 3). */
function propertyClause(key: Text, value: Text, context: ReadingContext): RoleClause | undefined {
  const attribute = attributeOf(key.value, context);
  if (attribute === undefined) return undefined;
  const values = key.value === 'source.principal' ? expandTrustDomains(value.value, context.trustDomains) : [value.value];
  const wanted = values.flatMap((each) => wantedAt(key.value, { ...value, value: each }, context, key) ?? []);
  return wanted.length === 0 ? undefined : { attribute, negated: false, wanted };
}

/** Where a key looks. Of any other it is what the RBAC filter itself published, which is nothing as a rule (legacy reference section 3). */
function attributeOf(key: string, { layer }: ReadingContext): RoleAttribute | undefined {
  if (key === 'source.principal' || key === 'source.namespace') {
    return layer === 'http'
      ? { kind: 'published', filter: authenticationFilter, key: 'source.principal' }
      : { kind: 'peer-name' };
  }
  if (key === 'source.ip') return { kind: 'source-ip' };
  if (plainKeys.has(key)) return { kind: 'published', filter: authenticationFilter, key };
  if (key.startsWith(headersKey)) {
    const name = nameInBrackets(key.slice(headersKey.length));
    return name === undefined ? undefined : headerAttribute(name);
  }
  if (key.startsWith(claimsKey)) {
    const name = nameInBrackets(key.slice(claimsKey.length));
    return name === undefined ? undefined : { kind: 'claim', name };
  }
  return { kind: 'published', filter: layer === 'http' ? 'envoy.filters.http.rbac' : 'envoy.filters.network.rbac', key };
}

function wantedAt(key: string, text: Text, context: ReadingContext, place: Text = text): Wanted | undefined {
  const { value } = text;
  if (key === 'source.principal') return wantedPrincipal(value, context);
  if (key === 'source.namespace') return wantedNamespace(text, context);
  if (key === 'source.ip') {
    const range = roleRange(value);
    return range && { kind: 'range', range };
  }
  if (key.startsWith(headersKey)) {
    return wantedOfHeader(nameInBrackets(key.slice(headersKey.length)) ?? '', value, place.span, context);
  }
  if (key.startsWith(claimsKey)) {
    if (key === `${claimsKey}[]`) context.refuse('a claim has no name, and Envoy refuses the gate for it', place.span);
    return { kind: 'item', value };
  }
  if (key === '') context.refuse('a property has no name, and Envoy refuses the gate for it', place.span);
  return { kind: 'text', value };
}

/** `*` and `allUsers` are anyone, with or without an identity (legacy reference section 2.8). */
function wantedPrincipal(value: string, { layer }: ReadingContext): Wanted {
  if (value === '*' || value === 'allUsers') return { kind: 'anything' };
  const pattern = value === 'allAuthenticatedUsers' ? '*' : value;
  return layer === 'http' ? { kind: 'text', value: pattern } : { kind: 'text', value: pattern, prefix: 'spiffe://' };
}
