import type { Span } from '../../diagnostic/span.js';
import type { GatewayTopology } from './istio.js';
import type { LabelSelector, ResourceBase } from './metadata.js';

export interface Namespace extends ResourceBase {
  readonly kind: 'Namespace';
}

export interface ServiceAccount extends ResourceBase {
  readonly kind: 'ServiceAccount';
}

/** A declared container port. */
export interface ContainerPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** The part of a pod specification that decides who a workload is and where it listens. */
export interface PodSpec {
  readonly serviceAccountName: string;
  readonly hostNetwork: boolean;
  readonly ports: readonly ContainerPort[];
}

export interface Pod extends ResourceBase {
  readonly kind: 'Pod';
  readonly spec: PodSpec;
  /** `status.podIPs`, else `status.podIP`; empty where the manifest has no status. */
  readonly addresses: readonly string[];
  /** Condition `Ready`; true where the manifest has no status. */
  readonly ready: boolean;
  /** Name of the controller that owns it, for log fields (`ReplicaSet` names lose their hash). */
  readonly owner?: { readonly kind: string; readonly name: string };
  /** By its annotation, for the pod of a gateway. */
  readonly topology?: GatewayTopology;
}

/** A Deployment, StatefulSet or DaemonSet: a folder acts as its controller and makes the pods. */
export interface Controller extends ResourceBase {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly replicas: number;
  readonly selector: LabelSelector;
  readonly template: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly spec: PodSpec;
    /** By their annotation, for the pods of a gateway. */
    readonly topology?: GatewayTopology;
  };
}

/** One port of a Service. */
export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

export interface Service extends ResourceBase {
  readonly kind: 'Service';
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** `spec.clusterIPs`, else `spec.clusterIP`; empty where neither was written; `['None']` is headless. */
  readonly clusterIPs: readonly string[];
  /** Absent where the endpoints come from EndpointSlices. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePort[];
  readonly externalName?: string;
}

export interface EndpointSlice extends ResourceBase {
  readonly kind: 'EndpointSlice';
  /** Label `kubernetes.io/service-name`. */
  readonly serviceName?: string;
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    readonly ready: boolean;
    readonly target?: { readonly kind: string; readonly namespace?: string; readonly name: string };
  }[];
  readonly ports: readonly { readonly name?: string; readonly port: number }[];
}

/** A Secret; only `kubernetes.io/tls` is used. PEM texts, decoded from base64. */
export interface Secret extends ResourceBase {
  readonly kind: 'Secret';
  readonly type: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly span: Span;
}
