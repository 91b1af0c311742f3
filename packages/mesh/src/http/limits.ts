/** Bounds of an L7 gate, each with the reason for its default. Times are milliseconds, sizes bytes. */
export interface HttpLimits {
  /** All header lines of a request together; Envoy's own bound. */
  readonly headerBytes: number;
  /** Header lines of a request; Envoy's own bound. A request with more gets 431, none is ever dropped silently. */
  readonly headerCount: number;
  /** From the first byte of a request to the end of its headers: what ends a slowloris. */
  readonly headersTimeoutMs: number;
  /** From an accepted connection to its first byte. */
  readonly firstByteTimeoutMs: number;
  /** What a connection begins with before it can be told what it is: a PROXY header, the greeting of a client's own TLS. */
  readonly preambleTimeoutMs: number;
  /** How long a connection to a port of undeclared protocol is waited on for its first byte; then it is not HTTP. */
  readonly sniffTimeoutMs: number;
  /** A client connection on which no request is under way. */
  readonly idleTimeoutMs: number;
  /**
   * How long an HTTP/2 connection of a client rests, or a request to an application waits, until it is looked to that the connection is still read: one
   * that Node.js has given up is ended.
   */
  readonly restMs: number;
  /** From a request that was sent in full to the headers of its response; then 504. */
  readonly responseTimeoutMs: number;
  /**
   * How long a body may stand still: one that a client sends, until there is a response (then 408), and a response that the client does not
   * take (then it is cut off). A response that is quiet, such as a stream of events, has no such limit.
   */
  readonly bodyTimeoutMs: number;
  /** Interim responses (103 and other 1xx) to one request; with more the application is no partner. */
  readonly interimResponses: number;
  /** Opening a connection to an endpoint, tunnel included; then 503. */
  readonly connectTimeoutMs: number;
  /** Connections of one address at an ingress gateway; more are dropped. Behind a load balancer the balancer's count. */
  readonly connectionsPerAddress: number;
  /** TLS handshakes under way with one client of an ingress gateway; more are dropped. Many clients may share the address of a balancer. */
  readonly handshakesPerAddress: number;
  /**
   * How long the rest of a refused request's body is read away, so that the client gets to see the answer; and how long an application gets
   * to end a connection that this side has ended.
   */
  readonly lingerMs: number;
  /** Requests at once on one HTTP/2 client connection; what a waypoint's HBONE listener grants upstream (reference section 7.2). */
  readonly concurrentStreams: number;
  /** Streams that a client may reset in a burst, and per second after that, before its connection is ended (rapid reset). */
  readonly resetBurst: number;
  readonly resetRate: number;
  /** How long the earlier answer of an external authorizer holds for what is open, while it cannot be asked again. */
  readonly authorizerAnswerAgeMs: number;
  /** Requests at once on one HTTP/2 connection to an application. */
  readonly upstreamStreams: number;
}

/** The limits that apply where an option does not say otherwise. */
export const defaultHttpLimits: HttpLimits = {
  headerBytes: 60 * 1024,
  headerCount: 100,
  headersTimeoutMs: 10_000,
  firstByteTimeoutMs: 60_000,
  preambleTimeoutMs: 10_000,
  sniffTimeoutMs: 5_000,
  idleTimeoutMs: 3_600_000,
  restMs: 10_000,
  responseTimeoutMs: 300_000,
  bodyTimeoutMs: 300_000,
  interimResponses: 100,
  connectTimeoutMs: 10_000,
  connectionsPerAddress: 5_000,
  handshakesPerAddress: 1_000,
  lingerMs: 2_000,
  concurrentStreams: 100,
  resetBurst: 100,
  resetRate: 20,
  authorizerAnswerAgeMs: 60_000,
  upstreamStreams: 100,
};
