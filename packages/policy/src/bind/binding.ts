import type { Span } from '../diagnostic/span.js';
import type { GatewayInfo, ServiceInfo, Workload } from '../inventory/inventory.js';
import type { AuthorizationPolicy, PeerAuthentication, RequestAuthentication } from '../resource/model/index.js';
import type { RoleScope } from './roles/role-scope.js';

/** How a policy came to a gate (the seeds' "Attachment Style" and "Scope"). */
export type Attachment =
  | 'selector'
  | 'namespace'
  | 'root-namespace'
  | 'root-selector'
  | 'service'
  | 'service-entry'
  | 'gateway'
  | 'gateway-class';

/** A policy that this gate enforces. */
export interface BoundPolicy {
  readonly policy: AuthorizationPolicy;
  readonly attachment: Attachment;
}

/** Why a policy that a user could expect at this gate is not enforced there: a closed list, each with a sentence in `describeUnbound`. */
export type UnboundReason =
  | 'other-namespace'
  | 'selector-mismatch'
  | 'empty-selector'
  | 'targets-service-at-ztunnel'
  | 'targets-gateway-at-ztunnel'
  | 'selector-at-waypoint'
  | 'namespace-scope-at-waypoint'
  | 'targets-other-object'
  | 'service-without-waypoint'
  | 'workload-addressed'
  | 'gateway-class-outside-root'
  | 'gateway-class-name'
  | 'service-target-at-gateway'
  | 'selector-policies-disabled'
  | 'action-at-ztunnel'
  | 'dry-run-flag-off';

/** A policy that exists, names something on this path, and is not enforced by this gate. */
export interface UnboundPolicy {
  readonly policy: AuthorizationPolicy;
  readonly reason: UnboundReason;
}

/**
 * Something about the configuration that closes a gate before any rule is asked. In `upstream` only `unsupported-policy`
 * occurs, at waypoints and gateways: it says that the verdict would not be Istio's.
 */
export interface Closure {
  readonly reason: 'l7-at-ztunnel' | 'policy-without-waypoint' | 'unsupported-policy';
  readonly kind: 'AuthorizationPolicy' | 'RequestAuthentication';
  readonly policy: AuthorizationPolicy | RequestAuthentication;
  /** The offending rule where there is one. */
  readonly rule?: number;
  readonly span: Span;
  readonly detail: string;
}

/** Mutual TLS at a ztunnel: the effective mode per port and which object says so (reference section 7.9). */
export interface EffectiveMtls {
  readonly mode: 'PERMISSIVE' | 'STRICT';
  readonly policy?: PeerAuthentication;
  readonly ports: ReadonlyMap<number, { readonly mode: 'PERMISSIVE' | 'STRICT'; readonly policy: PeerAuthentication }>;
}

interface GateBindingBase {
  readonly policies: readonly BoundPolicy[];
  readonly unbound: readonly UnboundPolicy[];
  readonly closures: readonly Closure[];
  /** What governs this gate in the older generation; every scope that a connection falls under has to admit it. */
  readonly roles: readonly RoleScope[];
}

/** What the ztunnel in front of one workload enforces. */
export interface ZtunnelBinding extends GateBindingBase {
  readonly gate: 'ztunnel';
  readonly workload: Workload;
  readonly mtls: EffectiveMtls;
}

/** What a waypoint enforces for one service, or for workload-addressed traffic to one workload. */
export interface WaypointBinding extends GateBindingBase {
  readonly gate: 'waypoint';
  readonly gateway: GatewayInfo;
  readonly target: ServiceInfo | Workload;
  readonly requestAuthentications: readonly RequestAuthentication[];
}

/** What an ingress gateway enforces. */
export interface GatewayBinding extends GateBindingBase {
  readonly gate: 'gateway';
  readonly gateway: GatewayInfo;
  readonly requestAuthentications: readonly RequestAuthentication[];
}

export type GateBinding = ZtunnelBinding | WaypointBinding | GatewayBinding;

/** Which waypoint traffic to an object goes through (reference section 5.3). `refused`: `strict`, named but unusable. */
export type WaypointResolution =
  | { readonly kind: 'none'; readonly why: 'not-named' | 'opted-out' | 'traffic-type' | 'is-waypoint' | 'unusable' }
  | { readonly kind: 'bound'; readonly gateway: GatewayInfo; readonly by: 'object' | 'namespace' }
  | {
      readonly kind: 'refused';
      readonly named: string;
      readonly why: 'missing' | 'not-ready' | 'not-allowed' | 'not-a-waypoint';
      readonly span: Span;
    };
