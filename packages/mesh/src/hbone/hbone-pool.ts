import type { Duplex } from 'node:stream';
import type { Permit, SingleRoute } from '@sallyport/policy';
import type { CredentialSource, Credentials } from '../gate.js';
import type { MessageHead, OutgoingHead } from '../http2/message-head.js';
import type { TunnelStream } from '../http2/tunnel-stream.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import type { ExpectedPeer } from '../identity/tls-options.js';
import type { ConnectTarget } from '../socket/connect-socket.js';
import type { GivingUp } from '../socket/giving-up.js';
import { Carrier } from './carrier.js';
import { HboneError, UnseenError } from './hbone-error.js';
import { defaultKeepAlive, type KeepAlive } from './keep-alive.js';
import { type DialLimits, PooledConnection, wasRefusedUnseen } from './pooled-connection.js';
import { resetStream } from './reset.js';

/** What entitles a gate to open a tunnel: the verdict that admitted the connection, or the route that leads to the gate that judges it. */
type TunnelPermit = Permit | Extract<SingleRoute, { readonly kind: 'waypoint' | 'hbone' }>;

/** What an `HbonePool` needs. */
export interface HbonePoolOptions {
  readonly credentials: CredentialSource;
  /** Asked at every handshake, by `rejudge`, and whenever its own answers change. */
  readonly peers: PeerJudge;
  /** TCP, TLS and HTTP/2 preface together; 10 s. */
  readonly connectTimeoutMs?: number;
  /** For the answer to a CONNECT, in which the other gate dials the application; 15 s. */
  readonly responseTimeoutMs?: number;
  /** How long a connection without tunnels is kept; 5 min (reference section 7.4). */
  readonly idleMs?: number;
  readonly keepAlive?: KeepAlive;
}

/** One tunnel to open; address and port are the other gate's. */
export interface TunnelRequest extends ConnectTarget {
  readonly permit: TunnelPermit;
  /** The identity to connect as. */
  readonly identity: string;
  /** The other gate must prove one of these identities. */
  readonly expectedIdentities: readonly string[];
  /** The target: `:authority` of the CONNECT. */
  readonly authority: string;
  readonly headers?: OutgoingHead;
  /** A tunnel inside this one, which is the one that is wanted: double HBONE (reference section 7.7). */
  readonly inner?: InnerTunnel | undefined;
  /** Ends the attempt while the tunnel is not open yet. */
  readonly givingUp?: GivingUp;
}

/** A tunnel inside another, through a gate that passes its bytes on; it is asked for what the outer one is asked for. */
export interface InnerTunnel {
  /** Whoever ends it must prove one of these identities. */
  readonly expectedIdentities: readonly string[];
  readonly headers: OutgoingHead;
}

/** An open tunnel. */
export interface OpenTunnel {
  readonly stream: Duplex;
  /** The other gate's answer. */
  readonly headers: MessageHead;
}

/**
 * HBONE connections, shared by tunnels with the same source identity, destination, expected identities and local address
 * (reference section 7.4). When credentials are renewed, tunnels go on and new ones use a new connection.
 */
export class HbonePool {
  readonly #options: HbonePoolOptions;
  readonly #limits: DialLimits;
  /** Those that take new tunnels, by what tunnels must share. */
  readonly #connections = new Map<string, Set<PooledConnection>>();
  /** All that have not ended, those that only finish their tunnels included. */
  readonly #all = new Set<PooledConnection>();
  readonly #stopRenewal: () => void;
  readonly #stopChanges: () => void;
  #closed = false;

  constructor(options: HbonePoolOptions) {
    this.#options = options;
    this.#limits = {
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      idleMs: options.idleMs ?? 300_000,
      keepAlive: options.keepAlive ?? defaultKeepAlive,
    };
    this.#stopRenewal = options.credentials.onRenewal((identity) => this.#renewed(identity));
    this.#stopChanges = options.peers.onChange(() => this.rejudge());
  }

  /** Connections that take new tunnels. */
  get size(): number {
    return [...this.#connections.values()].reduce((sum, set) => sum + set.size, 0);
  }

  /**
   * Opens a tunnel. Rejects with `HboneError`: no credentials, no connection, another peer than expected, or any status but 200.
   * A tunnel that the other gate turned away unseen (it was going away) is tried once more on another connection.
   */
  async connect(request: TunnelRequest): Promise<OpenTunnel> {
    if (!isEntitled(request.permit)) throw new HboneError('no permit for this tunnel', 'DENY');
    if (this.#closed) throw new HboneError('gate is closing', 'CONNECT');
    try {
      return await this.#attempt(request);
    } catch (error) {
      if (!(error instanceof UnseenError)) throw error;
      return this.#attempt(request);
    }
  }

  /** Takes no new tunnels; lets those that are open go on. */
  drain(): void {
    this.#closed = true;
    this.#stopRenewal();
    for (const connection of this.#all) connection.retire();
  }

  /** Ends everything. */
  close(): void {
    this.drain();
    this.#stopChanges();
    for (const connection of this.#all) connection.destroy();
  }

  /** Ends connections to gates that would not be spoken to any more: trust domain or root removed, certificate revoked or expired. */
  rejudge(): void {
    const { credentials, peers } = this.#options;
    for (const connection of [...this.#all]) connection.rejudge(peers, credentials.current(connection.identity)?.bundle);
  }

  async #attempt(request: TunnelRequest): Promise<OpenTunnel> {
    const { identity, givingUp } = request;
    const credentials = this.#options.credentials.current(identity) ?? (await this.#fetch(identity));
    if (givingUp?.given === true) throw givenUp();
    const connection = this.#connection(request, credentials);
    const outer = await this.#open(connection, request, request.headers);
    return request.inner === undefined ? outer : this.#openInner(outer.stream, request, request.inner, credentials);
  }

  async #open(connection: PooledConnection, { authority, givingUp }: TunnelRequest, more?: OutgoingHead): Promise<OpenTunnel> {
    const headers = { ':method': 'CONNECT', ':authority': authority, ...more };
    const stream = connection.requestNow(headers) ?? (await connection.request(headers, givingUp));
    return awaitAnswer(stream, this.#options.responseTimeoutMs ?? 15_000, givingUp);
  }

  /** On a connection of its own: the gate in between chooses an endpoint for each, and one that is shared would reach one only. */
  async #openInner(outer: Duplex, request: TunnelRequest, inner: InnerTunnel, credentials: Credentials): Promise<OpenTunnel> {
    const target = {
      ...request,
      carrier: new Carrier(outer),
      credentials,
      peers: this.#options.peers,
      expected: this.#expected(inner),
    };
    const connection = new PooledConnection(target, this.#limits, () => undefined);
    this.#track(connection);
    try {
      const tunnel = await this.#open(connection, request, inner.headers);
      connection.retire();
      return tunnel;
    } catch (error) {
      connection.destroy();
      resetStream(outer);
      throw error;
    }
  }

  #expected({ expectedIdentities }: { readonly expectedIdentities: readonly string[] }): ExpectedPeer {
    return { identities: expectedIdentities, trustDomains: this.#options.peers.trustDomains() };
  }

  #track(connection: PooledConnection): void {
    this.#all.add(connection);
    void connection.ended.then(() => this.#all.delete(connection));
  }

  async #fetch(identity: string): Promise<Credentials> {
    try {
      return await this.#options.credentials.fetch(identity);
    } catch (error) {
      throw new HboneError(`no credentials for \`${identity}\`: ${messageOf(error)}`, 'IDENTITY_ERROR');
    }
  }

  /** A connection with room, or a new one. */
  #connection(request: TunnelRequest, credentials: Credentials): PooledConnection {
    const key = keyOf(request);
    const connections = this.#connections.get(key) ?? new Set();
    this.#connections.set(key, connections);
    for (const connection of connections) if (connection.usable) return connection;
    const target = {
      ...request,
      credentials,
      peers: this.#options.peers,
      expected: this.#expected(request),
    };
    const connection = new PooledConnection(target, this.#limits, () => {
      connections.delete(connection);
      if (connections.size === 0 && this.#connections.get(key) === connections) this.#connections.delete(key);
    });
    connections.add(connection);
    this.#track(connection);
    return connection;
  }

  #renewed(identity: string): void {
    for (const connection of [...this.#all]) if (connection.identity === identity) connection.retire();
    // The trust bundle came with them.
    this.rejudge();
  }
}

function isEntitled(permit: TunnelPermit): boolean {
  // Checked at run time too: a value that came past the types must not open a socket.
  return 'effect' in permit ? permit.effect === 'allow' : permit.kind === 'waypoint' || permit.kind === 'hbone';
}

/** None of its parts holds a NUL. */
function keyOf({ identity, address, port, localAddress = '', namespace = '', expectedIdentities }: TunnelRequest): string {
  const expected = expectedIdentities.length === 1 ? expectedIdentities[0] : [...expectedIdentities].sort().join('\0');
  return `${identity}\0${address}\0${port}\0${localAddress}\0${namespace}\0${expected}`;
}

function givenUp(): HboneError {
  return new HboneError('given up', 'CONNECT');
}

/** Waits for the answer to a CONNECT. */
function awaitAnswer(stream: TunnelStream, timeoutMs: number, givingUp: GivingUp | undefined): Promise<OpenTunnel> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      givingUp?.listen(undefined);
      stream.off('close', closed);
      stream.onAnswer = undefined;
      finish();
    };
    const closed = (): void => fail(closedBeforeAnswer(stream));
    const fail = (error: HboneError): void =>
      settle(() => {
        resetStream(stream);
        reject(error);
      });
    const timer = setTimeout(() => fail(new HboneError(`no answer within ${timeoutMs} ms`, 'CONNECT')), timeoutMs);
    givingUp?.listen(() => fail(givenUp()));
    // Stays for the life of the stream: whoever uses it looks at its end, not at this event alone.
    stream.on('error', () => undefined);
    stream.once('close', closed);
    stream.onAnswer = (headers) => {
      const status = Number(headers[':status']);
      if (status === 200) settle(() => resolve({ stream, headers }));
      else fail(answerError(status));
    };
    if (givingUp?.given === true) fail(givenUp());
  });
}

function closedBeforeAnswer(stream: TunnelStream): HboneError {
  const message = 'connection closed by the other gate before it answered';
  return wasRefusedUnseen(stream) ? new UnseenError(message, 'CONNECT') : new HboneError(message, 'CONNECT');
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
};

function answerError(status: number): HboneError {
  const name = statusNames[status];
  const message = `http status: ${status}${name === undefined ? '' : ` ${name}`}`;
  return new HboneError(message, status === 401 ? 'DENY' : 'CONNECT', status);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
