import type { Duplex } from 'node:stream';
import type { JsonObject, Verdict } from '@sallyport/policy';

/**
 * Something that reads a connection without HTTP as it passes, and publishes what it finds for policy to read, under its own name: as Envoy's
 * network filters do with dynamic metadata.
 */
export interface NetworkFilter {
  /** The name under which it publishes, `envoy.filters.network.…`. */
  readonly name: string;
  /** Puts itself before a client's stream. What comes out of its own has been judged. */
  attach(client: Duplex, connection: FilteredConnection): AttachedFilter;
}

/** What a filter may ask of the connection that it stands on. */
export interface FilteredConnection {
  /**
   * Judges, under the snapshot in force. Given what was found in one message, that message; else the connection as such, conditions on this
   * filter left open. Undefined where nothing serves this connection any more.
   */
  judge(published?: JsonObject): Verdict | undefined;
  /** One message was judged; `subject` names it for the log where it was refused. */
  decided(verdict: Verdict, subject: string): void;
}

/** A filter on one connection. */
export interface AttachedFilter {
  /** The client's stream as the far side sees it. */
  readonly stream: Duplex;
  /** Judges again what has been let through and is still under way; undefined where all of that is allowed. */
  rejudge(): Verdict | undefined;
}
