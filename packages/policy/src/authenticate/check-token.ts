import type { JwtRule } from '../resource/model/index.js';
import type { Token } from './read-token.js';
import type { TokenFault } from './token-fault.js';

/** How far clocks may differ, in seconds. */
export const clockSkew = 60;

/**
 * What a rule has against a token before its signature is looked at, in Envoy's order: issuer, time, audience (reference section
 * 0.10). `now` is in seconds since 1970.
 */
export function checkToken(rule: JwtRule, token: Token, now: number): TokenFault | undefined {
  if (rule.issuer !== undefined && rule.issuer !== token.issuer) return 'issuer';
  if (now + clockSkew < token.notBefore) return 'not-yet-valid';
  if (token.expires > 0 && now > token.expires + clockSkew) return 'expired';
  return isForAudience(rule, token) ? undefined : 'audience';
}

function isForAudience(rule: JwtRule, token: Token): boolean {
  if (rule.audiences.length === 0) return true;
  const accepted = new Set(rule.audiences.map(bareAudience));
  return token.audiences.some((audience) => accepted.has(bareAudience(audience)));
}

/** Without `http://` or `https://` in front and one slash at the end: people write both either way, and Envoy overlooks it. */
function bareAudience(audience: string): string {
  const scheme = ['http://', 'https://'].find((each) => audience.startsWith(each)) ?? '';
  const bare = audience.slice(scheme.length);
  return bare.endsWith('/') ? bare.slice(0, -1) : bare;
}
