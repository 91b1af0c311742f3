import type { Span } from '../diagnostic/span.js';
import type { Dialect } from '../resource/dialect.js';
import type {
  AuthorizationPolicy,
  ClusterRbacConfig,
  Gateway,
  GatewayClass,
  GatewayTopology,
  HTTPRoute,
  MeshConfig,
  Namespace,
  PeerAuthentication,
  RbacConfig,
  ReferenceGrant,
  RequestAuthentication,
  Secret,
  ServiceRole,
  ServiceRoleBinding,
  TCPRoute,
  TLSRoute,
  UnmodelledResource,
} from '../resource/model/index.js';

/** Why a workload has no ztunnel; `captured` means that it has one (reference section 5.4). */
export type Capture = 'captured' | 'not-enrolled' | 'opted-out' | 'host-network' | 'sidecar' | 'gateway';

/** How a ztunnel hands on to the application of a waypoint what came over HBONE (reference sections 5.3 item 9, 7.10). */
export interface ApplicationTunnel {
  /** `PROXY`: a PROXY header, version 2, tells what the client wanted to reach. */
  readonly protocol: 'PROXY' | 'NONE';
  /** Where the application listens for it; the port that the client asked for where absent. */
  readonly port?: number;
}

/** A running thing with an identity: a pod, a replica that a folder acts out, a WorkloadEntry, a gateway's or waypoint's own pod. */
export interface Workload {
  /** `NAMESPACE/NAME`, unique among workloads. */
  readonly key: string;
  readonly kind: 'Pod' | 'WorkloadEntry' | 'Gateway';
  readonly namespace: string;
  readonly name: string;
  /** Name of the Deployment or other owner, for `exec`, `explain` and log fields; the workload's own name where there is none. */
  readonly ownerName: string;
  readonly ownerKind: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  /** `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`. */
  readonly identity: string;
  /** The policy address: the only address of this workload in verdicts, authorities and logs. */
  readonly address: string;
  /** All addresses, the policy address first. */
  readonly addresses: readonly string[];
  readonly capture: Capture;
  /** The network that it is in, by name (`topology.istio.io/network`): others reach it through an east-west gateway only. `` where nothing names one. */
  readonly network: string;
  readonly ready: boolean;
  /** Declared TCP ports, in order, first is PORT of `sallyport/run`. Union of container ports and numeric targetPorts of services that select it. */
  readonly ports: readonly number[];
  readonly portsByName: Readonly<Record<string, number>>;
  /** Annotation `sallyport/run`. */
  readonly run?: string;
  /** Key of the Gateway that it serves: of kind `Gateway`, or with an `applicationTunnel`. */
  readonly gateway?: string;
  /** Of a pod that is a waypoint behind its own ztunnel. */
  readonly applicationTunnel?: ApplicationTunnel;
  /** For kind `Gateway`: what its own ProxyConfig says; absent where MeshConfig's holds. */
  readonly topology?: GatewayTopology;
  readonly span: Span;
}

/** One endpoint of a service port. */
export interface Endpoint {
  readonly workload: Workload;
  /** The workload's own port, resolved from number or name. */
  readonly port: number;
}

/** A port of a service with the protocol that a waypoint speaks on it. */
export interface ServicePortInfo {
  readonly name?: string;
  readonly port: number;
  /** `http` for HTTP/1.1, HTTP/2 and gRPC alike (sniffed per connection); `tcp` for all else (by appProtocol, then name prefix, as Istio does; undeclared is `http` by sniffing with TCP fallback only where upstream does that). */
  readonly protocol: 'http' | 'tcp';
  /**
   * Whether the application is declared to speak HTTP/2 without TLS (`grpc`, `grpc-web`, `http2`, `kubernetes.io/h2c`, by appProtocol, then
   * name prefix); absent is false. A gate then goes on over HTTP/2.
   */
  readonly http2?: boolean;
  /** Nothing declares the protocol: the first bytes of a connection tell HTTP from other TCP, and `protocol` is `http`. */
  readonly undeclared?: boolean;
  /** What is spoken on a port without HTTP, where a gate has a filter that understands it. */
  readonly application?: 'mysql';
  readonly endpoints: readonly Endpoint[];
}

/** A Kubernetes Service, or one host of a ServiceEntry. */
export interface ServiceInfo {
  /** `Service/NAMESPACE/NAME` or `ServiceEntry/NAMESPACE/NAME/HOST`. */
  readonly key: string;
  readonly kind: 'Service' | 'ServiceEntry';
  readonly namespace: string;
  readonly name: string;
  /** `NAME.NAMESPACE.svc.cluster.local`, or the ServiceEntry's host. */
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Policy addresses (virtual IPs); empty if headless. Derived where the manifest has none. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServicePortInfo[];
  /** Every workload behind it, also one that serves none of its ports. */
  readonly workloads: readonly Workload[];
  /** Who may use it (`exportTo`): everyone, its own namespace, or nobody. */
  readonly visibility: 'public' | 'namespace' | 'none';
  /** Of a ServiceEntry: identities that its endpoints may prove besides their own (reference section 7.2). */
  readonly subjectAltNames?: readonly string[];
  /** Of a Service of type ExternalName, which is another name and nothing else. */
  readonly externalName?: string;
  /**
   * Endpoints that are no workload of the mesh (ExternalName, inline endpoints, DNS hosts): host or address, with the port per service
   * port. An address that starts with `*` is a wildcard host and stands for the name that was dialled.
   */
  readonly externalEndpoints: readonly { readonly address: string; readonly ports: Readonly<Record<number, number>> }[];
  readonly span: Span;
}

/** A Gateway with what kind of gate it is. */
export interface GatewayInfo {
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  readonly resource: Gateway;
  readonly role: 'waypoint' | 'ingress' | 'east-west' | 'foreign';
  /** For waypoints: label `istio.io/waypoint-for` of the Gateway, else its class, else `service` (reference section 5.3, item 5). */
  readonly waypointFor: 'service' | 'workload' | 'all' | 'none';
  readonly ready: boolean;
  /** The gate's own workload: identity (annotation `gateway.istio.io/service-account`, else NAME for a waypoint, NAME-CLASS for others) and policy address. */
  readonly workload: Workload;
  /** What stands between it and its clients (reference section 0.12). */
  readonly topology: GatewayTopology;
}

/** One immutable picture of everything a verdict depends on, with indexes. */
export interface Inventory {
  readonly dialect: Dialect;
  readonly mesh: MeshConfig;
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly services: ReadonlyMap<string, ServiceInfo>;
  readonly gateways: ReadonlyMap<string, GatewayInfo>;
  readonly gatewayClasses: ReadonlyMap<string, GatewayClass>;
  readonly policies: readonly AuthorizationPolicy[];
  readonly peerAuthentications: readonly PeerAuthentication[];
  readonly requestAuthentications: readonly RequestAuthentication[];
  /** The older generation's switch: ClusterRbacConfigs first, then RbacConfigs by namespace. */
  readonly rbacConfigs: readonly (ClusterRbacConfig | RbacConfig)[];
  readonly serviceRoles: readonly ServiceRole[];
  readonly serviceRoleBindings: readonly ServiceRoleBinding[];
  readonly httpRoutes: readonly HTTPRoute[];
  readonly tcpRoutes: readonly TCPRoute[];
  readonly tlsRoutes: readonly TLSRoute[];
  readonly referenceGrants: readonly ReferenceGrant[];
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly unmodelled: readonly UnmodelledResource[];
  /** By any policy address of a workload. */
  readonly workloadByAddress: ReadonlyMap<string, Workload>;
  /** By any virtual IP of a service. */
  readonly serviceByAddress: ReadonlyMap<string, ServiceInfo>;
  /** By lower-case hostname; several namespaces may declare the same ServiceEntry host. */
  readonly servicesByHostname: ReadonlyMap<string, readonly ServiceInfo[]>;
  /** Labels of a namespace; `kubernetes.io/metadata.name` is always among them, as the API server adds it. */
  namespaceLabels(namespace: string): Readonly<Record<string, string>>;
}
