import type { Greeting } from '../socket/client-hello.js';
import type { Endpoint } from '../socket/proxy-header.js';
import type { ConnectionKind } from './listener-kind.js';

/** A client's connection to a gateway before it is known what is to be made of it. */
export interface Arrival {
  /** The declared port of the listener. */
  readonly port: number;
  /** The TCP peer, as policy address. */
  readonly address: string;
  readonly sourcePort: number;
  /** Whether its listener took a PROXY header. */
  readonly proxied: boolean;
  /** Whom that header told of, if anybody. */
  readonly client?: Endpoint;
}

/** What is known of a client's connection to a gateway. */
export interface ClientFacts extends Arrival {
  readonly kind: ConnectionKind;
  /** How its TLS began, on a listener that has to do with TLS. */
  readonly greeting?: Greeting;
}

/** The client's own end as far as it is known: the one that a PROXY header told, else the TCP peer. */
export function farEnd({ client, address, sourcePort }: Arrival): Endpoint {
  return client ?? { address, port: sourcePort };
}
