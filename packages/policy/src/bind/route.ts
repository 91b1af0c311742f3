import type { Span } from '../diagnostic/span.js';
import type { Endpoint, GatewayInfo, ServiceInfo, ServicePortInfo, Workload } from '../inventory/inventory.js';

/** What a client asked to be connected to: a name or an address, with a port. */
export interface Destination {
  /** Host name (short forms as in Kubernetes, resolved from the client's namespace), or IP address text. */
  readonly host: string;
  readonly port: number;
}

/**
 * What the source side does with a connection (reference section 7.3). The same answer serves the real ztunnel, a gateway's
 * onward hop and `explain`.
 */
export type OutboundRoute = SingleRoute | SplitRoute;

/** A service has a canary waypoint: each new connection takes one of these ways, by weight, and fails where that one does. */
export interface SplitRoute {
  readonly kind: 'split';
  /** The service's own waypoint first; weights are percent, and one of them may be 0. */
  readonly ways: readonly RouteShare[];
}

/** One way of a split, through one waypoint of the service. */
export interface RouteShare {
  readonly waypoint: GatewayInfo;
  readonly weight: number;
  readonly route: SingleRoute;
}

/** A route that leaves nothing to choose but the endpoint. */
export type SingleRoute =
  /** HBONE to a waypoint; `authority` is the original VIP:service port, or podIP:port for workload-addressed traffic. */
  | {
      readonly kind: 'waypoint';
      readonly gateway: GatewayInfo;
      readonly authority: string;
      readonly service?: ServiceInfo;
      readonly servicePort?: ServicePortInfo;
      readonly workload?: Workload;
      /** The east-west gateway of the network that the waypoint is in, where that is another; the authority is then the service's name. */
      readonly through?: GatewayInfo;
      /** All waypoints of the service in that network: the east-west gateway there chooses among them, by weight too. */
      readonly behind?: readonly GatewayInfo[];
    }
  /** HBONE to one of these endpoints; the authority is the endpoint's address:port. */
  | {
      readonly kind: 'hbone';
      readonly endpoints: readonly Endpoint[];
      readonly service?: ServiceInfo;
      /** Of the service: what is asked of an east-west gateway on the way to endpoints in other networks (`gatewayBetween`). */
      readonly servicePort?: ServicePortInfo;
    }
  /** Plain TCP to one of these endpoints, which have no ztunnel. */
  | { readonly kind: 'plaintext'; readonly endpoints: readonly Endpoint[]; readonly service?: ServiceInfo }
  /** Plain TCP to something outside the mesh; the gate refuses loopback, link-local, unspecified and gate addresses. */
  | { readonly kind: 'passthrough'; readonly host: string; readonly port: number; readonly service?: ServiceInfo }
  /** No connection. */
  | {
      readonly kind: 'refused';
      readonly reason: 'waypoint-unavailable' | 'no-endpoints' | 'unknown-host' | 'unknown-port' | 'illegal-target';
      readonly detail: string;
      readonly service?: ServiceInfo;
      readonly span?: Span;
    };

/**
 * What a gate that terminated HBONE makes of a CONNECT authority (reference section 7.5, steps 2 to 5). `status` is the HTTP
 * status of the CONNECT response.
 */
export type InboundTarget =
  | {
      readonly kind: 'workload';
      readonly workload: Workload;
      readonly port: number;
      readonly service?: ServiceInfo;
      /** What a PROXY header tells the application that the client wanted. */
      readonly proxied?: { readonly address: string; readonly port: number };
    }
  | { readonly kind: 'service'; readonly service: ServiceInfo; readonly servicePort: ServicePortInfo; readonly address: string }
  | { readonly kind: 'refused'; readonly status: 400 | 503; readonly detail: string };

/** A backend that a route chose, with its weight; weights are relative. */
export interface WeightedBackend {
  readonly service: ServiceInfo;
  readonly port: number;
  readonly weight: number;
}

/** Where an L7 gate sends a request. `none`: no route matches (404); `invalid`: a backend does not exist (500). */
export type HttpRouting =
  | { readonly kind: 'backends'; readonly backends: readonly WeightedBackend[]; readonly routeSpan?: Span }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid'; readonly detail: string };
