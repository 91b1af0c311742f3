import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { CredentialSource } from '../gate.js';
import { Http2Connection } from '../http2/http2-connection.js';
import type { Http2Limits } from '../http2/limits.js';
import { endAt } from '../identity/end-at.js';
import type { JudgingSide, Peer, PeerJudge } from '../identity/peer-judge.js';
import { secureContextOptions, serverTlsOptions } from '../identity/tls-options.js';
import { type ListenPlace, listenOptions } from '../socket/listen-options.js';
import { Tally } from '../socket/tally.js';
import { mostFromAddress } from '../socket/tcp-listener.js';
import { HboneError } from './hbone-error.js';
import { HboneRequest, type SocketEnd } from './hbone-request.js';
import { idleRelease } from './idle-release.js';
import { defaultKeepAlive, type KeepAlive, keepAlive } from './keep-alive.js';

/** Both ends of a TCP connection. */
interface Ends {
  readonly from: SocketEnd;
  readonly to: SocketEnd;
}

/** A connection or request that ended before any handler saw it. */
export interface EarlyRefusal extends Ends {
  readonly error: string;
}

/** What an HBONE listener needs. */
export interface HboneServerOptions extends ListenPlace {
  /** The gate's own identity, whose certificate it shows. */
  readonly identity: string;
  readonly credentials: CredentialSource;
  /** Asked at every handshake, by `rejudge`, and whenever its own answers change. */
  readonly peers: PeerJudge;
  /** Answers a CONNECT. One that it throws at or forgets is refused with 503. */
  readonly handler: (request: HboneRequest) => void | Promise<void>;
  /** Told of what was refused before the handler: failed handshakes, methods other than CONNECT. */
  readonly onRefused?: (refusal: EarlyRefusal) => void;
  readonly handshakeTimeoutMs?: number;
  readonly idleMs?: number;
  readonly keepAlive?: KeepAlive;
  /** TCP connections open at once; more are dropped. */
  readonly maxConnections?: number;
  /** Connections of one address; more are dropped. */
  readonly maxFromAddress?: number;
  /** Handshakes under way at once with one address; more are dropped, so that who begins many and ends none keeps nobody else out. */
  readonly maxHandshakes?: number;
  /** What one connection takes from its peer. */
  readonly limits?: Partial<Http2Limits>;
}

/** An admitted connection. */
interface Connection {
  readonly http2: Http2Connection;
  readonly peer: Peer;
}

/**
 * Terminates HBONE: mutual TLS with one workload's certificate, then CONNECT tunnels (reference sections 7.2, 7.4, 7.5 steps 0
 * and 1). A peer that cannot be named is dropped in or right after the handshake.
 */
export class HboneServer {
  readonly #options: HboneServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** TCP connections whose handshake is not complete, by remote end, each with what gives its place back. */
  readonly #handshakes = new Map<string, () => void>();
  readonly #handshakesFrom: Tally;
  readonly #connectionsFrom: Tally;
  readonly #connections = new Set<Connection>();
  readonly #stopRenewal: () => void;
  readonly #stopChanges: () => void;
  #identity: string;
  /** The trust bundle that the listener judges by, as OpenSSL does in the handshake. */
  #bundle: string | undefined;
  #closing = false;
  /**
   * Why the handshake failed that is just ending. Node.js tells of it with a socket that has lost its address; the TCP socket
   * beneath closes next and has it.
   */
  #handshakeError: string | undefined;

  private constructor(options: HboneServerOptions) {
    this.#options = options;
    this.#identity = options.identity;
    this.#handshakesFrom = new Tally(options.maxHandshakes ?? 100);
    this.#connectionsFrom = new Tally(options.maxFromAddress ?? mostFromAddress);
    const current = options.credentials.current(options.identity);
    this.#bundle = current?.bundle;
    this.#server = createServer(serverTlsOptions(current, options.handshakeTimeoutMs ?? 10_000));
    this.#server.maxConnections = options.maxConnections ?? 10_000;
    this.#server.on('connection', (socket: Socket) => this.#track(socket));
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      this.#handshakeError = error.message;
      // Node.js tells of a handshake that takes too long, and leaves the socket open.
      socket.destroy();
    });
    this.#stopRenewal = options.credentials.onRenewal((identity) => this.#renewed(identity));
    this.#stopChanges = options.peers.onChange(() => this.rejudge());
  }

  /**
   * Opens the listener. Credentials are fetched first; where that fails the listener opens all the same and refuses every
   * handshake until they can be had. Rejects if the address cannot be opened.
   */
  static async listen(options: HboneServerOptions): Promise<HboneServer> {
    await options.credentials.fetch(options.identity).catch(() => undefined);
    const server = new HboneServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(listenOptions(options), () => resolve());
    }).catch((error: unknown) => {
      server.#stopRenewal();
      server.#stopChanges();
      throw error;
    });
    // A connection that cannot be accepted, as when there are too many files open, is that client's loss and no end of the listener.
    server.#server.on('error', () => undefined);
    return server;
  }

  /** The port that was opened (for port 0). */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Shows another identity from now on; without credentials for it every handshake fails. Open connections stay. */
  setIdentity(identity: string): void {
    if (identity === this.#identity) return;
    this.#identity = identity;
    const credentials = this.#options.credentials.current(identity);
    if (credentials === undefined) this.#server.setSecureContext({});
    this.#renewed(identity);
  }

  /** Ends connections whose peers would not be admitted any more: trust domain or root removed, certificate revoked or expired. */
  rejudge(): void {
    for (const { http2, peer } of [...this.#connections]) {
      const refusal = this.#options.peers.again(peer, this.#side);
      if (refusal !== undefined) http2.destroy(new HboneError(refusal.detail, refusal.flags));
    }
  }

  /** Stops listening, lets tunnels finish for up to `drainMs` milliseconds, then ends them. */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    this.#stopRenewal();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const { http2 } of [...this.#connections]) http2.close();
    const timer = setTimeout(() => this.#destroyAll(), drainMs);
    await closed;
    // Until the last connection has ended a certificate may be revoked.
    this.#stopChanges();
    clearTimeout(timer);
  }

  get #side(): JudgingSide {
    return { bundle: this.#bundle, reporter: 'destination' };
  }

  #destroyAll(): void {
    for (const { http2 } of [...this.#connections]) http2.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #track(socket: Socket): void {
    const ends = endsOf(socket);
    // A reset during the handshake is the TLS layer's to report.
    socket.on('error', () => undefined);
    const ended = this.#connectionsFrom.take(ends.from.address);
    if (ended === undefined || !this.#beginHandshake(ends)) {
      ended?.();
      socket.destroy();
      this.#refused(ends, ended === undefined ? 'too many connections' : 'too many TLS handshakes at once');
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      ended();
      if (this.#endHandshake(ends)) this.#handshakeFailed(ends);
    });
    if (this.#options.credentials.current(this.#identity) === undefined) this.#fetchAgain();
  }

  /** Returns false where its address has too many under way. */
  #beginHandshake({ from }: Ends): boolean {
    const ended = this.#handshakesFrom.take(from.address);
    if (ended !== undefined) this.#handshakes.set(keyOf(from), ended);
    return ended !== undefined;
  }

  /** Returns whether it was under way. */
  #endHandshake({ from }: Ends): boolean {
    this.#handshakes.get(keyOf(from))?.();
    return this.#handshakes.delete(keyOf(from));
  }

  #handshakeFailed(ends: Ends): void {
    this.#refused(ends, `TLS handshake: ${this.#handshakeError ?? 'connection closed'}`);
    this.#handshakeError = undefined;
  }

  /** Without credentials this handshake fails; a later one need not. */
  #fetchAgain(): void {
    const identity = this.#identity;
    this.#options.credentials.fetch(identity).then(
      () => this.#renewed(identity),
      () => undefined,
    );
  }

  #renewed(identity: string): void {
    const credentials = this.#options.credentials.current(identity);
    if (identity !== this.#identity || credentials === undefined) return;
    this.#server.setSecureContext(secureContextOptions(credentials));
    this.#bundle = credentials.bundle;
    this.rejudge();
  }

  #refused(ends: Ends, error: string): void {
    this.#options.onRefused?.({ ...ends, error });
  }

  #secured(socket: TLSSocket): void {
    const ends = endsOf(socket);
    this.#endHandshake(ends);
    const result = this.#admit(socket);
    if (typeof result === 'string') {
      socket.destroy();
      this.#refused(ends, result);
      return;
    }
    this.#serve(socket, result, ends);
  }

  /** The peer of a completed handshake, or the reason to drop it. */
  #admit(socket: TLSSocket): Peer | string {
    if (this.#closing) return 'gate is closing';
    if (socket.alpnProtocol !== 'h2') return 'ALPN protocol is not h2';
    const result = this.#options.peers.admit(socket, this.#side);
    return result.kind === 'peer' ? result.peer : result.detail;
  }

  #serve(socket: TLSSocket, peer: Peer, ends: Ends): void {
    const http2 = new Http2Connection(
      socket,
      'server',
      {
        onRequest: (stream, head) => this.#answer(new HboneRequest(stream, head, peer, ends.from, ends.to)),
        onStreams: (open) => idle.streams(open),
        onClose: (error) => {
          stopPings();
          idle.stop();
          cancelDrain();
          cancelExpiry();
          this.#connections.delete(connection);
          if (error !== undefined) this.#refused(ends, messageOf(error));
        },
      },
      this.#options.limits,
    );
    const connection: Connection = { http2, peer };
    this.#connections.add(connection);
    const stopPings = keepAlive(http2, this.#options.keepAlive ?? defaultKeepAlive);
    const idle = idleRelease(this.#options.idleMs ?? 600_000, () => http2.close());
    const cancelDrain = endAt(peer.drainAt, () => http2.close());
    const cancelExpiry = endAt(peer.notAfter, () => http2.destroy(new Error('peer certificate expired')));
  }

  /** Hands a CONNECT to the handler; whatever goes wrong with it is a refusal. */
  #answer(request: HboneRequest): void {
    if (request.headers[':method'] !== 'CONNECT') {
      request.refuse(400);
      this.#refused(request, `method \`${request.headers[':method']}\` is not CONNECT`);
      return;
    }
    Promise.resolve()
      .then(() => this.#options.handler(request))
      .catch((error: unknown) => {
        request.fail(503);
        this.#refused(request, messageOf(error));
      });
  }
}

function keyOf({ address, port }: SocketEnd): string {
  return `${address} ${port}`;
}

function endsOf(socket: Socket): Ends {
  return {
    from: { address: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 },
    to: { address: socket.localAddress ?? 'unknown', port: socket.localPort ?? 0 },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
