import type { ServiceInfo } from '../inventory/inventory.js';
import type { Authorizer, BodyInCheck } from '../resource/model/index.js';
import type { RequestAttributes } from './attributes.js';
import type { HeaderLine, PolicyReference, Verdict } from './verdict.js';

/** One end of what is to be authorized. */
export interface CheckPeer {
  /** A policy address. */
  readonly address: string;
  /** The port, where the gate knows it. */
  readonly port?: number;
  /** `spiffe://…` */
  readonly principal?: string;
}

/** What an authorizer is told about a request. */
export interface CheckedRequest {
  readonly id?: string;
  readonly method: string;
  /** As normalised, with query. */
  readonly path: string;
  readonly host: string;
  readonly scheme: string;
  readonly protocol: 'HTTP/1.1' | 'HTTP/2';
  /** Lower-case names, pseudo headers included; repeats joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body as announced; -1 where that is not known. */
  readonly size: number;
  readonly body?: { readonly bytes: Uint8Array; readonly packed: boolean };
}

/** A call of `envoy.service.auth.v3.Authorization/Check`; without `request` it is about a connection. */
export interface GrpcCheck {
  readonly kind: 'grpc';
  readonly source: CheckPeer;
  readonly destination: CheckPeer;
  readonly request?: CheckedRequest;
}

/** A call of an HTTP authorizer: a request like the one that is judged. */
export interface HttpCheck {
  readonly kind: 'http';
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
}

/** What an authorizer is asked. */
export type Check = GrpcCheck | HttpCheck;

/** What a gate has read of a request's body. */
export interface CheckBody {
  readonly bytes: Uint8Array;
  /** Whether that is all of it. */
  readonly complete: boolean;
}

/** A header that an authorizer wants changed. */
export interface HeaderOption {
  readonly name: string;
  readonly value: string;
  /** The older way to say what happens to a header that is there. */
  readonly append?: boolean;
  readonly action: 'append-or-add' | 'add-if-absent' | 'overwrite-or-add' | 'overwrite-if-exists';
}

/** An answer over gRPC, decoded. */
export interface GrpcReply {
  readonly kind: 'grpc';
  /** Code of `status`; absent where there was none. */
  readonly code?: number;
  readonly ok?: {
    readonly headers: readonly HeaderOption[];
    readonly headersToRemove: readonly string[];
    readonly responseHeaders: readonly HeaderOption[];
    readonly queryToSet: readonly { readonly key: string; readonly value: string }[];
    readonly queryToRemove: readonly string[];
  };
  readonly denied?: {
    /** 0 where none was given. */
    readonly status: number;
    readonly headers: readonly HeaderOption[];
    readonly body: string;
  };
}

/** An answer over HTTP. */
export interface HttpReply {
  readonly kind: 'http';
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: Uint8Array;
}

/** What came back from an authorizer; `failed` is everything that is no answer. */
export type ProviderReply = GrpcReply | HttpReply | { readonly kind: 'failed'; readonly detail: string };

/** An authorizer that must be asked before anything else is decided. */
export interface CustomQuestion {
  readonly provider: Authorizer;
  /** Who answers. */
  readonly service: ServiceInfo;
  /** The policy whose rule wants it. */
  readonly policy: PolicyReference;
  /** Stays the same as long as neither the provider's settings nor its policies change: an answer holds as long as this does. */
  readonly basis: string;
  /** Present where the authorizer wants to see the beginning of the body. */
  readonly body?: BodyInCheck;
  /** The call to make; `too-large` where the body is longer than the authorizer may see: that request is refused. */
  check(body?: CheckBody): Check | 'too-large';
  /** What follows from the answer; `too-large` in its place says that it could not be asked. */
  answered(reply: ProviderReply | 'too-large'): CustomStage;
}

/** How an authorizer was part of a decision. */
export interface Consulted {
  readonly provider: string;
  readonly outcome: 'allowed' | 'denied' | 'error' | 'failed-open' | 'not-asked';
}

/** What the CUSTOM policies of a gate came to, to be handed to the decision on the rest. */
export interface Authorization {
  /** Present where they deny. */
  readonly denial?: Verdict;
  /** The request as it came; absent for a connection. */
  readonly received?: RequestAttributes;
  /** The request as the authorizers left it. */
  readonly request?: RequestAttributes;
  /** The one of the two that the route is chosen by. */
  readonly routeBy: 'received' | 'request';
  /** What the authorizers want in the response to the client. */
  readonly responseHeaders: readonly HeaderOption[];
  readonly consulted: readonly Consulted[];
}

/** Where the external authorization of a request or connection stands. */
export type CustomStage =
  | { readonly kind: 'question'; readonly question: CustomQuestion }
  | { readonly kind: 'settled'; readonly authorization: Authorization };
