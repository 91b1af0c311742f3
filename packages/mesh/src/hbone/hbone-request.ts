import type { Duplex } from 'node:stream';
import type { MessageHead, OutgoingHead } from '../http2/message-head.js';
import type { TunnelStream } from '../http2/tunnel-stream.js';
import type { Peer } from '../identity/peer-judge.js';
import { resetStream } from './reset.js';

/** One end of a TCP connection. */
export interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

/** A CONNECT that waits for its answer. Whoever handles it calls `accept` or `refuse`, once. */
export class HboneRequest {
  /** The `:authority`, as sent. */
  readonly authority: string;
  readonly headers: MessageHead;
  readonly peer: Peer;
  /** The other end of the TCP connection that carries the tunnel. */
  readonly from: SocketEnd;
  /** The listener's end of it. */
  readonly to: SocketEnd;
  readonly #stream: TunnelStream;
  #accepted = false;

  constructor(stream: TunnelStream, headers: MessageHead, peer: Peer, from: SocketEnd, to: SocketEnd) {
    this.#stream = stream;
    // A reset of the client's surfaces here first, before anything else listens.
    stream.on('error', () => undefined);
    this.authority = headers[':authority'] ?? '';
    this.headers = headers;
    this.peer = peer;
    this.from = from;
    this.to = to;
  }

  /** Whether the client has given up. */
  get gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** Opens the tunnel with status 200; the stream carries its bytes. */
  accept(headers: OutgoingHead = {}): Duplex {
    this.#stream.respond({ ':status': '200', ...headers });
    this.#accepted = true;
    return this.#stream;
  }

  /** Answers with another status, without a body (reference section 7.5). Does nothing once answered. */
  refuse(status: number): void {
    this.#stream.refuse({ ':status': String(status) });
  }

  /** Refuses it if it has not been answered, resets it if it has been accepted. */
  fail(status: number): void {
    if (this.#accepted) this.reset();
    else this.refuse(status);
  }

  /** Calls back when the client gives up or the tunnel ends. */
  onClose(listener: () => void): void {
    if (this.#stream.closed || this.#stream.destroyed) listener();
    else this.#stream.once('close', listener);
  }

  /** Cuts it, answered or not. */
  reset(): void {
    resetStream(this.#stream);
  }
}
