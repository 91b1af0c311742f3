import type { OutgoingHttpHeaders } from 'node:http2';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Credentials } from '../gate.js';
import { endAt } from '../identity/end-at.js';
import type { Peer, PeerJudge } from '../identity/peer-judge.js';
import { clientTlsOptions, type ExpectedPeer } from '../identity/tls-options.js';
import { type ConnectTarget, connectSocket } from '../socket/connect-socket.js';
import type { ResponseFlags } from '../telemetry/response-flags.js';
import { HboneError, UnseenError } from './hbone-error.js';
import { idleRelease } from './idle-release.js';
import { type KeepAlive, keepAlive } from './keep-alive.js';
import { clientSettings, clientStreamsPerConnection, connectionWindow, sessionMemoryMegabytes } from './settings.js';

/** Where a connection goes, and as whom. */
export interface DialTarget extends ConnectTarget {
  readonly credentials: Credentials;
  readonly expected: ExpectedPeer;
  readonly peers: PeerJudge;
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
  readonly #session: Promise<ClientHttp2Session>;
  readonly #removed: () => void;
  #opened: ClientHttp2Session | undefined;
  #peer: Peer | undefined;
  #reserved = 0;
  #retired = false;
  #began: (() => () => void) | undefined;

  /** Begins to dial. `removed` is called once when no new tunnel may be put on it any more. */
  constructor(target: DialTarget, limits: DialLimits, removed: () => void) {
    this.identity = target.credentials.identity;
    this.#removed = removed;
    this.#session = this.#dial(target, limits);
    this.ended = this.#session.then(untilClosed, () => this.retire());
  }

  /** Whether another tunnel fits. */
  get usable(): boolean {
    if (this.#opened?.closed || this.#opened?.destroyed) return false;
    const limit = Math.min(clientStreamsPerConnection, this.#opened?.remoteSettings?.maxConcurrentStreams ?? Infinity);
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
    this.#session.then(
      (session) => session.destroy(reason),
      () => undefined,
    );
  }

  /** Ends it where the other gate would not be spoken to any more. */
  rejudge(peers: PeerJudge, bundle: string | undefined): void {
    const refusal = this.#peer && peers.again(this.#peer, { bundle, reporter: 'source' });
    if (refusal !== undefined) this.destroy(new HboneError(refusal.detail, refusal.flags));
  }

  /** Sends a CONNECT once the connection stands. Rejects with the dial's error, or if that was given up in the meantime. */
  async request(headers: OutgoingHttpHeaders, signal?: AbortSignal): Promise<ClientHttp2Stream> {
    this.#reserved += 1;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.#reserved -= 1;
      if (this.#retired && this.#reserved === 0) this.#opened?.close();
    };
    try {
      const session = await this.#session;
      signal?.throwIfAborted();
      if (session.closed || session.destroyed) throw new UnseenError('connection was closed', 'CONNECT');
      const stream = session.request(headers, { endStream: false });
      const ended = this.#began?.();
      stream.once('close', () => {
        ended?.();
        release();
      });
      return stream;
    } catch (error) {
      release();
      throw error;
    }
  }

  async #dial(target: DialTarget, limits: DialLimits): Promise<ClientHttp2Session> {
    const socket = await connectSecurely(target, limits.connectTimeoutMs);
    const result = target.peers.admit(socket, { bundle: target.credentials.bundle, reporter: 'source' });
    if (result.kind === 'refused') {
      socket.destroy();
      throw new HboneError(`server identity refused: ${result.detail}`, result.flags);
    }
    const { peer } = result;
    this.#peer = peer;
    const session = await openSession(socket, limits.connectTimeoutMs);
    this.#opened = session;
    keepAlive(session, limits.keepAlive);
    this.#began = idleRelease(session, limits.idleMs, () => this.retire());
    const cancelDrain = endAt(peer.drainAt, () => this.retire());
    const cancelExpiry = endAt(peer.notAfter, () => session.destroy(new Error('server certificate expired')));
    const cancelOwnExpiry = endAt(target.credentials.notAfter, () => session.destroy(new Error('own certificate expired')));
    session.once('goaway', () => this.retire());
    session.once('close', () => {
      cancelDrain();
      cancelExpiry();
      cancelOwnExpiry();
      this.retire();
    });
    return session;
  }
}

function untilClosed(session: ClientHttp2Session): Promise<void> {
  if (session.destroyed) return Promise.resolve();
  return new Promise((resolve) => session.once('close', () => resolve()));
}

/** Opens TCP and TLS; the error says which of them failed. */
function connectSecurely(target: DialTarget, timeoutMs: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const raw = connectSocket(target);
    let flags: ResponseFlags = 'CONNECT';
    const fail = (error: Error): void => {
      clearTimeout(timer);
      raw.destroy();
      reject(new HboneError(error.message, flags));
    };
    const timer = setTimeout(() => fail(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
    raw.once('error', fail);
    raw.once('connect', () => {
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
    });
  });
}

/**
 * Starts HTTP/2 and waits for the server's settings: with TLS 1.3 a server that refuses the client's certificate says so only
 * after the client's handshake is complete.
 */
function openSession(socket: TLSSocket, timeoutMs: number): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2('https://hbone', {
      createConnection: () => socket,
      settings: clientSettings,
      maxSessionMemory: sessionMemoryMegabytes,
    });
    const fail = (error: Error): void => {
      clearTimeout(timer);
      session.destroy();
      reject(new HboneError(error.message, 'H2_HANDSHAKE_FAILURE'));
    };
    const closed = (): void => fail(new Error('connection closed by the other gate before HTTP/2 began'));
    const timer = setTimeout(() => fail(new Error(`no HTTP/2 settings within ${timeoutMs} ms`)), timeoutMs);
    session.on('error', fail);
    session.once('close', closed);
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      session.off('close', closed);
      session.setLocalWindowSize(connectionWindow);
      resolve(session);
    });
  });
}

/** Whether an error of a stream means that the other gate never looked at it, so that it may be tried again. */
export function wasRefusedUnseen(stream: ClientHttp2Stream): boolean {
  return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
}
