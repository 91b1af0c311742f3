import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Credentials } from '../gate.js';
import { Http2Connection } from '../http2/http2-connection.js';
import type { OutgoingHead } from '../http2/message-head.js';
import { errorCode } from '../http2/protocol.js';
import type { TunnelStream } from '../http2/tunnel-stream.js';
import { endAt } from '../identity/end-at.js';
import type { Peer, PeerJudge } from '../identity/peer-judge.js';
import { clientTlsOptions, type ExpectedPeer } from '../identity/tls-options.js';
import { type ConnectTarget, connectSocket } from '../socket/connect-socket.js';
import type { GivingUp } from '../socket/giving-up.js';
import type { ResponseFlags } from '../telemetry/response-flags.js';
import { HboneError, UnseenError } from './hbone-error.js';
import { idleRelease } from './idle-release.js';
import { type KeepAlive, keepAlive } from './keep-alive.js';
import { clientStreamsPerConnection } from './settings.js';

/** Where a connection goes, and as whom. */
export interface DialTarget extends ConnectTarget {
  readonly credentials: Credentials;
  readonly expected: ExpectedPeer;
  readonly peers: PeerJudge;
  /** What carries the connection, where that is no TCP connection of its own. */
  readonly carrier?: Duplex;
}

/** Time limits of a pooled connection. */
export interface DialLimits {
  /** TCP, TLS and HTTP/2 preface together. */
  readonly connectTimeoutMs: number;
  readonly idleMs: number;
  readonly keepAlive: KeepAlive;
}

/**
 * One mutual TLS connection to another gate with up to 100 tunnels. `reserve` counts a tunnel in before the connection is ready,
 * so that tunnels that begin together share it.
 */
export class PooledConnection {
  /** Whose certificate it was opened with. */
  readonly identity: string;
  /** Resolves once it has closed, or could not be opened. */
  readonly ended: Promise<void>;
  readonly #connection: Promise<Http2Connection>;
  readonly #removed: () => void;
  #closed: () => void = () => undefined;
  #opened: Http2Connection | undefined;
  #peer: Peer | undefined;
  #reserved = 0;
  #retired = false;

  /** Begins to dial. `removed` is called once when no new tunnel may be put on it any more. */
  constructor(target: DialTarget, limits: DialLimits, removed: () => void) {
    this.identity = target.credentials.identity;
    this.#removed = removed;
    this.#connection = this.#dial(target, limits);
    this.ended = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#connection.catch(() => {
      this.retire();
      this.#closed();
    });
  }

  /** Whether another tunnel fits. */
  get usable(): boolean {
    if (this.#opened?.closing || this.#opened?.exhausted) return false;
    const limit = Math.min(clientStreamsPerConnection, this.#opened?.peerMaxStreams ?? Infinity);
    return !this.#retired && this.#reserved < limit;
  }

  /** Takes no new tunnels from now on; ends when those that are open have ended. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#removed();
    if (this.#reserved === 0) this.#opened?.close();
  }

  /** Ends it with all its tunnels. */
  destroy(reason?: Error): void {
    this.retire();
    this.#connection.then(
      (connection) => connection.destroy(reason),
      () => undefined,
    );
  }

  /** Ends it where the other gate would not be spoken to any more. */
  rejudge(peers: PeerJudge, bundle: string | undefined): void {
    const refusal = this.#peer && peers.again(this.#peer, { bundle, reporter: 'source' });
    if (refusal !== undefined) this.destroy(new HboneError(refusal.detail, refusal.flags));
  }

  /** Sends a CONNECT once the connection stands. Rejects with the dial's error, or if that was given up in the meantime. */
  async request(headers: OutgoingHead, givingUp?: GivingUp): Promise<TunnelStream> {
    this.#reserved += 1;
    try {
      const connection = await this.#connection;
      if (givingUp?.given === true) throw new HboneError('given up', 'CONNECT');
      if (connection.closing) throw new UnseenError('connection was closed', 'CONNECT');
      return this.#open(connection, headers);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Sends a CONNECT where the connection stands; undefined where it does not. */
  requestNow(headers: OutgoingHead): TunnelStream | undefined {
    if (this.#opened === undefined || this.#opened.closing) return undefined;
    const stream = this.#open(this.#opened, headers);
    this.#reserved += 1;
    return stream;
  }

  #open(connection: Http2Connection, headers: OutgoingHead): TunnelStream {
    const stream = connection.open(headers);
    stream.once('close', this.#release);
    return stream;
  }

  readonly #release = (): void => {
    this.#reserved -= 1;
    if (this.#retired && this.#reserved === 0) this.#opened?.close();
  };

  async #dial(target: DialTarget, limits: DialLimits): Promise<Http2Connection> {
    const socket = await connectSecurely(target, limits.connectTimeoutMs);
    const result = target.peers.admit(socket, { bundle: target.credentials.bundle, reporter: 'source' });
    if (result.kind === 'refused') {
      socket.destroy();
      throw new HboneError(`server identity refused: ${result.detail}`, result.flags);
    }
    this.#peer = result.peer;
    const connection = await this.#begin(socket, result.peer, target.credentials.notAfter, limits);
    this.#opened = connection;
    return connection;
  }

  /**
   * Starts HTTP/2 and waits for the server's settings: with TLS 1.3 a server that refuses the client's certificate says so only
   * after the client's handshake is complete.
   */
  #begin(socket: TLSSocket, peer: Peer, ownEnd: Date, limits: DialLimits): Promise<Http2Connection> {
    return new Promise((resolve, reject) => {
      const connection = new Http2Connection(
        socket,
        'client',
        {
          onReady: () => resolve(connection),
          onGoAway: () => this.retire(),
          onStreams: (open) => idle.streams(open),
          onClose: (error) => {
            stopPings();
            idle.stop();
            for (const cancel of cancels) cancel();
            this.retire();
            this.#closed();
            const message = error?.message ?? 'connection closed by the other gate before HTTP/2 began';
            reject(new HboneError(message, 'H2_HANDSHAKE_FAILURE'));
          },
        },
        { prefaceTimeoutMs: limits.connectTimeoutMs },
      );
      const stopPings = keepAlive(connection, limits.keepAlive);
      const idle = idleRelease(limits.idleMs, () => {
        this.retire();
        connection.close();
      });
      const cancels = [
        endAt(peer.drainAt, () => this.retire()),
        endAt(peer.notAfter, () => connection.destroy(new Error('server certificate expired'))),
        endAt(ownEnd, () => connection.destroy(new Error('own certificate expired'))),
      ];
    });
  }
}

/** Opens TCP and TLS; the error says which of them failed. */
function connectSecurely(target: DialTarget, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const raw = target.carrier ?? connectSocket(target);
    let flags: ResponseFlags = 'CONNECT';
    const fail = (error: Error): void => {
      clearTimeout(timer);
      raw.destroy();
      reject(new HboneError(error.message, flags));
    };
    const timer = setTimeout(() => fail(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
    raw.once('error', fail);
    const begin = (): void => {
      flags = 'TLS_FAILURE';
      const secure = connectTls({ ...clientTlsOptions(target.credentials, target.expected), socket: raw });
      secure.on('error', fail);
      secure.once('close', () => fail(new Error('connection closed during the TLS handshake')));
      secure.once('secureConnect', () => {
        clearTimeout(timer);
        secure.removeAllListeners('close');
        secure.off('error', fail);
        resolve(secure);
      });
    };
    if (target.carrier === undefined) raw.once('connect', begin);
    else begin();
  });
}

/** Whether an error of a stream means that the other gate never looked at it, so that it may be tried again. */
export function wasRefusedUnseen(stream: TunnelStream): boolean {
  return stream.resetCode === errorCode.refusedStream;
}
