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
import { HttpServer } from '../http/serve-connection.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { keyReport } from '../jwt/key-report.js';
import { TokenVerifier } from '../jwt/token-verifier.js';
import { dialAuthorizer } from '../l7/dial-authorizer.js';
import { drainFirst } from '../l7/drain-first.js';
import { GateTelemetry } from '../l7/gate-telemetry.js';
import { OnwardDialer } from '../l7/onward-dialer.js';
import { TargetBuilder } from '../l7/target-builder.js';
import { TcpConnection } from '../l7/tcp-connection.js';
import { MysqlFilter } from '../mysql/mysql-filter.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import { placeOf } from '../socket/listener-set.js';
import { resetAfterFirstBytes } from '../socket/reset-later.js';
import { SnapshotGate } from '../socket/snapshot-gate.js';
import { listenTcp } from '../socket/tcp-listener.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { type ClientFacts, GatewayClient } from './gateway-client.js';
import { GatewayState } from './gateway-state.js';
import { type GatewayPlan, plansOf, portKind } from './listener-plan.js';
import { TlsTerminator } from './tls-terminator.js';

/** What an ingress gateway is started with. */
export interface GatewayOptions extends GateOptions {
  /** `NAMESPACE/NAME` of the Gateway. */
  readonly gateway: string;
  readonly limits?: Partial<HttpLimits>;
}

/**
 * Starts an ingress gateway: HTTP, HTTPS and TCP listeners for clients outside the mesh, judged by the gateway's policies, routed by
 * HTTPRoutes and TCPRoutes, and on into the mesh as the gateway itself (reference section 9). Rejects where the snapshot has no such
 * gateway or a socket cannot be opened.
 */
export function startGateway(options: GatewayOptions): Promise<Gate> {
  return new IngressGateway(options).start();
}

class IngressGateway {
  readonly #options: GatewayOptions;
  readonly #limits: HttpLimits;
  readonly #http: HttpServer;
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
  readonly #terminators = new Map<number, TlsTerminator>();
  #state: GatewayState | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#limits = { ...defaultHttpLimits, ...options.limits };
    this.#http = new HttpServer(this.#limits);
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
    this.#telemetry = new GateTelemetry('gateway', options);
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
        derive: (next) => this.#derive(next),
        plans: plansOf,
        open: (plan) => listenTcp({ ...placeOf(plan), onConnection: (socket) => this.#accept(plan.declaredPort, socket) }),
        enforce: (state) => {
          this.#state = state;
          this.#authorizers.retire();
          this.#pool.rejudge();
        },
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

  /** A snapshot without this gateway is a state, too: nothing listens, and nothing is served. */
  async #derive(snapshot: Snapshot): Promise<GatewayState | undefined> {
    const state = GatewayState.of(snapshot, this.#options.gateway);
    if (state !== undefined) {
      // Without credentials no request gets further than here, which is no reason to keep an older policy in force.
      await this.#options.credentials.fetch(state.gateway.workload.identity).catch(() => undefined);
    }
    return state;
  }

  #accept(port: number, socket: Socket): void {
    const kind = this.#state === undefined ? undefined : portKind(this.#state.listenersOn(port));
    switch (kind) {
      case 'http':
        this.#serveHttp(socket, this.#factsOf('http', port, socket));
        break;
      case 'https':
        this.#terminator(port).accept(socket);
        break;
      case 'tcp':
        void this.#serveTcp(socket, this.#factsOf('tcp', port, socket));
        break;
      case 'conflict':
      case undefined:
        resetStream(socket);
    }
  }

  #terminator(port: number): TlsTerminator {
    const known = this.#terminators.get(port);
    if (known !== undefined) {
      return known;
    }
    const terminator = new TlsTerminator({
      certificateFor: (name) => this.#state?.certificates.certificateFor(this.#state.listenersOn(port), name),
      onSecure: (socket) => this.#serveHttp(socket, this.#factsOf('https', port, socket), protocolOf(socket)),
      onFailed: (socket, error) => this.#failed(socket, port, error),
    });
    this.#terminators.set(port, terminator);
    return terminator;
  }

  #factsOf(kind: ClientFacts['kind'], port: number, socket: Socket | TLSSocket): ClientFacts {
    const address = this.#policyAddress(socket);
    const sni = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : undefined;
    return { kind, port, address, sourcePort: socket.remotePort ?? 0, ...(sni === undefined ? {} : { sni }) };
  }

  #policyAddress(socket: Socket): string {
    const address = socket.remoteAddress ?? '0.0.0.0';
    return this.#state?.snapshot.addresses.policyAddress(address) ?? address;
  }

  #serveHttp(socket: Duplex, facts: ClientFacts, protocol?: WireProtocol): void {
    const client = new GatewayClient(facts, () => this.#state, this.#builder);
    const connection = new HttpConnection({
      server: this.#http,
      stream: socket,
      scheme: facts.kind === 'https' ? 'https' : 'http',
      ...(protocol === undefined ? {} : { protocol }),
      limits: this.#limits,
      authorizers: this.#authorizers,
      tokens: this.#tokens,
      appendForwardedFor: facts.address,
      parties: {
        downstreamRemote: client.downstreamRemote,
        downstreamLocal: formatAuthority(this.#ownAddress(), facts.port),
        ...(facts.sni === undefined ? {} : { sni: facts.sni }),
      },
      scope: () => client.scope(),
      decided: (verdict) => this.#telemetry.decided(verdict),
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
      dial: (permit, hop) => this.#dialer.open(permit, this.#required(), hop, client.origin),
      decided: (verdict) => this.#telemetry.decided(verdict),
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

  #failed(socket: TLSSocket, port: number, error: Error): void {
    const source = formatAuthority(this.#policyAddress(socket), socket.remotePort ?? 0);
    const destination = formatAuthority(this.#ownAddress(), port);
    this.#telemetry.connections.failed({ direction: 'inbound', source, destination }, `TLS handshake: ${error.message}`);
    socket.destroy();
  }

  #dispose(): void {
    this.#http.close();
    this.#authorizers.close();
    this.#tokens.close();
    this.#mysql.close();
    this.#pool.close();
    this.#peers.close();
  }
}

function protocolOf(socket: TLSSocket): WireProtocol | undefined {
  return socket.alpnProtocol === 'h2' ? 'http2' : socket.alpnProtocol === 'http/1.1' ? 'http1' : undefined;
}

function clusterName(service: ServiceInfo, port: number): string {
  return `outbound|${port}||${service.hostname}`;
}
