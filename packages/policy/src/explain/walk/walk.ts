import type { Inventory } from '../../inventory/inventory.js';
import type { Question } from '../question/question.js';

/** What every step of a walk reads. */
export interface Walk {
  readonly inventory: Inventory;
  readonly question: Question;
  /** Whether what flows inside is HTTP that a gate can read: not so inside the client's own TLS. */
  readonly http: boolean;
  /** Whether a gate has seen the token that the question assumes. */
  readonly tokenSent?: boolean;
  /** Server name of the TLS inside; gone once a gateway has ended that TLS. */
  readonly sni?: string;
}

/** The TCP peer that the next gate sees. */
export interface Sender {
  /** Its certificate's identity; absent where it speaks plain TCP. */
  readonly identity?: string;
  /** Its policy address. */
  readonly address: string;
  readonly network: string;
  readonly name: string;
  /** The gate that sends: a client's own ztunnel, or the gate before. */
  readonly gate: 'ztunnel' | 'waypoint' | 'gateway';
}
