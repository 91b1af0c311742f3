import type {
  Authorization,
  CustomStage,
  RequestAttributes,
  RequestVerdict,
  TokenKnowledge,
  TokenStage,
} from '@sallyport/policy';
import type { RequestDestination } from './request-record.js';
import type { UpstreamTarget } from './upstream-pool.js';

/** Where a request that was allowed goes: endpoints to try in order, or an answer of the gate's own. */
export type Routed =
  | { readonly kind: 'targets'; readonly targets: readonly RoutedTarget[] }
  | {
      readonly kind: 'reply';
      readonly status: 404 | 500 | 503;
      /** Envoy's response flags and details. */
      readonly flags: string;
      readonly details: string;
      /** Why, for the log. */
      readonly failure?: string;
      readonly destination?: RequestDestination;
    };

/** One endpoint with how it is named in logs and metrics. */
export interface RoutedTarget extends UpstreamTarget {
  readonly destination: RequestDestination;
}

/** What applies to one client connection under one snapshot. */
export interface RequestScope {
  /** What the CUSTOM policies ask about a request before anything else is decided. Total. */
  authorize(request: RequestAttributes): CustomStage;
  /** What the tokens of a request come to, as far as their signatures are known. Total. */
  authenticate(request: RequestAttributes, knowledge: TokenKnowledge): TokenStage;
  /** Whether a request ends when a token that admitted it runs out (design: "Two dialects"). */
  readonly tokensEndRequests: boolean;
  /** Judges a request as its authorizers and tokens left it. Total: what cannot be decided is a deny. */
  judge(request: RequestAttributes, authorization: Authorization): RequestVerdict;
  /** Where the request goes; `request.path` is the path that was judged. */
  route(request: RequestAttributes): Routed;
  /** Whether the listener of the connection is gone: what is under way may finish, further requests are not taken. */
  readonly draining?: boolean;
  /** Whether `x-forwarded-proto` of the client is believed. */
  readonly trustForwardedProto: boolean;
}
