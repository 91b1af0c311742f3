import { nameInBrackets } from '../bind/roles/concerns-destination.js';
import type { Text } from '../diagnostic/span.js';
import type { Subject, SubjectField, Term } from '../resource/model/index.js';
import { authenticationFilter } from './authentication-metadata.js';
import { addressTest } from './cidr.js';
import { headerTest } from './header-test.js';
import { namespaceTest } from './namespace-test.js';
import { isListWith, isText, stringMatcher } from './string-matcher.js';
import { every, not, type ReadingContext, type RoleTest, some } from './test.js';
import { expandTrustDomains } from './trust-domains.js';

const claimsKey = 'request.auth.claims';
const headersKey = 'request.headers';
const plainKeys: ReadonlySet<string> = new Set([
  'source.user',
  'request.auth.principal',
  'request.auth.audiences',
  'request.auth.presenter',
]);

/**
 * Who a subject is; undefined for one that the layer cannot evaluate, which then is nobody (legacy reference sections 2.5, 2.8 and 2.9). A
 * subject with nothing left is nobody.
 */
export function principalOf(subject: Subject, context: ReadingContext): RoleTest | undefined {
  if (context.layer === 'tcp' && !evaluatesOnTcp(subject, context)) return undefined;
  const tests = [
    ...subject.terms.flatMap((term) => termTest(term, context) ?? []),
    ...subject.properties.flatMap(({ key, value }) => propertyTest(key, value, context) ?? []),
  ];
  return tests.length === 0 ? () => false : every(tests);
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

function termTest({ field, negated, values, span }: Term<SubjectField>, context: ReadingContext): RoleTest | undefined {
  const tests = values.flatMap((value) => {
    const alternatives = field === 'user' ? expandTrustDomains(value.value, context.trustDomains) : [value.value];
    return alternatives.flatMap((each) => attributeTest(attributes[field], { ...value, value: each }, context) ?? []);
  });
  if (!negated) return tests.length === 0 ? undefined : some(tests);
  if (tests.length === 0) context.refuse('a negation has no usable value, and the control plane fails on it', span);
  return not(some(tests));
}

function propertyTest(key: Text, value: Text, context: ReadingContext): RoleTest | undefined {
  if (key.value !== 'source.principal') return attributeTest(key.value, value, context, key);
  return some(
    expandTrustDomains(value.value, context.trustDomains).map((each) => principalTest({ ...value, value: each }, context)),
  );
}

/** Undefined for a value or key that upstream drops in silence (legacy reference section 3). */
function attributeTest(key: string, text: Text, context: ReadingContext, place: Text = text): RoleTest | undefined {
  const { value } = text;
  if (key === 'source.principal') return principalTest(text, context);
  if (key === 'source.namespace') return namespaceTest(text, context);
  if (key === 'source.ip') {
    const holds = addressTest(value);
    return holds && (({ sourceIp }) => holds(sourceIp));
  }
  if (plainKeys.has(key)) return publishedTest(authenticationFilter, key, value);
  if (key.startsWith(headersKey)) {
    const name = nameInBrackets(key.slice(headersKey.length));
    return name === undefined ? undefined : headerTest(name, value, place.span, context);
  }
  return key.startsWith(claimsKey) ? claimTest(key, value, place, context) : ownMetadataTest(key, value, place, context);
}

/** `*` and `allUsers` are anyone, with or without an identity (legacy reference section 2.8). */
function principalTest({ value }: Text, { layer }: ReadingContext): RoleTest {
  if (value === '*' || value === 'allUsers') return () => true;
  const pattern = value === 'allAuthenticatedUsers' ? '*' : value;
  if (layer === 'http') return publishedTest(authenticationFilter, 'source.principal', pattern);
  const matches = stringMatcher(pattern, 'spiffe://');
  return ({ peerNames }) => peerNames?.some(matches) === true;
}

function publishedTest(filter: string, key: string, value: string): RoleTest {
  const matches = stringMatcher(value);
  return ({ metadata }) => isText(metadata(filter, key), matches);
}

function claimTest(key: string, value: string, place: Text, context: ReadingContext): RoleTest | undefined {
  const claim = nameInBrackets(key.slice(claimsKey.length));
  if (claim === undefined) return undefined;
  if (claim === '') context.refuse('a claim has no name, and Envoy refuses the gate for it', place.span);
  const matches = stringMatcher(value);
  return ({ metadata }) => {
    const claims = metadata(authenticationFilter, claimsKey);
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims) || !Object.hasOwn(claims, claim)) return false;
    return isListWith((claims as Readonly<Record<string, never>>)[claim], matches);
  };
}

/** Any other key asks what the RBAC filter itself published, which is nothing as a rule (legacy reference section 3). */
function ownMetadataTest(key: string, value: string, place: Text, context: ReadingContext): RoleTest {
  if (key === '') context.refuse('a property has no name, and Envoy refuses the gate for it', place.span);
  return publishedTest(context.layer === 'http' ? 'envoy.filters.http.rbac' : 'envoy.filters.network.rbac', key, value);
}
