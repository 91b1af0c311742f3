import type { Span } from '../../diagnostic/span.js';
import type { LabelSelector, ResourceBase, TargetRef } from './metadata.js';

/** A header that may hold a token. */
export interface TokenHeader {
  readonly name: string;
  /** What stands before the token in the header's value; may be empty. */
  readonly prefix: string;
}

/** A claim that is passed on in a header. */
export interface ClaimHeader {
  readonly header: string;
  /** The claim's name; dots walk into nested claims. */
  readonly claim: string;
}

/** One issuer of tokens: where its tokens are looked for, how they are checked, what of them is passed on (reference section 8.1). */
export interface JwtRule {
  /** Its place in `jwtRules`. */
  readonly index: number;
  /** What `iss` has to be; absent: whatever the keys have signed. */
  readonly issuer?: string;
  /** One of them has to be in `aud`; none: `aud` is not looked at. */
  readonly audiences: readonly string[];
  /** Where the keys come from; with neither of the two they are found by OIDC discovery at the issuer. */
  readonly jwksUri?: string;
  /** The keys themselves, as JSON. */
  readonly jwks?: string;
  /** Without any location in the three lists: `Authorization: Bearer` and the parameter `access_token`. */
  readonly fromHeaders: readonly TokenHeader[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  /** The header in which the token's payload is passed on. */
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders: readonly ClaimHeader[];
  /** Whether the token itself is passed on. */
  readonly forwardOriginalToken: boolean;
  /** Longest time that fetching the keys may take. */
  readonly timeoutMs: number;
  /** Claims that are lists written with spaces, besides `scope` and `permission`. */
  readonly spaceDelimitedClaims: readonly string[];
  readonly span: Span;
}

/** An Istio RequestAuthentication (reference section 8), decoded and valid. */
export interface RequestAuthentication extends ResourceBase {
  readonly kind: 'RequestAuthentication';
  readonly selector?: LabelSelector;
  readonly targetRefs: readonly TargetRef[];
  /** None makes it a no-op. */
  readonly jwtRules: readonly JwtRule[];
}
