import type { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import { detectProtocol, type WireProtocol } from './detect-protocol.js';
import { Http1Server } from './http1-server.js';
import { serveHttp2 } from './http2-server.js';
import type { HttpLimits } from './limits.js';
import type { ConnectionOwner, ServedConnection } from './served-connection.js';
import { steadyStream } from './steady-stream.js';

/** Serves HTTP/1.1 and HTTP/2 on byte streams; one for all connections of a gate. */
export class HttpServer {
  readonly #http1: Http1Server;

  constructor(private readonly limits: HttpLimits) {
    this.#http1 = new Http1Server(limits);
  }

  /** Serves a connection in the protocol that its first bytes show, or in `protocol` where TLS has agreed on one. */
  serve(stream: Duplex, owner: ConnectionOwner, protocol?: WireProtocol): ServedConnection {
    // Whoever serves the stream learns of its end by `close`; an error without a listener would end the process.
    stream.on('error', () => undefined);
    if (protocol !== undefined) {
      return this.#start(stream, owner, protocol);
    }
    return new UndecidedConnection(stream, detectProtocol(stream, this.limits.firstByteTimeoutMs), (found) =>
      this.#start(stream, owner, found),
    );
  }

  /** Stops timers; the connections end by their own. */
  close(): void {
    this.#http1.close();
  }

  #start(stream: Duplex, owner: ConnectionOwner, protocol: WireProtocol): ServedConnection {
    return protocol === 'http2' ? serveHttp2(stream, owner, this.limits) : this.#http1.serve(steadyStream(stream), owner);
  }
}

/** A connection before and after its protocol is known. */
class UndecidedConnection implements ServedConnection {
  #served: ServedConnection | undefined;

  constructor(
    private readonly stream: Duplex,
    detected: Promise<WireProtocol>,
    start: (protocol: WireProtocol) => ServedConnection,
  ) {
    detected.then(
      (protocol) => {
        this.#served = start(protocol);
      },
      () => stream.destroy(),
    );
  }

  drain(): void {
    if (this.#served === undefined) {
      this.stream.destroy();
    } else {
      this.#served.drain();
    }
  }

  destroy(): void {
    resetStream(this.stream);
  }
}
