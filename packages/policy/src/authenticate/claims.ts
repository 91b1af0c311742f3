import type { JwtRule } from '../resource/model/index.js';
import type { Authentication, JsonObject, JsonValue } from '../verdict/attributes.js';
import { claimTexts } from '../verdict/claims.js';

/** Claims that are always lists written with spaces (reference section 3.6). */
const alwaysDelimited = ['scope', 'permission'];

/** The payload as policy sees it: top-level claims that are lists written with spaces are lists. */
export function policyClaims(rule: JwtRule, payload: JsonObject): JsonObject {
  const claims: Record<string, JsonValue> = Object.assign(Object.create(null), payload);
  for (const name of [...alwaysDelimited, ...rule.spaceDelimitedClaims]) {
    const value = claims[name];
    if (typeof value === 'string') claims[name] = value.split(' ').filter((item) => item !== '');
  }
  return claims;
}

/** The attributes of a token that policy reads, from its claims. */
export function claimAttributes(claims: JsonObject): Omit<Authentication, 'edits'> {
  const { iss, sub, azp } = claims;
  return {
    claims,
    audiences: claimTexts(claims, ['aud']),
    ...(typeof iss === 'string' ? { issuer: iss } : {}),
    ...(typeof sub === 'string' ? { subject: sub } : {}),
    ...(typeof azp === 'string' ? { presenter: azp } : {}),
  };
}
