import type { PolicyReference } from './verdict.js';

/**
 * What a gate knows about a connection (reference sections 3.3, 4.1). Addresses are policy addresses, IPv4 or IPv6 text; an
 * attribute that the gate cannot know is absent.
 */
export interface ConnectionAttributes {
  /** `spiffe://…` of the peer's certificate; absent for plaintext. */
  readonly identity?: string;
  /** The TCP peer. */
  readonly sourceIp: string;
  /** After X-Forwarded-For and PROXY protocol; the TCP peer where neither applies. */
  readonly remoteIp?: string;
  readonly destinationIp: string;
  /** Service port at a waypoint, the pod's own port at a ztunnel, listener port at a gateway. */
  readonly destinationPort: number;
  /** Server name of the TLS inside the connection, if any. */
  readonly sni?: string;
  /**
   * What the gate should have read of the connection and could not, in words. It denies: no policy may be asked, as an absent attribute would
   * satisfy every negation and no DENY.
   */
  readonly unreadable?: string;
  /** What network filters published about the connection. */
  readonly metadata?: DynamicMetadata;
  /**
   * Filters that publish about each message of the connection, and so have nothing to say about the connection itself: a condition on what
   * they publish is left open, in the connection's favour. Whoever names one asks again about every message, and then names it no more.
   */
  readonly awaited?: readonly string[];
  /**
   * Every name in the peer's certificate, as Envoy reads it: URI names, DNS names, subject; one empty name for TLS without a
   * client certificate. Absent: the identity alone.
   */
  readonly peerNames?: readonly string[];
}

/** What filters of a gate publish for policies of the older generation to read: by filter name, then by key. */
export type DynamicMetadata = Readonly<Record<string, JsonObject>>;

/** What an L7 gate knows about a request, as it came on the wire; normalisation happens in the decision. */
export interface RequestAttributes {
  readonly method: string;
  /** `:path` as sent, with query. */
  readonly path: string;
  /** `:authority` or Host, as sent. */
  readonly authority: string;
  /** `:scheme`; `http` where absent. */
  readonly scheme?: string;
  /** In the order of the wire, names in any case, repeats kept; without pseudo headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly httpVersion: 1 | 2;
  /**
   * What the request's tokens came to (reference section 8.3). Absent where nobody verified them: a gate that has to then refuses
   * the request if it finds one.
   */
  readonly authentication?: Authentication;
  /** What filters published about the request, over what they published about its connection. */
  readonly metadata?: DynamicMetadata;
}

/** Any JSON value, as claims hold them. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. Look members up with `Object.hasOwn`: names are chosen by whoever issued the token. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/**
 * What the valid token of a request says to policy (reference sections 3.5 and 3.6), and what becomes of the request. A request
 * without a valid token has no claims, and so none of the rest.
 */
export interface Authentication {
  /** `iss`, where it is a string. */
  readonly issuer?: string;
  /** `sub`, where it is a string. */
  readonly subject?: string;
  /** The strings of `aud`, be it one or a list. */
  readonly audiences: readonly string[];
  /** `azp`, where it is a string. */
  readonly presenter?: string;
  /** The payload; claims that are lists written with spaces are lists here. */
  readonly claims: JsonObject;
  /** Set where a token of the request refuses it, whatever policy says. */
  readonly refused?: TokenRefusal;
  /** When the first of its tokens runs out, in seconds since 1970; absent where none does. */
  readonly expiresAt?: number;
  /** What is changed about the request before policy sees it and before it is forwarded. */
  readonly edits: RequestEdits;
}

/** How a request with an unacceptable token is answered (reference section 8.3). */
export interface TokenRefusal {
  readonly status: 401 | 403;
  readonly body: string;
  /** Value of the header `www-authenticate`. */
  readonly wwwAuthenticate: string;
  /** The RequestAuthentication whose rule refused it, where one did. */
  readonly policy?: PolicyReference;
}

/** Changes to a request: first removals, then additions. */
export interface RequestEdits {
  /** Headers of which every line goes, lower-case. */
  readonly removed: readonly string[];
  readonly added: readonly (readonly [name: string, value: string])[];
  /** Headers that only the gate may set, lower-case: no trailer may carry one either. */
  readonly reserved?: readonly string[];
  /** What replaces `:path`. */
  readonly path?: string;
}
