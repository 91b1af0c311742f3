import { type IpRange, rangeHolds } from '../reference/ip-range.js';
import { authenticationFilter } from './authentication-metadata.js';
import type { Expression } from './pattern/expression.js';
import type { RoleFacts } from './role-facts.js';
import { headerMatcher, isListWith, isText, stringMatcher, type TextTest } from './string-matcher.js';
import type { RoleTest } from './test.js';

/** Where a role or a subject looks. */
export type RoleAttribute =
  | { readonly kind: 'source-ip' | 'destination-ip' | 'destination-port' | 'sni' }
  /** Every name in the peer's certificate. */
  | { readonly kind: 'peer-name' }
  /** Pseudo headers included; the name in lower case. */
  | { readonly kind: 'header'; readonly name: string }
  /** A text that a filter published. */
  | { readonly kind: 'published'; readonly filter: string; readonly key: string }
  /** A text or a list that a filter published; what it has yet to publish holds whatever is wanted. */
  | { readonly kind: 'awaited'; readonly filter: string; readonly key: string }
  /** A claim of the token, which is a list. */
  | { readonly kind: 'claim'; readonly name: string };

/** What is looked for there. */
export type Wanted =
  /** Whatever is there, also nothing. */
  | { readonly kind: 'anything' }
  /** A text that matches as in `stringMatcher`. */
  | { readonly kind: 'text'; readonly value: string; readonly prefix?: string }
  /** A list, one text of which matches. */
  | { readonly kind: 'item'; readonly value: string }
  /** A header that matches as in `headerMatcher`. */
  | { readonly kind: 'header'; readonly value: string }
  | { readonly kind: 'regular'; readonly expression: Expression; readonly matches: TextTest }
  | { readonly kind: 'range'; readonly range: IpRange }
  | { readonly kind: 'number'; readonly value: number };

/** One demand of a rule or a subject: that one, or with `negated` none, of what is wanted is there. Where nothing is wanted, none is. */
export interface RoleClause {
  readonly attribute: RoleAttribute;
  readonly negated: boolean;
  readonly wanted: readonly Wanted[];
}

/** Where claims are among what the authentication filter publishes. */
export const claimsKey = 'request.auth.claims';

/** Whether all clauses hold. */
export function clausesTest(clauses: readonly RoleClause[]): RoleTest {
  const tests = clauses.map(clauseTest);
  return (facts) => tests.every((test) => test(facts));
}

function clauseTest({ attribute, negated, wanted }: RoleClause): RoleTest {
  const tests = wanted.map((each) => wantedTest(attribute, each));
  return (facts) => tests.some((test) => test(facts)) !== negated;
}

function wantedTest(attribute: RoleAttribute, wanted: Wanted): RoleTest {
  switch (wanted.kind) {
    case 'anything':
      return () => true;
    case 'number':
      return ({ destinationPort }) => destinationPort === wanted.value;
    case 'range':
      return attribute.kind === 'source-ip'
        ? ({ sourceIp }) => rangeHolds(wanted.range, sourceIp)
        : ({ destinationIp }) => rangeHolds(wanted.range, destinationIp);
    case 'header': {
      const matches = headerMatcher(wanted.value);
      return attribute.kind === 'header'
        ? ({ headers }) => headers !== undefined && matches(headers(attribute.name))
        : () => false;
    }
    case 'item':
      return textTest(attribute, stringMatcher(wanted.value), true);
    case 'text':
      return textTest(attribute, stringMatcher(wanted.value, wanted.prefix), false);
    default:
      return textTest(attribute, wanted.matches, false);
  }
}

function textTest(attribute: RoleAttribute, matches: TextTest, isItem: boolean): RoleTest {
  switch (attribute.kind) {
    case 'sni':
      return ({ sni }) => matches(sni);
    case 'peer-name':
      return ({ peerNames }) => peerNames?.some(matches) === true;
    case 'published':
      return ({ metadata }) => isText(metadata(attribute.filter, attribute.key), matches);
    case 'awaited': {
      const { filter, key } = attribute;
      const holds = isItem ? isListWith : isText;
      return ({ metadata, awaited }) => awaited.includes(filter) || holds(metadata(filter, key), matches);
    }
    case 'claim':
      return (facts) => isListWith(claimOf(facts, attribute.name), matches);
    default:
      return () => false;
  }
}

/** What the authentication filter published of a claim. */
export function claimOf({ metadata }: RoleFacts, name: string): ReturnType<RoleFacts['metadata']> {
  const claims = metadata(authenticationFilter, claimsKey);
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims) || !Object.hasOwn(claims, name)) return undefined;
  return (claims as Readonly<Record<string, never>>)[name];
}
