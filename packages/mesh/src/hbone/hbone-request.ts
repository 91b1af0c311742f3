import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
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
  readonly headers: IncomingHttpHeaders;
  readonly peer: Peer;
  /** The other end of the TCP connection that carries the tunnel. */
  readonly from: SocketEnd;
  /** The listener's end of it. */
  readonly to: SocketEnd;
  readonly #stream: ServerHttp2Stream;
  #accepted = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, peer: Peer, from: SocketEnd, to: SocketEnd) {
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
  accept(headers: OutgoingHttpHeaders = {}): Duplex {
    if (!this.gone) this.#stream.respond({ ':status': 200, ...headers });
    this.#accepted = true;
    return this.#stream;
  }

  /** Answers with another status, without a body (reference section 7.5). Does nothing once answered. */
  refuse(status: number): void {
    if (this.gone || this.#stream.headersSent) return;
    const stream = this.#stream;
    stream.respond({ ':status': status }, { endStream: true });
    // The client may go on sending; nobody reads it. Not closed in the same turn: Node.js 26 then sends RST_STREAM without the answer.
    stream.resume();
    setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
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
