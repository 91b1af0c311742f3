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
}

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
}
