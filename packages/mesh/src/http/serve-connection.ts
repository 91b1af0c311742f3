import type { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import { detectProtocol, type WireProtocol } from './detect-protocol.js';
import { serveHttp1 } from './http1-server.js';
import { serveHttp2 } from './http2-server.js';
import type { HttpLimits } from './limits.js';
import type { ConnectionOwner, ServedConnection } from './served-connection.js';

/** Serves HTTP/1.1 or HTTP/2 on a byte stream until it closes: in the protocol that its first bytes show, or in `protocol` where TLS has agreed on one. */
export function serveHttp(stream: Duplex, owner: ConnectionOwner, limits: HttpLimits, protocol?: WireProtocol): ServedConnection {
  // Whoever serves the stream learns of its end by `close`; an error without a listener would end the process.
  stream.on('error', () => undefined);
  const start = (found: WireProtocol): ServedConnection =>
    found === 'http2' ? serveHttp2(stream, owner, limits) : serveHttp1(stream, owner, limits);
  return protocol === undefined
    ? new UndecidedConnection(stream, detectProtocol(stream, limits.firstByteTimeoutMs), start)
    : start(protocol);
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
