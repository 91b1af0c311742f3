import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ServiceInfo } from '@sallyport/policy';
import { AuthorizerCalls } from '../ext-authz/authorizer-calls.js';
import type { Gate, GateOptions, Snapshot } from '../gate.js';
import { HbonePool } from '../hbone/hbone-pool.js';
import { formatAuthority } from '../hbone/headers.js';
import { resetStream } from '../hbone/reset.js';
import type { WireProtocol } from '../http/detect-protocol.js';
import { HttpConnection } from '../http/http-connection.js';
import { defaultHttpLimits, type HttpLimits } from '../http/limits.js';
import { gateProblem } from '../identity/gate-problem.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { keyReport } from '../jwt/key-report.js';
import { TokenVerifier } from '../jwt/token-verifier.js';
import { dialAuthorizer } from '../l7/dial-authorizer.js';
import { drainFirst } from '../l7/drain-first.js';
import { GateTelemetry } from '../l7/gate-telemetry.js';
import { OnwardDialer } from '../l7/onward-dialer.js';
import { greetingOf } from '../l7/server-name.js';
import { TargetBuilder } from '../l7/target-builder.js';
import { TcpConnection } from '../l7/tcp-connection.js';
import { MysqlFilter } from '../mysql/mysql-filter.js';
import type { Greeting } from '../socket/client-hello.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import { type Listener, placeOf } from '../socket/listener-set.js';
import { proxyHeaderOf } from '../socket/proxy-header.js';
import { resetAfterFirstBytes } from '../socket/reset-later.js';
import { SnapshotGate } from '../socket/snapshot-gate.js';
import { Tally } from '../socket/tally.js';
import { listenTcp } from '../socket/tcp-listener.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { type Arrival, type ClientFacts, farEnd } from './client-facts.js';
import { GatewayClient } from './gateway-client.js';
import { GatewayState } from './gateway-state.js';
import { listenerFor } from './listener-host.js';
import { connectionKind, portKind } from './listener-kind.js';
import { type GatewayPlan, plansOf } from './listener-plan.js';
import { terminateTls } from './terminate-tls.js';

/** What an ingress gateway is started with. */
export interface GatewayOptions extends GateOptions {
  /** `NAMESPACE/NAME` of the Gateway. */
  readonly gateway: string;
  readonly limits?: Partial<HttpLimits>;
}

/**
 * Starts an ingress gateway: HTTP, HTTPS, TCP and TLS listeners for clients outside the mesh, judged by the gateway's policies, routed by
 * HTTPRoutes, TCPRoutes and TLSRoutes, and on into the mesh as the gateway itself (reference section 9). Rejects where the snapshot has no such
 * gateway or a socket cannot be opened.
 */
export function startGateway(options: GatewayOptions): Promise<Gate> {
  return new IngressGateway(options).start();
}

class IngressGateway {
  readonly #options: GatewayOptions;
  readonly #limits: HttpLimits;
  readonly #peers: PeerJudge;
  readonly #pool: HbonePool;
  readonly #dialer: OnwardDialer;
  readonly #builder: TargetBuilder;
  readonly #authorizers: AuthorizerCalls;
  readonly #tokens: TokenVerifier;
  readonly #mysql = new MysqlFilter();
  readonly #telemetry: GateTelemetry;
  readonly #connections = new ConnectionRegistry();
  readonly #httpConnections = new Set<HttpConnection>();
  /** TLS handshakes under way, by client. */
  readonly #handshakes: Tally;
  #state: GatewayState | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#limits = { ...defaultHttpLimits, ...options.limits };
    this.#handshakes = new Tally(this.#limits.handshakesPerAddress);
    this.#peers = judgePeers(() => (this.#state?.snapshot ?? options.snapshot).inventory, options);
    this.#pool = new HbonePool({
      credentials: options.credentials,
      peers: this.#peers,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
    });
    this.#dialer = new OnwardDialer(this.#pool, this.#limits.connectTimeoutMs);
    this.#builder = new TargetBuilder(this.#dialer, clusterName);
    const way = { builder: this.#builder, dialer: this.#dialer };
    this.#tokens = new TokenVerifier({ report: keyReport(options) });
    this.#authorizers = new AuthorizerCalls({
      limits: this.#limits,
      dial: (permit, service, port) => dialAuthorizer(way, this.#state, permit, service, port),
    });
    this.#telemetry = new GateTelemetry('gateway', options, () => this.#state?.snapshot);
  }

  async start(): Promise<Gate> {
    const { snapshot, gateway } = this.#options;
    if (GatewayState.of(snapshot, gateway) === undefined) {
      this.#dispose();
      throw new Error(`\`${gateway}\` is no ingress gateway of this mesh`);
    }
    const gate = await SnapshotGate.start<GatewayState | undefined, GatewayPlan>(
      {
        name: `gateway ${gateway}`,
        kind: 'gateway',
        connections: this.#connections,
        derive: (next, signal) => this.#derive(next, signal),
        plans: plansOf,
        open: (plan) => this.#open(plan),
        enforce: (state) => {
          this.#state = state;
          this.#authorizers.retire();
          this.#pool.rejudge();
        },
        problem: () => this.#problem(),
        dispose: () => this.#dispose(),
      },
      snapshot,
    );
    return drainFirst(gate, () => {
      for (const connection of this.#httpConnections) {
        connection.drain();
      }
    });
  }

  #open(plan: GatewayPlan): Promise<Listener> {
    return listenTcp({
      ...placeOf(plan),
      maxFromAddress: this.#limits.connectionsPerAddress,
      onConnection: (socket) => this.#accept(plan.declaredPort, socket),
    });
  }

  /** A snapshot without this gateway is a state, too: nothing listens, and nothing is served. */
  async #derive(snapshot: Snapshot, signal: AbortSignal): Promise<GatewayState | undefined> {
    const state = GatewayState.of(snapshot, this.#options.gateway, this.#state);
    if (state !== undefined) {
      // Without credentials no request gets further than here, which is no reason to keep an older policy in force.
      await this.#options.credentials.fetch(state.gateway.workload.identity).catch(() => undefined);
      await state.prepare(signal);
    }
    return state;
  }

  #accept(port: number, socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      // It is gone already; nobody is judged by an address that is not known.
      resetStream(socket);
      return;
    }
    const address = this.#state?.snapshot.addresses.policyAddress(remoteAddress) ?? remoteAddress;
    const arrival = { port, address, sourcePort: remotePort };
    if (this.#state?.gateway.topology.proxyProtocol === true) void this.#acceptProxied(socket, arrival);
    else this.#serve(socket, { ...arrival, proxied: false });
  }

  /** A connection of a proxy, which says first whose it is. One that does not is closed: nobody knows whom to judge. */
  async #acceptProxied(socket: Socket, arrival: Omit<Arrival, 'proxied'>): Promise<void> {
    const header = await proxyHeaderOf(socket, this.#limits.preambleTimeoutMs);
    if (header.kind === 'malformed') {
      this.#failed(socket, { ...arrival, proxied: true }, `PROXY header: ${header.detail}`);
    } else {
      this.#serve(socket, { ...arrival, proxied: true, ...(header.kind === 'client' ? { client: header.client } : {}) });
    }
  }

  #serve(socket: Socket, arrival: Arrival): void {
    const kind = this.#state === undefined ? undefined : portKind(this.#state.listenersOn(arrival.port));
    switch (kind) {
      case 'http':
        this.#serveHttp(socket, { ...arrival, kind });
        break;
      case 'https':
        this.#terminate(socket, arrival);
        break;
      case 'tls':
        void this.#serveTls(socket, arrival);
        break;
      case 'tcp':
        void this.#serveTcp(socket, { ...arrival, kind });
        break;
      case 'conflict':
      case undefined:
        resetStream(socket);
    }
  }

  /** The server name tells whether TLS ends here or is passed through. What is no greeting that can be read is nobody's to end. */
  async #serveTls(socket: Socket, arrival: Arrival): Promise<void> {
    const seen = await greetingOf(socket, this.#limits.preambleTimeoutMs);
    const greeting: Greeting = seen.kind === 'other' ? { kind: 'malformed', detail: 'it is no TLS' } : seen;
    const name = greeting.kind === 'hello' ? greeting.serverName : undefined;
    const listener = this.#state && listenerFor(this.#state.listenersOn(arrival.port), name ?? '');
    if (greeting.kind === 'hello' && listener === undefined) {
      this.#failed(socket, arrival, name === undefined ? 'TLS: no server name' : `TLS: no listener covers \`${name}\``);
    } else if (greeting.kind === 'hello' && listener && connectionKind(listener) === 'https') {
      this.#terminate(socket, arrival);
    } else {
      await this.#serveTcp(socket, { ...arrival, kind: 'passthrough', greeting });
    }
  }

  #terminate(socket: Socket, arrival: Arrival): void {
    const ended = this.#handshakes.take(farEnd(arrival).address);
    if (ended === undefined) {
      this.#failed(socket, arrival, 'too many TLS handshakes at once');
      return;
    }
    if (socket.closed) ended();
    else socket.once('close', ended);
    terminateTls(socket, {
      certificateFor: (name) => this.#state?.certificates.certificateFor(this.#state.listenersOn(arrival.port), name),
      onSecure: (secure) => {
        ended();
        this.#serveHttp(secure, { ...arrival, kind: 'https', greeting: greetingIn(secure) }, protocolOf(secure));
      },
      onFailed: (failed, error) => this.#failed(failed, arrival, `TLS handshake: ${error.message}`),
    });
  }

  #serveHttp(socket: Duplex, facts: ClientFacts, protocol?: WireProtocol): void {
    const client = new GatewayClient(facts, () => this.#state, this.#builder);
    const connection = new HttpConnection({
      stream: socket,
      scheme: facts.kind === 'https' ? 'https' : 'http',
      ...(protocol === undefined ? {} : { protocol }),
      limits: this.#limits,
      authorizers: this.#authorizers,
      tokens: this.#tokens,
      tracer: this.#options.tracer,
      appendForwardedFor: farEnd(facts).address,
      parties: {
        downstreamRemote: client.downstreamRemote,
        downstreamLocal: formatAuthority(this.#ownAddress(), facts.port),
        ...(facts.greeting?.kind === 'hello' && facts.greeting.serverName !== undefined
          ? { sni: facts.greeting.serverName }
          : {}),
      },
      scope: () => client.scope(),
      decided: (verdict, record) => this.#telemetry.decidedRequest(verdict, record),
      finished: (record) => this.#telemetry.finished(record),
    });
    const ended = this.#connections.add(connection);
    this.#httpConnections.add(connection);
    socket.once('close', () => {
      this.#httpConnections.delete(connection);
      ended();
    });
  }

  async #serveTcp(socket: Socket, facts: ClientFacts): Promise<void> {
    const client = new GatewayClient(facts, () => this.#state, this.#builder);
    const report = this.#telemetry.report({
      direction: 'outbound',
      source: { address: client.downstreamRemote },
      destination: { address: formatAuthority(this.#ownAddress(), facts.port) },
    });
    const connection = new TcpConnection({
      client: {
        open: () => socket,
        refuse: (why) => (why === 'denied' ? resetAfterFirstBytes(socket) : resetStream(socket)),
        gone: () => socket.destroyed,
      },
      report,
      stages: client.connectionStages(),
      filter: () => client.filter(this.#mysql),
      refused: (verdict, subject) => report.refused(verdict, subject),
      authorizers: { calls: this.#authorizers, answerAgeMs: this.#limits.authorizerAnswerAgeMs },
      targets: () => client.connectionTargets(),
      dial: (permit, hop) =>
        this.#dialer.open(permit, this.#required(), hop, { ...client.origin, traceparent: report.traceparent }),
      decided: (verdict, subject) => this.#telemetry.decided(verdict, report, subject),
    });
    const ended = this.#connections.add(connection);
    await connection.serve().finally(ended);
  }

  #required(): GatewayState {
    if (this.#state === undefined) {
      throw new Error('the gateway is gone');
    }
    return this.#state;
  }

  #ownAddress(): string {
    return this.#state?.gateway.workload.address ?? '0.0.0.0';
  }

  #failed(socket: Socket, arrival: Arrival, error: string): void {
    const { address, port } = farEnd(arrival);
    const source = formatAuthority(address, port);
    const destination = formatAuthority(this.#ownAddress(), arrival.port);
    this.#telemetry.connections.failed({ direction: 'inbound', source, destination }, error);
    resetStream(socket);
  }

  #problem(): string | undefined {
    const identities = this.#state === undefined ? [] : [this.#state.gateway.workload.identity];
    return gateProblem(identities, { credentials: this.#options.credentials, peers: this.#peers });
  }

  #dispose(): void {
    this.#authorizers.close();
    this.#tokens.close();
    this.#mysql.close();
    this.#pool.close();
    this.#peers.close();
  }
}

/** The greeting of a handshake that is over. */
function greetingIn(socket: TLSSocket): Greeting {
  const name = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : undefined;
  return { kind: 'hello', ...(name === undefined ? {} : { serverName: name }) };
}

function protocolOf(socket: TLSSocket): WireProtocol | undefined {
  return socket.alpnProtocol === 'h2' ? 'http2' : socket.alpnProtocol === 'http/1.1' ? 'http1' : undefined;
}

function clusterName(service: ServiceInfo, port: number): string {
  return `outbound|${port}||${service.hostname}`;
}
