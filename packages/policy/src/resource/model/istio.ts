import type { Span } from '../../diagnostic/span.js';
import type { ExtensionProvider } from './extension-provider.js';
import type { LabelSelector, ResourceBase } from './metadata.js';

export interface WorkloadEntry extends ResourceBase {
  readonly kind: 'WorkloadEntry';
  readonly address?: string;
  /** Where it is not in the mesh's own. */
  readonly network?: string;
  /** Labels of the metadata, over those of `spec.labels`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly ports: Readonly<Record<string, number>>;
}

export interface ServiceEntry extends ResourceBase {
  readonly kind: 'ServiceEntry';
  readonly hosts: readonly string[];
  /** Whom its endpoints may prove to be, besides themselves. */
  readonly subjectAltNames: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly number: number;
    readonly protocol: string;
    readonly targetPort?: number;
  }[];
  readonly location: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  readonly resolution: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  readonly endpoints: readonly {
    readonly address: string;
    readonly ports: Readonly<Record<string, number>>;
    readonly labels: Readonly<Record<string, string>>;
    readonly serviceAccount?: string;
  }[];
  readonly workloadSelector?: Readonly<Record<string, string>>;
  readonly exportTo: readonly string[];
}

/** How a request path is normalised before it is matched and forwarded (reference section 3.7). */
export type PathNormalization = 'DEFAULT' | 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';

/** Who sees a ServiceEntry. */
export type ServiceEntryVisibility = 'PUBLIC' | 'NAMESPACE' | 'NONE';

/** MeshConfig's `serviceEntryVisibility`: the first policy whose rules all select the namespace, else the default. */
export interface ServiceEntryVisibilityConfig {
  readonly defaultVisibility: ServiceEntryVisibility;
  readonly policies: readonly {
    readonly visibility: ServiceEntryVisibility;
    /** A rule without a selector selects no namespace. */
    readonly matchingRules: readonly { readonly namespaceSelector?: LabelSelector }[];
  }[];
}

/** What stands between a gateway and its clients (reference section 0.12). */
export interface GatewayTopology {
  /** How many proxies in front may be believed about X-Forwarded-For; 0: none. */
  readonly numTrustedProxies: number;
  /** Every connection begins with a PROXY header, version 1 or 2, which tells the client's address. */
  readonly proxyProtocol: boolean;
}

/** Clients connect to the gateway themselves. */
export const noGatewayTopology: GatewayTopology = { numTrustedProxies: 0, proxyProtocol: false };

/** The part of Istio's MeshConfig that changes a verdict. */
export interface MeshConfig {
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly rootNamespace: string;
  readonly pathNormalization: PathNormalization;
  readonly extensionProviders: readonly ExtensionProvider[];
  /** Absent where it was not configured: every ServiceEntry is then public. */
  readonly serviceEntryVisibility?: ServiceEntryVisibilityConfig;
  /** `defaultConfig.gatewayTopology`: of every gateway that says nothing else itself. */
  readonly gatewayTopology: GatewayTopology;
  readonly span?: Span;
}

/** MeshConfig where nothing was configured. */
export const defaultMeshConfig: MeshConfig = {
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  rootNamespace: 'istio-system',
  pathNormalization: 'BASE',
  extensionProviders: [],
  gatewayTopology: noGatewayTopology,
};
