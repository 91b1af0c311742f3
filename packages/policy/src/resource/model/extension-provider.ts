import type { Span } from '../../diagnostic/span.js';

/** How much of a request's body an external authorizer gets to see. */
export interface BodyInCheck {
  readonly maxRequestBytes: number;
  /** Whether a longer body is cut to its beginning; else its request is refused with 413, and nobody is asked. */
  readonly allowPartialMessage: boolean;
  /** Whether gRPC carries it as bytes instead of text. */
  readonly packAsBytes: boolean;
}

/** What external authorizers of both protocols are told (reference section 2.7). */
interface AuthorizerBase {
  readonly name: string;
  /** `HOSTNAME` or `NAMESPACE/HOSTNAME`. */
  readonly service: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Whether a request passes where the authorizer did not answer. */
  readonly failOpen: boolean;
  /** Status for a request that is refused because the authorizer did not answer. */
  readonly statusOnError: number;
  /** Whether the route is chosen from the request as the authorizer left it. */
  readonly clearRouteCache: boolean;
  readonly body?: BodyInCheck;
  readonly span?: Span;
}

/** An external authorizer that is asked over gRPC, `envoy.service.auth.v3.Authorization`. */
export interface GrpcAuthorizer extends AuthorizerBase {
  readonly type: 'envoyExtAuthzGrpc';
}

/** An external authorizer that is asked over HTTP. Header names may begin or end with `*`, and their case does not matter. */
export interface HttpAuthorizer extends AuthorizerBase {
  readonly type: 'envoyExtAuthzHttp';
  readonly pathPrefix: string;
  readonly includeRequestHeadersInCheck: readonly string[];
  readonly includeAdditionalHeadersInCheck: Readonly<Record<string, string>>;
  readonly headersToUpstreamOnAllow: readonly string[];
  /** Empty: all of them. */
  readonly headersToDownstreamOnDeny: readonly string[];
  readonly headersToDownstreamOnAllow: readonly string[];
}

/** A provider of something else than authorization: a policy that names it denies what it matches. */
interface OtherProvider {
  readonly type: 'other';
  readonly name: string;
  readonly span?: Span;
}

/** Something that CUSTOM policies may ask. */
export type Authorizer = GrpcAuthorizer | HttpAuthorizer;

/** An entry of MeshConfig's `extensionProviders` (reference section 2.7). */
export type ExtensionProvider = Authorizer | OtherProvider;
