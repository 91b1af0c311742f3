import type { Span } from '../../diagnostic/span.js';
import type { GatewayTopology } from './istio.js';
import type { LabelSelector, ResourceBase } from './metadata.js';

export interface GatewayClass extends ResourceBase {
  readonly kind: 'GatewayClass';
  readonly controllerName: string;
}

/** Which namespaces may attach (reference section 5.3, item 6). */
export interface AllowedRoutes {
  readonly from: 'Same' | 'All' | 'Selector' | 'None';
  readonly selector?: LabelSelector;
}

/** One listener of a Gateway. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' | 'HBONE' | 'UDP' | 'istio.io/PROXY';
  readonly hostname?: string;
  readonly allowedRoutes: AllowedRoutes;
  readonly tls?: {
    readonly mode: 'Terminate' | 'Passthrough';
    readonly certificateRefs: readonly { readonly namespace: string; readonly name: string; readonly span: Span }[];
  };
  readonly span: Span;
}

export interface Gateway extends ResourceBase {
  readonly kind: 'Gateway';
  readonly gatewayClassName: string;
  readonly listeners: readonly Listener[];
  /** `status.addresses`; undefined where the manifest has no `status` at all, which a folder reads as ready. */
  readonly statusAddresses?: readonly { readonly type: string; readonly value: string }[];
  /** What its pods carry; absent where `spec.infrastructure` says nothing: then they carry what the Gateway does. */
  readonly infrastructure: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** By the annotation of its pods; absent where MeshConfig's holds. */
  readonly topology?: GatewayTopology;
}

/** A reference from a route to the Gateway or Service that it belongs to. */
export interface ParentRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
  readonly span: Span;
}

/** A weighted backend; weight 0 receives nothing. */
export interface BackendRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
  readonly weight: number;
  readonly span: Span;
}

/** One match of an HTTPRoute rule; every part that is present holds. */
export interface HttpRouteMatch {
  readonly path: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string };
  readonly method?: string;
  readonly headers: readonly { readonly type: 'Exact' | 'RegularExpression'; readonly name: string; readonly value: string }[];
}

export interface HTTPRoute extends ResourceBase {
  readonly kind: 'HTTPRoute';
  readonly hostnames: readonly string[];
  readonly parentRefs: readonly ParentRef[];
  readonly rules: readonly {
    readonly matches: readonly HttpRouteMatch[];
    readonly backendRefs: readonly BackendRef[];
    readonly span: Span;
  }[];
}

/** A route of a listener that passes TLS through, by server name; no host names cover every one, and none at all. */
export interface TLSRoute extends ResourceBase {
  readonly kind: 'TLSRoute';
  readonly hostnames: readonly string[];
  readonly parentRefs: readonly ParentRef[];
  readonly rules: readonly { readonly backendRefs: readonly BackendRef[]; readonly span: Span }[];
}

/** What lets objects of other namespaces refer to some of its own namespace; groups and kinds are as written. */
export interface ReferenceGrant extends ResourceBase {
  readonly kind: 'ReferenceGrant';
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  /** Without a name it is about every object of that kind. */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
}

export interface TCPRoute extends ResourceBase {
  readonly kind: 'TCPRoute';
  readonly parentRefs: readonly ParentRef[];
  readonly rules: readonly { readonly backendRefs: readonly BackendRef[]; readonly span: Span }[];
}
