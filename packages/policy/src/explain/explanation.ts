import type { StatusCondition } from '../bind/status/status-condition.js';
import type { Reason } from '../verdict/verdict.js';

/** A place in a manifest, flat, as scripts like it. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A policy that a gate enforces for this request. */
export interface EnforcedPolicy extends Place {
  /** `NAMESPACE/NAME`. */
  readonly policy: string;
  readonly action: string;
  /** How it came to this gate. */
  readonly attachment: string;
  readonly dryRun: boolean;
}

/** A policy that exists and that this gate does not enforce, with the sentence that says why. */
export interface NotEnforcedPolicy extends Place {
  readonly policy: string;
  readonly reason: string;
  /** Whether it means something on this path, or only lies nearby: another workload, another service. */
  readonly about: 'this-path' | 'other-objects';
  readonly why: string;
}

/** One condition of a rule that did not hold. */
export interface FailedTerm extends Place {
  /** The field or `when` key as written: `notPaths`, `request.headers[x-env]`. */
  readonly attribute: string;
  /** What the gate saw; null where it saw nothing. */
  readonly seen: string | null;
  /** What the rule asks for, in words: `one of …`, `none of …`. */
  readonly wanted: string;
}

/** The ALLOW rule that came nearest to matching: the one with the fewest conditions that failed. */
export interface NearestMiss extends Place {
  readonly policy: string;
  readonly rule: number;
  readonly failed: readonly FailedTerm[];
}

/** The status that a control plane would write on a policy. */
export interface PolicyStatus extends Place {
  readonly policy: string;
  readonly conditions: readonly StatusCondition[];
}

/** What one gate answers, short: for a policy in dry-run, an AUDIT policy, another endpoint. */
export interface Decision {
  readonly effect: 'allow' | 'deny';
  readonly reason: Reason;
  readonly policy: string | null;
  readonly rule: number | null;
  readonly file: string | null;
  readonly line: number | null;
  /** Where a role of the older generation decided: the binding that grants it, and which of its subjects. */
  readonly binding?: (Place & { readonly policy: string; readonly subject: number | null }) | null;
}

/** One gate on the path, with what it saw, what it decided, and by which rule. */
export interface GateExplanation extends Decision {
  readonly gate: 'ztunnel' | 'waypoint' | 'gateway';
  /** `NAMESPACE/NAME` of the workload whose ztunnel it is, or of the Gateway. */
  readonly name: string;
  /** `source` only where the client's own ztunnel refuses to send. */
  readonly side: 'source' | 'destination';
  readonly column: number | null;
  /** The kind of the deciding object. */
  readonly kind: string | null;
  /** Whether this gate decided per connection or per request. */
  readonly layer: 'connection' | 'request';
  readonly sourceIdentity: string | null;
  readonly sourceIp: string | null;
  /** Where it differs from `sourceIp`: what X-Forwarded-For said. */
  readonly remoteIp: string | null;
  readonly destinationIp: string | null;
  readonly destinationPort: number | null;
  readonly detail: string | null;
  readonly enforced: readonly EnforcedPolicy[];
  readonly notEnforced: readonly NotEnforcedPolicy[];
  readonly audit: readonly string[];
  readonly dryRun: { readonly effect: 'allow' | 'deny'; readonly policy: string | null } | null;
  readonly nearest: NearestMiss | null;
  /** Other endpoints or backends behind the same step that answer differently, each with its own decision. */
  readonly others: readonly (Decision & { readonly name: string })[];
  /** How many endpoints were asked, this one included. */
  readonly endpoints: number;
}

/** What happens between two gates, for the drawing. */
export interface Leg {
  readonly protocol: 'HBONE' | 'plaintext' | 'TLS' | 'passthrough';
  readonly note: string | null;
}

/** One step of the path, in order. */
export type Step =
  | {
      readonly kind: 'client';
      readonly name: string;
      readonly identity: string | null;
      readonly address: string | null;
      readonly note: string | null;
    }
  /** The client's own ztunnel, which takes the way from there on; as a gate instead where it refuses to. */
  | { readonly kind: 'source-ztunnel'; readonly name: string }
  | { readonly kind: 'leg'; readonly leg: Leg }
  | { readonly kind: 'gate'; readonly index: number }
  | {
      readonly kind: 'application';
      readonly name: string;
      readonly address: string;
      readonly port: number;
      readonly reached: boolean;
    };

/** Why a request that no gate denied still arrives nowhere. */
export interface Failure {
  readonly reason: 'no-endpoints' | 'unknown-host' | 'unknown-port' | 'illegal-target' | 'no-route' | 'bad-backend';
  readonly detail: string;
}

/**
 * The path of one request, with every gate's answer. Plain data: it is the JSON form of `explain`. `gates` holds the gates that
 * decided, in the order of the path, the last one the denying one if any denies.
 */
export interface Explanation {
  readonly effect: 'allow' | 'deny';
  readonly dialect: string;
  readonly gates: readonly GateExplanation[];
  readonly steps: readonly Step[];
  readonly failure: Failure | null;
  /** Why some part of the path is outside every gate: host network, UDP, not enrolled. */
  readonly notCaptured: readonly string[];
  readonly notes: readonly string[];
  /** The status of each policy that means something on this path. */
  readonly statuses: readonly PolicyStatus[];
  /** Objects of kinds that are not modelled, in the namespaces of this path: they may change what happens. */
  readonly unmodelled: readonly (Place & { readonly kind: string; readonly name: string })[];
}
