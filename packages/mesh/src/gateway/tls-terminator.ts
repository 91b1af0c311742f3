import type { Socket } from 'node:net';
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { ServerCertificate } from './server-certificates.js';

/** How long a client may take for its handshake, milliseconds. */
const handshakeTimeoutMs = 10_000;

/** What a TLS port needs. */
export interface TlsTerminatorOptions {
  /** The certificate in force for a server name; `''` where the client sends none. */
  readonly certificateFor: (serverName: string) => ServerCertificate | undefined;
  readonly onSecure: (socket: TLSSocket) => void;
  readonly onFailed: (socket: TLSSocket, error: Error) => void;
}

/** Terminates TLS on the connections of one port, certificates chosen by server name, with ALPN for HTTP/2 and HTTP/1.1. */
export class TlsTerminator {
  readonly #server: Server;

  constructor(private readonly options: TlsTerminatorOptions) {
    this.#server = createServer({
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
      allowHalfOpen: true,
      handshakeTimeout: handshakeTimeoutMs,
      SNICallback: (name, done) => this.#select(name, done),
    });
    this.#server.on('secureConnection', options.onSecure);
    this.#server.on('tlsClientError', (error, socket) => options.onFailed(socket, error));
  }

  /** Begins the handshake on a connection that was accepted. */
  accept(socket: Socket): void {
    // Without a server name Node asks nobody: it shows what the server itself has.
    this.#server.setSecureContext(this.options.certificateFor('')?.options ?? {});
    this.#server.emit('connection', socket);
  }

  // A name that no listener covers must not fall back to the certificate for none.
  #select(name: string, done: (error: Error | null, context?: SecureContext) => void): void {
    const certificate = this.options.certificateFor(name);
    if (certificate === undefined) {
      done(new Error(`no certificate for \`${name}\``));
    } else {
      done(null, certificate.context);
    }
  }
}
