import type { AuthorizationPolicy } from './authorization-policy.js';
import type { Gateway, GatewayClass, HTTPRoute, ReferenceGrant, TCPRoute, TLSRoute } from './gateway-api.js';
import type { MeshConfig, ServiceEntry, WorkloadEntry } from './istio.js';
import type { Controller, EndpointSlice, Namespace, Pod, Secret, Service, ServiceAccount } from './kubernetes.js';
import type { ResourceBase } from './metadata.js';
import type { PeerAuthentication } from './peer-authentication.js';
import type { ClusterRbacConfig, RbacConfig, ServiceRole, ServiceRoleBinding } from './rbac.js';
import type { RequestAuthentication } from './request-authentication.js';

/** A kind that is not modelled but changes what happens (NetworkPolicy, EnvoyFilter, VirtualService, Sidecar): named, never applied. */
export interface UnmodelledResource extends ResourceBase {
  readonly kind: 'Unmodelled';
  readonly writtenKind: string;
}

/** Every object that is read from manifests. */
export type Resource =
  | AuthorizationPolicy
  | PeerAuthentication
  | RequestAuthentication
  | ClusterRbacConfig
  | RbacConfig
  | ServiceRole
  | ServiceRoleBinding
  | Namespace
  | ServiceAccount
  | Pod
  | Controller
  | Service
  | EndpointSlice
  | Secret
  | WorkloadEntry
  | ServiceEntry
  | Gateway
  | GatewayClass
  | HTTPRoute
  | TCPRoute
  | TLSRoute
  | ReferenceGrant
  | UnmodelledResource;

/** What was read from a set of files: the unit of change of a folder. */
export interface ResourceSet {
  readonly resources: readonly Resource[];
  readonly meshConfig: MeshConfig;
  /** Kinds that were skipped because nothing about them matters here, with how many objects of each. */
  readonly skippedKinds: Readonly<Record<string, number>>;
}

export type * from './authorization-policy.js';
export type * from './extension-provider.js';
export type * from './gateway-api.js';
export * from './istio.js';
export type * from './kubernetes.js';
export type * from './metadata.js';
export type * from './peer-authentication.js';
export type * from './rbac.js';
export type * from './request-authentication.js';
