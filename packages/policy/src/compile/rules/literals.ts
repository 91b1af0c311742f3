import { assertNever } from '../../assert-never.js';
import type { Attribute } from '../../reference/attribute.js';
import type { Facts } from '../../reference/facts.js';
import {
  matchesNamespace,
  matchesPrincipal,
  matchesServiceAccount,
  matchesTrustDomain,
  readIdentity,
} from '../../reference/identity.js';
import { readIpRange } from '../../reference/ip-range.js';
import { lowerAscii, matchesPattern } from '../../reference/string-pattern.js';
import { wireText } from '../../reference/wire-text.js';
import type { Pattern } from '../pattern.js';
import type { Literal } from '../rule.js';
import { dimensionOf } from './attribute-dimension.js';
import {
  namespaceGlobPattern,
  namespaceStringPattern,
  principalPattern,
  serviceAccountPattern,
  trustDomainPattern,
} from './identity-patterns.js';
import { metadataPattern } from './metadata-dimension.js';
import { pathPattern, presentPattern, requestPrincipalPattern, stringPattern } from './string-patterns.js';

/** What a requirement needs to know of the rule that it stands in. */
export interface LiteralContext {
  readonly gate: 'envoy' | 'ztunnel';
  /** Namespace of the policy, for bare service accounts. */
  readonly namespace: string;
  readonly whenAwaited: boolean;
}

/** A requirement whose values can all be evaluated. */
export interface Usable {
  readonly attribute: Attribute;
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** The question that a requirement asks. */
export function literalOf({ attribute, negated, values }: Usable, context: LiteralContext): Literal<Facts> {
  const dimension = dimensionOf(attribute);
  const { whenAwaited } = context;
  const base = { dimension, negated, whenAwaited, patterns: values.map((value) => patternOf(attribute, value, context)) };
  return dimension.kind === 'identity'
    ? {
        ...base,
        general: {
          about: attribute.kind,
          test: (text) => values.some((value) => matchesIdentity(attribute, value, context, text)),
        },
      }
    : base;
}

function patternOf(attribute: Attribute, value: string, context: LiteralContext): Pattern {
  switch (attribute.kind) {
    case 'principal':
      return principalPattern(value);
    case 'namespace':
      return context.gate === 'envoy' ? namespaceGlobPattern(value) : namespaceStringPattern(value);
    case 'service-account':
      return serviceAccountPattern(value, context.namespace);
    case 'trust-domain':
      return trustDomainPattern(value, (text) => matchesTrustDomain(value, text));
    case 'source-ip':
    case 'remote-ip':
    case 'destination-ip':
      return rangePattern(value);
    case 'destination-port':
      return { kind: 'number', value: Number(value) };
    case 'sni':
      return stringPattern(wireText(value));
    case 'host':
      return presentPattern(lowerAscii(wireText(value)));
    case 'method':
      return presentPattern(wireText(value));
    case 'path':
      return pathPattern(wireText(value));
    case 'header':
      return presentPattern(wireText(value));
    case 'request-principal':
      return requestPrincipalPattern(value);
    case 'claim':
      return stringPattern(value);
    case 'metadata':
      return metadataPattern(value);
    default:
      return assertNever(attribute);
  }
}

function rangePattern(value: string): Pattern {
  const range = readIpRange(value);
  if (range === undefined) throw new TypeError(`\`${value}\` is no range of addresses`);
  return { kind: 'range', range };
}

/** What the interpreter would say to an identity of any form. */
function matchesIdentity({ kind }: Attribute, value: string, { gate, namespace }: LiteralContext, identity: string): boolean {
  if (kind === 'principal') return matchesPrincipal(value, identity);
  if (kind === 'trust-domain') return matchesTrustDomain(value, identity);
  if (gate === 'envoy') {
    return kind === 'namespace' ? matchesNamespace(value, identity) : matchesServiceAccount(value, namespace, identity);
  }
  const peer = readIdentity(identity);
  if (peer === undefined) return false;
  if (kind === 'namespace') return matchesPattern(value, peer.namespace);
  const [named, account] = value.includes('/') ? value.split('/') : [namespace, value];
  return peer.namespace === named && peer.serviceAccount === account;
}
