import type { Exchange, MessageProblem } from './exchange.js';

/** Who answers for a client connection. */
export interface ConnectionOwner {
  readonly scheme: 'http' | 'https';
  /** A request came: answer it. Must not throw. */
  onExchange(exchange: Exchange): void;
  /** What came is no request; it has been refused already, and the connection is ending. */
  onMalformed(problem: MessageProblem): void;
}

/** A client connection that is being served. */
export interface ServedConnection {
  /** Takes no further request; what is under way goes on, then the connection closes. */
  drain(): void;
  /** Ends the connection and everything on it. */
  destroy(): void;
}
