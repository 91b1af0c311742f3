import type { Span } from '../diagnostic/span.js';

/** Why a verdict came out as it did: a closed list, the same word in logs, metrics and JSON. */
export type Reason =
  /** No policy applies to this gate. */
  | 'no-policy'
  /** An ALLOW policy matched. */
  | 'allow-policy'
  /** No ALLOW policy applies, and no DENY policy matched. */
  | 'no-allow-policy'
  /** A DENY policy matched. */
  | 'deny-policy'
  /** ALLOW policies apply, and none matched. */
  | 'no-allow-match'
  /** PeerAuthentication refuses plaintext. */
  | 'mtls-required'
  /** `strict`: an L7 attribute in a policy that is bound to a ztunnel closes the workload. */
  | 'l7-at-ztunnel'
  /** `strict`: a policy targets a Service that has no waypoint, so its endpoints are closed. */
  | 'policy-without-waypoint'
  /** `strict`: the named waypoint is missing, not ready or does not serve this traffic. */
  | 'waypoint-unavailable'
  /** A token of the request is not acceptable. */
  | 'invalid-token'
  /** The policy needs something that this gate does not evaluate. */
  | 'unsupported-policy'
  /** A CUSTOM policy matched and its provider is unknown or refused. */
  | 'custom-policy'
  /** RBAC of the older generation is on, and a ServiceRoleBinding grants it. */
  | 'role-match'
  /** RBAC of the older generation is on, and no ServiceRoleBinding grants it. */
  | 'no-role-match'
  /** The request itself is unacceptable before any policy is asked (path with NUL, bad authority). */
  | 'bad-request'
  /** Something that policies ask about cannot be read: a peer's identity, an address, a TLS greeting. No policy is asked then. */
  | 'unreadable-attribute'
  /** Something inside the gate failed. */
  | 'internal-error';

/** A policy's rule, by name and place. `rule` and its span are absent where no single rule decided. */
export interface PolicyReference {
  readonly kind:
    | 'AuthorizationPolicy'
    | 'PeerAuthentication'
    | 'RequestAuthentication'
    | 'ServiceRole'
    | 'ServiceRoleBinding'
    | 'ClusterRbacConfig'
    | 'RbacConfig';
  readonly namespace: string;
  readonly name: string;
  readonly rule?: number;
  /** Only the L4 part of the rule was evaluated: a ztunnel knows no more (design: "Two dialects"). */
  readonly partial?: boolean;
  /** The rule's place, else the policy's. */
  readonly span: Span;
}

/** One line of headers. */
export type HeaderLine = readonly [name: string, value: string];

/** What a client gets instead of the usual answer to a denial. */
export interface DenialResponse {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string | Uint8Array;
}

/**
 * The answer of one gate. A value: the code that opens the upstream socket takes an allowing one as an argument.
 * `policy` is the deciding DENY, the admitting ALLOW, or the object that closed the gate; absent where none can be named.
 */
export interface Verdict {
  readonly effect: 'allow' | 'deny';
  readonly reason: Reason;
  readonly policy?: PolicyReference;
  /** With a granting ServiceRole as `policy`: the ServiceRoleBinding, `rule` being the index of its subject. */
  readonly binding?: PolicyReference;
  /** For `no-allow-match`: the ALLOW policies that apply here, of which none matched. */
  readonly unmatched?: readonly PolicyReference[];
  /** AUDIT policies that matched. Never change the effect. */
  readonly audit: readonly PolicyReference[];
  /** What the dry-run policies would have done, absent where there are none. */
  readonly dryRun?: { readonly effect: 'allow' | 'deny'; readonly policy?: PolicyReference };
  /** HTTP status for a `bad-request` or an `invalid-token`. */
  readonly status?: number;
  /** What the client gets where an external authorizer denied or could not be asked, or where a token was refused. */
  readonly response?: DenialResponse;
  /** A sentence for people, where the reason alone does not say it. */
  readonly detail?: string;
}

/** A verdict that admits; the only thing that opens an upstream socket. */
export type Permit = Verdict & { readonly effect: 'allow' };

/** Narrows a verdict to a permit. */
export function isPermit<Given extends Verdict>(verdict: Given): verdict is Given & Permit {
  return verdict.effect === 'allow';
}
