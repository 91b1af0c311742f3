import type { JsonObject } from '../verdict/attributes.js';
import { matchesPattern } from './string-pattern.js';

/**
 * Whether a token's issuer and subject match `ISSUER/SUBJECT`, which is split at its last slash (reference section 3.5). Claims
 * that are no texts match nothing.
 */
export function matchesRequestPrincipal(value: string, claims: JsonObject | undefined): boolean {
  const issuer = claims?.iss;
  const subject = claims?.sub;
  if (typeof issuer !== 'string' || typeof subject !== 'string') return false;
  const [issuerPart, subjectPart] = partsOf(value);
  return matches(issuerPart, issuer) && matches(subjectPart, subject);
}

/** What to ask of one of the two: a pattern, or exactly this text. */
type Part = { readonly pattern: string } | { readonly exact: string };

const any: Part = { pattern: '*' };

function partsOf(value: string): readonly [issuer: Part, subject: Part] {
  if (value === '*') return [any, any];
  const slash = value.lastIndexOf('/');
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? '' : value.slice(slash + 1);
  if (value.startsWith('*')) return slash < 0 ? [any, { pattern: value }] : [{ pattern: issuer }, { exact: subject }];
  if (value.endsWith('*')) return slash < 0 ? [{ pattern: value }, any] : [{ exact: issuer }, { pattern: subject }];
  return [{ exact: issuer }, { exact: subject }];
}

function matches(part: Part, text: string): boolean {
  return 'exact' in part ? text === part.exact : matchesPattern(part.pattern, text);
}
