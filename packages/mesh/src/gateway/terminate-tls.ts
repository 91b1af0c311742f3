import type { Socket } from 'node:net';
import { createServer, type SecureContext, type TLSSocket } from 'node:tls';
import { notedAsTls } from '../hbone/reset.js';
import { clientTlsOptions, type ServerCertificate } from './server-certificates.js';

/** What ending a client's TLS needs. */
export interface TlsTermination {
  /** The certificate in force for a server name; `''` where the client sends none. */
  readonly certificateFor: (serverName: string) => ServerCertificate | undefined;
  readonly onSecure: (socket: TLSSocket) => void;
  /** Told of a handshake that failed or took too long; the connection ends right after. */
  readonly onFailed: (socket: Socket, error: Error) => void;
  /** 10 s. */
  readonly handshakeTimeoutMs?: number;
}

/**
 * Ends the TLS of one connection of which nothing has been read that was not put back: the certificate is chosen by server name, HTTP/2 or
 * HTTP/1.1 by ALPN. A server of its own for each connection, as a socket that has failed tells no more whose it was.
 */
export function terminateTls(socket: Socket, { certificateFor, onSecure, onFailed, ...limits }: TlsTermination): void {
  // A client that ends its half of a handshake is gone, and keeps no place. What wraps the socket inherits this, and sees no end from before.
  socket.allowHalfOpen = false;
  if (socket.readableEnded) {
    onFailed(socket, new Error('the client closed before it began'));
    socket.destroy();
    return;
  }
  createServer({
    // Without a server name Node asks nobody: it shows what the server itself has.
    ...certificateFor('')?.options,
    ...clientTlsOptions,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.handshakeTimeoutMs ?? 10_000,
    SNICallback: (name, done) => select(certificateFor(name), name, done),
  })
    .on('secureConnection', (secure) => {
      secure.allowHalfOpen = true;
      onSecure(secure);
    })
    .on('tlsClientError', (error, failed) => {
      onFailed(failed, error);
      // Node.js tells of a handshake that takes too long, and leaves the socket open.
      failed.destroy();
    })
    .emit('connection', notedAsTls(socket));
}

/** A name that no listener covers must not fall back to the certificate for none. */
function select(
  certificate: ServerCertificate | undefined,
  name: string,
  done: (error: Error | null, context?: SecureContext) => void,
): void {
  if (certificate === undefined) {
    done(new Error(`no certificate for \`${name}\``));
  } else {
    done(null, certificate.context);
  }
}
