import type { Duplex } from 'node:stream';
import type { Permit } from '@sallyport/policy';
import { Http1Upstream } from './http1-upstream.js';
import { Http2Upstream } from './http2-upstream.js';
import type { HttpLimits } from './limits.js';
import { type UpstreamCall, type UpstreamConnection, UpstreamError, type UpstreamRequest } from './upstream.js';

/** An endpoint of an application, and how to get to it. */
export interface UpstreamTarget {
  /** Equal for targets that may share connections. */
  readonly key: string;
  readonly protocol: 'http1' | 'http2';
  /** Opens a byte stream to the application. The permit is the proof that someone judged; `traceparent` says for whom. */
  open(permit: Permit, traceparent?: string): Promise<Duplex>;
}

/** How to send a request. */
export interface SendOptions {
  /** The request's body, where all of it is here. */
  readonly whole?: Buffer | undefined;
  /** What the next gate is told of the trace, where a connection is opened. */
  readonly traceparent?: string | undefined;
  /** Uses a new connection even where one is free. */
  readonly fresh?: boolean;
  /** Asked once a new connection is open: whether the request is still to be sent. */
  readonly wanted?: () => boolean;
}

/** A request that was sent. */
export interface SentCall {
  readonly call: UpstreamCall;
  /** Whether the connection has carried a request before; such a one may have closed at the other end in the meantime. */
  readonly reused: boolean;
}

/**
 * The onward connections of one client connection. They are never shared between clients: what an application does to one connection
 * reaches one client only, and the gate behind sees one tunnel per client.
 */
export class UpstreamPool {
  readonly #connections = new Map<string, Set<UpstreamConnection>>();
  readonly #opening = new Map<string, Promise<UpstreamConnection>>();
  #generation = 0;
  #closed = false;

  constructor(private readonly limits: HttpLimits) {}

  /**
   * Sends a request over a free connection, at once, or over a new one where there is none or `fresh` asks for it. Throws, or rejects with,
   * UpstreamError. A connection is taken and used in the same turn, so that no two requests ever meet on one that carries one at a time.
   */
  send(
    permit: Permit,
    target: UpstreamTarget,
    request: UpstreamRequest,
    options: SendOptions = {},
  ): SentCall | Promise<SentCall> {
    const free = options.fresh === true ? undefined : this.#free(target);
    return free === undefined
      ? this.#sendOverNew(permit, target, request, options)
      : { call: free.request(request, options.whole), reused: true };
  }

  async #sendOverNew(permit: Permit, target: UpstreamTarget, request: UpstreamRequest, options: SendOptions): Promise<SentCall> {
    if (target.protocol === 'http2') {
      const shared = await (this.#opening.get(target.key) ?? this.#openShared(permit, target, options.traceparent));
      assertWanted(options);
      if (shared.usable()) {
        return { call: shared.request(request, options.whole), reused: false };
      }
    }
    const opened = await this.#open(permit, target, options.traceparent);
    if (options.wanted?.() === false) {
      opened.connection.destroy();
    }
    assertWanted(options);
    const call = opened.connection.request(request, options.whole);
    opened.keep();
    return { call, reused: false };
  }

  /** Lends none of the present connections again: what they were opened for may no longer hold. Requests under way go on. */
  retire(): void {
    this.#generation += 1;
    this.#opening.clear();
    for (const connection of this.#all()) {
      connection.retire();
    }
    this.#connections.clear();
  }

  /** Closes everything: the client is gone. */
  destroy(): void {
    this.#closed = true;
    for (const connection of this.#all()) {
      connection.destroy();
    }
    this.#connections.clear();
  }

  #all(): UpstreamConnection[] {
    return [...this.#connections.values()].flatMap((set) => [...set]);
  }

  #free(target: UpstreamTarget): UpstreamConnection | undefined {
    const set = this.#connections.get(target.key);
    for (const connection of set ?? []) {
      if (connection.usable()) {
        return connection;
      }
      if (connection.idle()) {
        set?.delete(connection);
      }
    }
    return undefined;
  }

  #openShared(permit: Permit, target: UpstreamTarget, traceparent: string | undefined): Promise<UpstreamConnection> {
    const opening = this.#open(permit, target, traceparent)
      .then((opened) => {
        opened.keep();
        return opened.connection;
      })
      .finally(() => {
        if (this.#opening.get(target.key) === opening) {
          this.#opening.delete(target.key);
        }
      });
    this.#opening.set(target.key, opening);
    return opening;
  }

  async #open(
    permit: Permit,
    target: UpstreamTarget,
    traceparent: string | undefined,
  ): Promise<{ readonly connection: UpstreamConnection; keep(): void }> {
    const generation = this.#generation;
    const stream = await target.open(permit, traceparent);
    if (this.#closed) {
      stream.destroy();
      throw new UpstreamError('UC', 503, 'the client went away while a connection was being opened');
    }
    const connection =
      target.protocol === 'http1' ? new Http1Upstream(stream, this.limits) : new Http2Upstream(stream, this.limits);
    return { connection, keep: () => this.#keep(target.key, connection, stream, generation) };
  }

  #keep(key: string, connection: UpstreamConnection, stream: Duplex, generation: number): void {
    if (generation !== this.#generation) {
      // Opened under a snapshot that is no longer in force: good for the request that asked, and for no other.
      connection.onIdle(() => connection.retire());
      return;
    }
    const set = this.#connections.get(key) ?? new Set();
    this.#connections.set(key, set);
    set.add(connection);
    stream.once('close', () => set.delete(connection));
  }
}

function assertWanted(options: SendOptions): void {
  if (options.wanted?.() === false) {
    throw new UpstreamError('UC', 503, 'the request ended while a connection was being opened');
  }
}
